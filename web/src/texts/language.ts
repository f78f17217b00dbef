import { createContext, useContext } from 'react'

const LANGUAGES = ['es', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

/** The same texts in each language; some are functions of what they speak of. */
export type InLanguages<Texts> = Readonly<Record<Language, Texts>>

const STORED_AS = 'first-call language'

/** The language that was chosen here, else the browser's, else English. */
export function rememberedLanguage(): Language {
  const asked = [localStorage.getItem(STORED_AS), ...navigator.languages]
  return LANGUAGES.find((language) => language === asked.find((one) => one !== null)?.slice(0, 2)) ?? 'en'
}

export const rememberLanguage = (language: Language): void => localStorage.setItem(STORED_AS, language)

export const LanguageContext = createContext<{ language: Language; setLanguage: (language: Language) => void }>({
  language: 'en',
  setLanguage: () => undefined,
})

export const useLanguage = () => useContext(LanguageContext)

/** The texts of a feature in the reader's language. */
export function useTexts<Texts>(texts: InLanguages<Texts>): Texts {
  return texts[useLanguage().language]
}

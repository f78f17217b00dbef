import './mantine.css'
import './base.css'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode, useMemo, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { queries } from './api/queries.ts'
import { App } from './app.tsx'
import { KeysProvider } from './parts/keys.tsx'
import { type Language, LanguageContext, rememberedLanguage, rememberLanguage } from './texts/language.ts'
import { themeIn, variables } from './theme.ts'

/** The document's policy lets in styles that carry it, and no others. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name=style-nonce]')?.content ?? ''
// What keeps the page still behind a dialog looks for it here (the package get-nonce).
Object.assign(globalThis, { __webpack_nonce__: nonce })

function Main() {
  const [language, setLanguage] = useState(rememberedLanguage)
  document.documentElement.lang = language
  const theme = useMemo(() => themeIn(language), [language])
  const inLanguage = useMemo(
    () => ({
      language,
      setLanguage: (chosen: Language) => {
        rememberLanguage(chosen)
        setLanguage(chosen)
      },
    }),
    [language],
  )
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <LanguageContext.Provider value={inLanguage}>
        <QueryClientProvider client={queries}>
          <KeysProvider>
            <App />
          </KeysProvider>
        </QueryClientProvider>
      </LanguageContext.Provider>
    </MantineProvider>
  )
}

const root = document.getElementById('root')
if (root === null) throw new Error('The document has no place for the page.')
createRoot(root).render(
  <StrictMode>
    <Main />
  </StrictMode>,
)

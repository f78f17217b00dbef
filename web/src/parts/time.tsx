import { type Language, useLanguage } from '../texts/language.ts'

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

/** A moment in the reader's own zone, or another: `3 nov 2026, 10:12`. */
export function formatMoment(moment: string, language: Language, timeZone?: string): string {
  const format = kept(`${language} ${timeZone}`, moments, () => {
    const zone = timeZone === undefined ? {} : { timeZone }
    return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', ...zone })
  })
  return format.format(new Date(moment))
}

/* To make a format takes as long as to use it a hundred times, and a table has hundreds of moments. */
const moments = new Map<string, Intl.DateTimeFormat>()
const ages = new Map<string, Intl.RelativeTimeFormat>()

function kept<Format>(key: string, formats: Map<string, Format>, make: () => Format): Format {
  const format = formats.get(key) ?? make()
  formats.set(key, format)
  return format
}

/** How long ago, or how soon, in one unit: `2 h ago`. */
export function formatAge(moment: string, language: Language, now = Date.now()): string {
  const seconds = Math.round((new Date(moment).getTime() - now) / 1_000)
  const format = kept(language, ages, () => new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' }))
  const [unit, size] = UNITS.find(([, one]) => Math.abs(seconds) >= one) ?? ['second', 1]
  return unit === 'second' ? format.format(0, 'minute') : format.format(Math.trunc(seconds / size), unit)
}

/** The time of day where somebody is; null for a zone that this browser does not know. */
export function timeOfDayIn(timeZone: string, language: Language, now = new Date()): string | null {
  try {
    return new Intl.DateTimeFormat(language, { timeStyle: 'short', timeZone }).format(now)
  } catch {
    return null
  }
}

/** When, of a moment that is near. */
export const timeOfDay = (moment: string, language: Language): string =>
  new Intl.DateTimeFormat(language, { timeStyle: 'short' }).format(new Date(moment))

/** A moment: how long ago, with the whole date as its title. */
export function When({ at }: { at: string }) {
  const { language } = useLanguage()
  return (
    <time dateTime={at} title={formatMoment(at, language)}>
      {formatAge(at, language)}
    </time>
  )
}

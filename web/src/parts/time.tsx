import { useSyncExternalStore } from 'react'
import { type Language, useLanguage } from '../texts/language.ts'

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

/* To make a format takes as long as to use it a hundred times, and a table has hundreds of moments. */
const formats = new Map<string, Intl.DateTimeFormat | Intl.RelativeTimeFormat>()

function kept<Format extends Intl.DateTimeFormat | Intl.RelativeTimeFormat>(name: string, make: () => Format): Format {
  const format = (formats.get(name) as Format | undefined) ?? make()
  formats.set(name, format)
  return format
}

const inZone = (timeZone: string | undefined) => (timeZone === undefined ? {} : { timeZone })

/** A moment in the reader's own zone, or another: `3 nov 2026, 10:12`. */
export function formatMoment(moment: string, language: Language, timeZone?: string): string {
  const make = () => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', ...inZone(timeZone) })
  return kept(`moment ${language} ${timeZone}`, make).format(new Date(moment))
}

/** The time of day in the reader's own zone, or another; null for a zone that this browser does not know. */
export function timeOfDayIn(timeZone: string | undefined, language: Language, now: number | Date = Date.now()) {
  try {
    const make = () => new Intl.DateTimeFormat(language, { timeStyle: 'short', ...inZone(timeZone) })
    return kept(`time ${language} ${timeZone}`, make).format(now)
  } catch {
    return null
  }
}

function ageIn(style: 'short' | 'long', moment: string, language: Language, now: number): string {
  const seconds = Math.round((new Date(moment).getTime() - now) / 1_000)
  const format = kept(
    `age ${language} ${style}`,
    () => new Intl.RelativeTimeFormat(language, { numeric: 'auto', style }),
  )
  const [unit, size] = UNITS.find(([, one]) => Math.abs(seconds) >= one) ?? ['minute', Number.POSITIVE_INFINITY]
  return format.format(Math.trunc(seconds / size) + 0, unit)
}

/** How long ago, or how soon, in one unit: `2 h ago`. */
export const formatAge = (moment: string, language: Language, now = Date.now()): string =>
  ageIn('short', moment, language, now)

/** The same in whole words: `2 hours ago`. */
export const formatLongAge = (moment: string, language: Language, now: number): string =>
  ageIn('long', moment, language, now)

const EVERY_MS = 15_000
const listeners = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function tick(): void {
  now = Date.now()
  for (const listener of listeners) listener()
}

/** One clock for all that is shown of time; it stands while nothing is. */
function listen(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(tick, EVERY_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function read(): number {
  // Nobody has listened for a while.
  if (timer === undefined && Date.now() - now > EVERY_MS) now = Date.now()
  return now
}

/** This moment in milliseconds, looked at again every so often, so that ages grow and clocks go while a page is open. */
export const useNow = (): number => useSyncExternalStore(listen, read)

/** When, of a moment that is near. */
export const timeOfDay = (moment: string, language: Language): string =>
  new Intl.DateTimeFormat(language, { timeStyle: 'short' }).format(new Date(moment))

/** How long ago a moment was. The moment itself stands where all of it is told. */
export function When({ at }: { at: string }) {
  const { language } = useLanguage()
  const age = useSyncExternalStore(listen, () => formatAge(at, language, read()))
  return (
    <time dateTime={at} title={formatMoment(at, language)}>
      {age}
    </time>
  )
}

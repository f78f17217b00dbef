import { useEffect, useState } from 'react'
import type { Language } from '../texts/language.ts'

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

/** How long ago, in whole words: `3 minutes ago`, `this minute`. */
export function formatLongAge(moment: string, language: Language, now: number): string {
  const seconds = Math.round((new Date(moment).getTime() - now) / 1_000)
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const [unit, size] = UNITS.find(([, one]) => Math.abs(seconds) >= one) ?? ['minute', Number.POSITIVE_INFINITY]
  return format.format(Math.trunc(seconds / size) + 0, unit)
}

/** This moment, looked at again every so often, so that ages grow while a page is open. */
export function useNow(everyMs = 30_000): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

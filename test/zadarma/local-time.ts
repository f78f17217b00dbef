import type { Instant } from '../../src/time.ts'

/** A moment as Zadarma writes it: `YYYY-MM-DD HH:MM:SS` in the account's zone, which it does not name. */
export function localTime(instant: Instant, zone: string): string {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
    formats.set(zone, format)
  }
  return format.format(instant)
}

/** Making one is dear. */
const formats = new Map<string, Intl.DateTimeFormat>()

/** The zone's present offset as Zadarma names it, such as `UTC+2` or `UTC-3:30`. */
export function offsetName(instant: Instant, zone: string): string {
  const second = Math.floor(instant / 1_000) * 1_000
  const minutes = Math.round((Date.parse(`${localTime(second, zone).replace(' ', 'T')}Z`) - second) / 60_000)
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`
}

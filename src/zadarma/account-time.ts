import { DateTime, IANAZone } from 'luxon'
import type { Instant } from '../time.ts'

/** The years 1000 to 2999, so that a time in any zone is one of our instants. */
const ACCOUNT_TIME = /^([12]\d{3})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/

/**
 * Reads a time of the PBX, which has no zone, in the account's zone (B15). In an hour that a clock change skips, it is
 * as if the clock had not been moved yet: 02:30 becomes 03:30. In one that it repeats, there are two moments to choose
 * from.
 *
 * @param text `YYYY-MM-DD HH:MM:SS`
 * @param zone a name of the IANA list, such as `Europe/Madrid`
 * @param near of two moments the one nearest to this is meant; without it, the first
 * @returns null where the text is no time
 */
export function readAccountTime(text: string, zone: string, near: Instant | null = null): Instant | null {
  const match = ACCOUNT_TIME.exec(text.trim())
  if (match === null) return null
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number)
  // Luxon would read 24:00:00 as the next midnight.
  if (hour === 24) return null
  if (second === undefined || second > 59) return null
  const minutes = minutesFor({ year, month, day, hour, minute }, zone)
  if (minutes.length === 0) return null
  const moments = minutes.map((start) => start + second * 1_000)
  const reference = near ?? Math.min(...moments)
  return moments.reduce((best, moment) => (isNearer(moment, best, reference) ? moment : best))
}

type Minute = Record<'year' | 'month' | 'day' | 'hour' | 'minute', number | undefined>

/** Clocks change at full minutes, and most calls of a moment begin in the same one: what Luxon found is kept. */
const foundMinutes = new Map<string, readonly Instant[]>()
const MINUTES_KEPT = 1_000

/** When this minute of the zone begins: once, or twice where it is repeated; never where there is no such minute. */
function minutesFor(minute: Minute, zone: string): readonly Instant[] {
  const key = `${zone} ${Object.values(minute).join(' ')}`
  const known = foundMinutes.get(key)
  if (known !== undefined) return known
  const time = DateTime.fromObject(minute, { zone: IANAZone.create(zone) })
  const found = time.isValid ? time.getPossibleOffsets().map((possible) => possible.toMillis()) : []
  if (foundMinutes.size >= MINUTES_KEPT) foundMinutes.clear()
  foundMinutes.set(key, found)
  return found
}

function isNearer(moment: Instant, other: Instant, reference: Instant): boolean {
  return Math.abs(moment - reference) < Math.abs(other - reference)
}

/** A moment as the PBX writes and asks for it: `YYYY-MM-DD HH:MM:SS` in the account's zone, parts of a second cut. */
export function formatAccountTime(instant: Instant, zone: string): string {
  return DateTime.fromMillis(instant, { zone: IANAZone.create(zone) }).toFormat('yyyy-MM-dd HH:mm:ss')
}

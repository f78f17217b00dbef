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
  const time = DateTime.fromObject({ year, month, day, hour, minute, second }, { zone: IANAZone.create(zone) })
  if (!time.isValid) return null
  const moments = time.getPossibleOffsets().map((possible) => possible.toMillis())
  const reference = near ?? Math.min(...moments)
  return moments.reduce((best, moment) => (isNearer(moment, best, reference) ? moment : best))
}

function isNearer(moment: Instant, other: Instant, reference: Instant): boolean {
  return Math.abs(moment - reference) < Math.abs(other - reference)
}

/** A moment as the PBX writes and asks for it: `YYYY-MM-DD HH:MM:SS` in the account's zone, parts of a second cut. */
export function formatAccountTime(instant: Instant, zone: string): string {
  return DateTime.fromMillis(instant, { zone: IANAZone.create(zone) }).toFormat('yyyy-MM-dd HH:mm:ss')
}

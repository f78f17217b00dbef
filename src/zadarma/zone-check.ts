import type { Instant } from '../time.ts'

const MINUTE = 60_000
const QUARTER_HOUR = 15 * MINUTE

/** No zone is farther than this from another: what lies beyond has another reason. */
const LARGEST_DIFFERENCE = 26 * 60 * MINUTE

/**
 * By how much the configured zone of the account seems wrong. A recording's id tells the true time at which it began:
 * with the call or when somebody answered, so not before the start and not after the end, give or take a quarter hour.
 *
 * @param startedAt the call's start, read in the configured zone
 * @param recordedAt when a recording of it began
 * @returns how many minutes the account's clock is ahead of the configured zone's, in quarter hours; null where it fits
 */
export function zoneOffByMinutes(startedAt: Instant, recordedAt: Instant, durationSeconds: number): number | null {
  const ahead = startedAt - recordedAt
  const isFitting = ahead < QUARTER_HOUR && ahead > -(durationSeconds * 1_000 + QUARTER_HOUR)
  if (isFitting || Math.abs(ahead) > LARGEST_DIFFERENCE) return null
  return Math.round(ahead / QUARTER_HOUR) * 15
}

import type { Instant } from '../time.ts'
import { parseInstant } from '../time.ts'
import { readAccountTime } from '../zadarma/account-time.ts'
import { UsageError } from './usage.ts'

const DAY = /^\d{4}-\d\d-\d\d$/
/** RFC 3339 without an offset; the seconds may be left out. */
const LOCAL_TIME = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d)?$/

/**
 * Reads a moment as a person gives it: a day, which begins at midnight, a time of the account's clock, or RFC 3339 with
 * an offset.
 *
 * @param zone the account's, of the IANA list
 * @returns null where the text is none of these
 */
export function readMoment(text: string, zone: string): Instant | null {
  const given = text.trim()
  if (DAY.test(given)) return readAccountTime(`${given} 00:00:00`, zone)
  const local = LOCAL_TIME.exec(given)
  if (local === null) return parseInstant(given)
  const [, day, minute, second = ':00'] = local
  return readAccountTime(`${day} ${minute}${second}`, zone)
}

/** From a moment on, up to another one that is itself no part of it. */
export interface Period {
  from: Instant
  to: Instant
}

/**
 * Reads `--from` and `--to`; what is left out is undefined.
 *
 * @throws UsageError
 */
export function readPeriod(given: { from?: string; to?: string }, zone: string): Partial<Period> {
  const from = given.from === undefined ? undefined : momentOf('--from', given.from, zone)
  const to = given.to === undefined ? undefined : momentOf('--to', given.to, zone)
  if (from !== undefined && to !== undefined && from >= to) {
    throw new UsageError('--to must be later than --from: the period ends before it.')
  }
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}

/**
 * Reads `--from` and `--to` where both have to be given.
 *
 * @throws UsageError
 */
export function readWholePeriod(given: { from: string; to: string }, zone: string): Period {
  const { from, to } = readPeriod(given, zone)
  if (from === undefined || to === undefined) throw new UsageError('--from and --to must both be given.')
  return { from, to }
}

function momentOf(option: string, text: string, zone: string): Instant {
  const moment = readMoment(text, zone)
  if (moment !== null) return moment
  throw new UsageError(`${option} must be a day such as 2026-03-01 or a time such as 2026-03-01T10:00:00+01:00.`)
}

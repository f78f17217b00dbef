import { type Register, UnavailableError } from '../attempts/register.ts'
import type { Actor } from '../audit/actor.ts'
import { type CallReport, createOrUpdateCall, type Reported } from '../calls/report.ts'
import type { Config } from '../config.ts'
import type { Metrics } from '../metrics.ts'
import type { Instant } from '../time.ts'
import { formatAccountTime } from './account-time.ts'
import type { ZadarmaApi } from './api.ts'
import { pbxCallOf } from './call-ids.ts'
import type { StatisticsRow } from './leg.ts'
import { readStatistics } from './statistics.ts'
import { LONGEST_CALL_MS, UnfinishedCalls } from './unfinished.ts'

/** What a reconciliation came to. */
export interface ReconcileCounts {
  /** Rows that were read, also of calls before and after. */
  rows: number
  calls: number
  new: number
  changed: number
  unchanged: number
  /** Rows that are no call's: colleagues who call each other. */
  withoutId: number
  failed: number
  /** Those that failed because the database did not take them in time, and may be taken later. */
  notTaken: number
}

export interface ReconcileOptions {
  api: ZadarmaApi
  register: Register
  /** Who asks for it; the PBX where nobody does. */
  by?: Actor
  config: Pick<Config, 'zadarma' | 'defaultCountry'>
  log: { warn: (fields: object, message: string) => void }
  metrics: Metrics
  /** Told now and then how far it is. It is waited for. */
  onProgress?: (counts: Readonly<ReconcileCounts>) => Promise<void> | void
  /** The present moment, by the clock that is trusted. */
  now?: Instant
  /** How many rows are asked for at once; 1000 at most. */
  pageSize?: number
  signal?: AbortSignal
}

/** What is over for this long has all its rows in the statistics. */
export const SETTLED_AFTER_MS = 300_000

/** More than a month is cut without a word; this leaves room for changes of the clock. */
const WINDOW_MS = 29 * 86_400_000
const HOUR_MS = 3_600_000
const LARGEST_PAGE = 1_000
const CALLS_AT_ONCE = 50

/**
 * Reads the statistics of the PBX, and makes or completes every call that they tell of: those that took place, at least
 * in part, between two moments, but not those of the last five minutes. A second run changes nothing.
 *
 * @returns what it came to; a call that fails is logged and counted, and harms no other
 * @throws ZadarmaError where the statistics cannot be had; the signal's reason
 */
export async function reconcile(
  { from, to }: { from: Instant; to: Instant },
  options: ReconcileOptions,
): Promise<ReconcileCounts> {
  const { config, now = Date.now(), onProgress } = options
  const { timezone: zone, ownNumbers } = config.zadarma
  const overBy = now - SETTLED_AFTER_MS
  const until = Math.min(to, overBy)
  const counts = { rows: 0, calls: 0, new: 0, changed: 0, unchanged: 0, withoutId: 0, failed: 0, notTaken: 0 }
  const unfinished = new UnfinishedCalls(zone, { from, to: until, overBy })
  const takeIn = async (rows: readonly StatisticsRow[]): Promise<void> => {
    const { reports } = readStatistics(rows, { zone, country: config.defaultCountry, ownNumbers })
    for (let first = 0; first < reports.length; first += CALLS_AT_ONCE) {
      options.signal?.throwIfAborted()
      await Promise.all(reports.slice(first, first + CALLS_AT_ONCE).map((report) => takeCall(report, options, counts)))
      await onProgress?.({ ...counts })
    }
  }
  if (from > until) return counts
  // Legs of a call lie on both sides of either moment.
  for await (const rows of pagesOf(from - LONGEST_CALL_MS, Math.min(until + LONGEST_CALL_MS, now), options)) {
    const ofCalls = rows.filter(({ pbx_call_id }) => pbxCallOf(pbx_call_id ?? '') !== null)
    counts.rows += rows.length
    counts.withoutId += rows.length - ofCalls.length
    unfinished.add(ofCalls)
    await onProgress?.({ ...counts })
    await takeIn(unfinished.takeFinished())
  }
  await takeIn(unfinished.takeRest())
  return counts
}

/** The rows between two moments, oldest first. */
async function* pagesOf(
  from: Instant,
  to: Instant,
  { api, config, pageSize = LARGEST_PAGE, signal }: ReconcileOptions,
): AsyncGenerator<StatisticsRow[]> {
  const text = (instant: Instant): string => formatAccountTime(instant, config.zadarma.timezone)
  for (let start = from; start < to; start += WINDOW_MS) {
    // Where a clock was just put back, what took place before has the later time.
    const end = start + WINDOW_MS < to ? start + WINDOW_MS : to + HOUR_MS
    for (let skip = 0; ; skip += pageSize) {
      const query = { start: text(start), end: text(end), skip, limit: pageSize }
      const rows = await api.statistics(query, { signal })
      yield rows
      if (rows.length < pageSize) break
    }
  }
}

async function takeCall(
  report: CallReport,
  { register, log, metrics, by = { who: 'zadarma', requestId: null } }: ReconcileOptions,
  counts: ReconcileCounts,
): Promise<void> {
  counts.calls++
  const count = (result: Reported['news'] | 'failed'): void => {
    counts[result]++
    metrics.reconciled.inc({ result })
  }
  try {
    count((await register.registerCallAttempt(createOrUpdateCall(report, by))).news)
  } catch (error) {
    count('failed')
    if (error instanceof UnavailableError) counts.notTaken++
    log.warn({ err: error, callId: report.provider_call_id }, 'a call of the statistics could not be taken in')
  }
}

import type { Instant } from '../time.ts'
import { pbxCallOf } from './call-ids.ts'
import { readLeg, type StatisticsRow } from './leg.ts'

/** No call lasts longer, and so none has a leg that begins later than this after its first one. */
export const LONGEST_CALL_MS = 4 * 3_600_000

/** Which calls are wanted. */
export interface Wanted {
  /** Those that ended from here on, … */
  from: Instant
  /** … and began up to here. */
  to: Instant
  /** What ended later may have legs that are not told yet. */
  overBy: Instant
}

interface Gathered {
  rows: StatisticsRow[]
  /** When its first leg began and its last one ended; null where no row tells a time. */
  time: { begin: Instant; end: Instant } | null
}

/**
 * Gathers the rows of calls over pages and windows, each of which may end in the midst of a call: all legs of a call are
 * read together, or the first ones would be taken for the whole.
 */
export class UnfinishedCalls {
  readonly #zone: string
  readonly #wanted: Wanted
  readonly #calls = new Map<string, Gathered>()
  #latest: Instant = Number.NEGATIVE_INFINITY

  /** @param zone the account's zone, of the IANA list */
  constructor(zone: string, wanted: Wanted) {
    this.#zone = zone
    this.#wanted = wanted
  }

  /** @param rows the next ones that have the id of a call, oldest first; to be given one twice does no harm */
  add(rows: readonly StatisticsRow[]): void {
    for (const row of rows) {
      const id = pbxCallOf(row.pbx_call_id ?? '')?.id ?? ''
      const call = this.#calls.get(id) ?? { rows: [], time: null }
      this.#calls.set(id, call)
      call.rows.push(row)
      const { startedAt, seconds } = readLeg(row, this.#zone)
      if (startedAt === null) continue
      this.#latest = Math.max(this.#latest, startedAt)
      const endedAt = startedAt + Math.min((Number(seconds) || 0) * 1_000, LONGEST_CALL_MS)
      const { begin, end } = call.time ?? { begin: startedAt, end: endedAt }
      call.time = { begin: Math.min(begin, startedAt), end: Math.max(end, endedAt) }
    }
  }

  /** Takes out the calls of which no more rows can come. Gives the rows of those that are wanted. */
  takeFinished(): StatisticsRow[] {
    return this.#take(({ time }) => time !== null && time.begin < this.#latest - LONGEST_CALL_MS)
  }

  /** Takes out all calls that are left, since no more rows come. */
  takeRest(): StatisticsRow[] {
    return this.#take(() => true)
  }

  #take(isFinished: (call: Gathered) => boolean): StatisticsRow[] {
    const { from, to, overBy } = this.#wanted
    const finished = [...this.#calls].filter(([, call]) => isFinished(call))
    for (const [id] of finished) this.#calls.delete(id)
    return finished
      .filter(([, { time }]) => time === null || (time.end >= from && time.begin <= to && time.end <= overBy))
      .flatMap(([, { rows }]) => rows)
  }
}

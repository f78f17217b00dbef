import { sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { Outcome } from '../calls/call.ts'
import type { Database } from '../database/database.ts'
import type { Instant } from '../time.ts'
import { countContradictions } from './contradictions.ts'
import { type CoveragePeriod, slicesOf, within } from './period.ts'
import { IS_ELIGIBLE } from './words.ts'

/** Why an eligible call is no attempt (B8). */
type Reason = 'limit_reached' | 'first_call_completed' | 'no_open_opportunity' | 'unknown_contact'

/** What became of the eligible calls of a period, as the API answers it. */
export interface Coverage {
  /** Calls that can be attempts (A1). */
  eligible: number
  registered: number
  turned_away: Record<Reason, number>
  /** Calls whose registering waits, and since when the first of them (B9). */
  pending: number
  oldest_pending_at: string | null
  /** How often calls and attempts contradict each other. */
  contradictions: number
  /** Registered of those that should be: 1 where nothing is missing (A13). */
  share: number
}

/**
 * Counts what became of the calls that took place in a period, which is all time where it has no ends. Each figure but
 * `eligible` and `contradictions` is that of the calls which have this outcome.
 *
 * A long period is read in slices: each is one state of the database, and takes no longer than a chore may.
 *
 * @throws the database's error; the signal's reason
 */
export async function coverageOf(
  database: Pick<Database, 'chores'>,
  period: CoveragePeriod,
  signal?: AbortSignal,
): Promise<Coverage> {
  const counts = new Map<Outcome, number>()
  let eligible = 0
  let contradictions = 0
  let oldestPendingAt = Number.POSITIVE_INFINITY
  for await (const slice of slicesOf(database, period)) {
    signal?.throwIfAborted()
    for (const row of await countOutcomes(database, slice)) {
      counts.set(row.outcome, (counts.get(row.outcome) ?? 0) + row.calls)
      eligible += row.eligible
      oldestPendingAt = Math.min(oldestPendingAt, row.oldest_pending_at ?? Number.POSITIVE_INFINITY)
    }
    contradictions += await countContradictions(database, slice)
  }
  const count = (outcome: Outcome): number => counts.get(outcome) ?? 0
  const registered = count('registered')
  const pending = count('pending')
  const expected = registered + pending + contradictions
  return {
    eligible,
    registered,
    turned_away: {
      limit_reached: count('limit_reached'),
      first_call_completed: count('first_call_completed'),
      no_open_opportunity: count('no_open_opportunity'),
      unknown_contact: count('unknown_contact'),
    },
    pending,
    oldest_pending_at: Number.isFinite(oldestPendingAt) ? formatInstant(oldestPendingAt) : null,
    contradictions,
    share: expected === 0 ? 1 : registered / expected,
  }
}

interface OutcomeCount {
  outcome: Outcome
  calls: number
  eligible: number
  oldest_pending_at: Instant | null
}

async function countOutcomes({ chores }: Pick<Database, 'chores'>, period: CoveragePeriod): Promise<OutcomeCount[]> {
  const { rows } = await sql<OutcomeCount>`
    select outcome, count(*) as calls, count(*) filter (where ${IS_ELIGIBLE}) as eligible,
      min(pending_since) as oldest_pending_at
    from calls c where deleted_at is null and ${within('happened_at', period)} group by outcome`.execute(chores)
  return rows
}

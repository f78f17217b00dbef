import { sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import type { Database } from '../database/database.ts'
import type { Instant } from '../time.ts'

/** How far the reconciliation has come. */
export interface Claim {
  /** By the database's clock, on which all servers agree. */
  now: Instant
  /** Up to here, all was taken in. */
  reconciledUntil: Instant
  /** When calls without a result were last asked for. */
  askedAt: Instant
}

/** One that does not tell of itself for so long is dead; a page is there sooner, however often it is asked for. */
const CLAIMED_FOR = sql`interval '10 minutes'`

/**
 * Claims the reconciliation for this server, where it is due: a server that dies over it holds the others up until the
 * claim is over. If a slow one is taken for dead, two of them do the same, and no harm.
 *
 * @returns null where it is not due, or another server is at it
 */
export async function claimReconciliation({ query }: Database): Promise<Claim | null> {
  const { rows } = await sql<Claim>`
    update sweep_marks set due_at = clock_timestamp() + ${CLAIMED_FOR}
    where name = 'statistics' and due_at <= clock_timestamp()
    returning clock_timestamp() as now, swept_until as "reconciledUntil",
      (select swept_until from sweep_marks where name = 'results') as "askedAt"`.execute(query)
  return rows[0] ?? null
}

/** Says that the one who claimed it is alive. */
export async function keepClaim({ query }: Database): Promise<void> {
  await sql`update sweep_marks set due_at = clock_timestamp() + ${CLAIMED_FOR} where name = 'statistics'`.execute(query)
}

/** Gives the claim back; the next reconciliation is due after so long. */
export async function endClaim({ query }: Database, dueInMs: number): Promise<void> {
  await sql`update sweep_marks set due_at = ${THIS_MOMENT} + ${dueInMs} * interval '1 millisecond'
    where name = 'statistics'`.execute(query)
}

/** Moves a mark on; never back. */
export async function moveMark({ query }: Database, name: 'statistics' | 'results', until: Instant): Promise<void> {
  await sql`update sweep_marks set swept_until = greatest(swept_until, ${formatInstant(until)}::timestamptz)
    where name = ${name}`.execute(query)
}

/**
 * When calls began that have no result, and are asked for now: those whose age has doubled since they were last asked
 * for, from an hour on, up to forty days. So each is asked for ten times, and nothing is kept of it.
 */
export async function startsWithoutResult({ query }: Database, { now, askedAt }: Claim): Promise<Instant[]> {
  const stage = (at: Instant) => sql`
    floor(log(2, greatest(0.5, extract(epoch from ${formatInstant(at)}::timestamptz - happened_at) / 3600)))`
  const { rows } = await sql<{ happened_at: Instant }>`
    select happened_at from calls
    where provider = 'zadarma' and call_status is null and deleted_at is null
      and happened_at > ${formatInstant(now)}::timestamptz - interval '40 days'
      and happened_at < ${formatInstant(now)}::timestamptz - interval '1 hour'
      and sources ->> 'call_result' is distinct from 'statistics'
      and ${stage(now)} > ${stage(askedAt)}
    order by happened_at`.execute(query)
  return rows.map(({ happened_at }) => happened_at)
}

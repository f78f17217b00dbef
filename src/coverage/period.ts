import { type RawBuilder, sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { Database } from '../database/database.ts'
import type { Instant } from '../time.ts'

/** From a moment on, up to another one that is itself no part of it; without an end it goes on for ever. */
export interface CoveragePeriod {
  from?: Instant | undefined
  to?: Instant | undefined
}

/** So many calls, or opportunities, are looked at by one statement. */
const SLICE = 100_000

/** The condition that a column's time lies in the period. */
export function within(column: string, { from, to }: CoveragePeriod): RawBuilder<unknown> {
  const name = sql.ref(column)
  return sql`(${from === undefined ? sql`true` : sql`${name} >= ${formatInstant(from)}::timestamptz`}
    and ${to === undefined ? sql`true` : sql`${name} < ${formatInstant(to)}::timestamptz`})`
}

/**
 * Cuts a period into pieces, the first one first, none of which holds many more calls, or latest attempts, than one
 * statement reads in its time. Together they are the period.
 */
export async function* slicesOf(
  { chores }: Pick<Database, 'chores'>,
  { from, to }: CoveragePeriod,
  size = SLICE,
): AsyncGenerator<CoveragePeriod> {
  let start = from
  for (;;) {
    const after = start === undefined ? sql`'-infinity'` : sql`${formatInstant(start)}::timestamptz`
    const { rows } = await sql<{ next: Instant | null }>`
      select least(
        (select happened_at from calls where deleted_at is null and happened_at > ${after}
         order by happened_at offset ${size} limit 1),
        (select last_attempt_at from listed_opportunities where last_attempt_at > ${after}
         order by last_attempt_at offset ${size} limit 1)) as next`.execute(chores)
    const next = rows[0]?.next ?? null
    if (next === null || (to !== undefined && next >= to)) {
      yield { from: start, to }
      return
    }
    yield { from: start, to: next }
    start = next
  }
}

import { type RawBuilder, sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { Database } from '../database/database.ts'
import type { Instant } from '../time.ts'
import { type CoveragePeriod, within } from './period.ts'
import { IS_ELIGIBLE } from './words.ts'

/** The figures that count calls. */
export const FIGURES = [
  'eligible',
  'registered',
  'limit_reached',
  'first_call_completed',
  'no_open_opportunity',
  'unknown_contact',
  'pending',
] as const

export type Figure = (typeof FIGURES)[number]

const PAGE = 10_000

/** The ids of the calls that a figure counts, in the order in which they took place. */
export async function* callsBehind(
  { chores }: Pick<Database, 'chores'>,
  figure: Figure,
  period: CoveragePeriod,
): AsyncGenerator<string> {
  const isCounted = figure === 'eligible' ? IS_ELIGIBLE : sql`outcome = ${figure}`
  let after: RawBuilder<unknown> = sql`true`
  for (;;) {
    const { rows } = await sql<{ id: string; happened_at: Instant }>`
      select id, happened_at from calls c
      where deleted_at is null and ${isCounted} and ${within('happened_at', period)} and ${after}
      order by happened_at, id limit ${PAGE}`.execute(chores)
    for (const { id } of rows) yield id
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
    after = sql`(happened_at, id) > (${formatInstant(last.happened_at)}::timestamptz, ${last.id}::uuid)`
  }
}

import { sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { Database } from '../database/database.ts'
import type { Position } from '../http/cursor.ts'
import { type Instant, parseInstant } from '../time.ts'
import { detailOf, type Facts, type Kind } from './kinds.ts'
import { found } from './look.ts'
import { type CoveragePeriod, slicesOf } from './period.ts'

/** What calls and attempts say differently. */
export interface Contradiction {
  kind: Kind
  /** The call's, or what an attempt has in its place; null where it is about an opportunity alone. */
  call_id: string | null
  opportunity_id: string | null
  /** A sentence for a person. */
  detail: string
}

/** A contradiction with its place in the list. */
export type FoundContradiction = Contradiction & { position: Position }

interface Row {
  kind: Kind
  call_id: string | null
  opportunity_id: string | null
  facts: Facts
  moment: Instant
  id: string
}

/**
 * The contradictions of a period, oldest first, after a position.
 *
 * One of a call lies where the call took place; one of an attempt that is not its call's own, or of an opportunity, where
 * the opportunity's latest attempt lies. So each lies in one period, and is found by an index.
 */
export async function* contradictionsOf(
  database: Pick<Database, 'chores'>,
  { from, to }: CoveragePeriod,
  after: Position | null = null,
): AsyncGenerator<FoundContradiction> {
  // A cursor that nobody was given may say that it begins before all time.
  const left = after === null ? null : parseInstant(after.key)
  const start = left === null ? from : Math.max(left, from ?? left)
  for await (const slice of slicesOf(database, { from: start, to })) {
    const { rows } = await sql<Row>`${found(slice)} order by moment, id`.execute(database.chores)
    for (const { kind, call_id, opportunity_id, facts, moment, id } of rows) {
      const position = { key: formatInstant(moment), id }
      const isAfter = after === null || position.key !== after.key || id > after.id
      if (isAfter) yield { kind, call_id, opportunity_id, detail: detailOf(kind, facts), position }
    }
  }
}

/** How many contradictions lie in a slice of a period. */
export async function countContradictions(
  { chores }: Pick<Database, 'chores'>,
  slice: CoveragePeriod,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) from (${found(slice)}) as found`.execute(chores)
  return rows[0]?.count ?? 0
}

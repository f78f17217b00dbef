import { sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { Database } from '../database/database.ts'
import type { Position } from '../http/cursor.ts'
import type { Instant } from '../time.ts'
import { detailOf, type Facts, type Kind } from './kinds.ts'
import { found } from './look.ts'
import { type CoveragePeriod, slicesOf } from './period.ts'

/** What calls and attempts say differently. */
export interface Contradiction {
  kind: Kind
  /** The call, or what an attempt has in its place. */
  call_id: string | null
  opportunity_id: string | null
  /** A sentence for a person. */
  detail: string
}

/** A contradiction with its place in the list. */
export interface FoundContradiction extends Contradiction {
  position: Position
}

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
 * One of a call lies where the call took place; one of an attempt that is no call's own, where the latest attempt of its
 * opportunity lies. So each lies in one period, and either is found by an index.
 */
export async function* contradictionsOf(
  database: Pick<Database, 'chores'>,
  period: CoveragePeriod,
  after: Position | null = null,
): AsyncGenerator<FoundContradiction> {
  const isAfter = (row: Row): boolean => after === null || compare(positionOf(row), after) > 0
  for await (const slice of slicesOf(database, period)) {
    const { rows } = await sql<Row>`${found(slice)} order by moment, id`.execute(database.chores)
    for (const row of rows) {
      if (!isAfter(row)) continue
      const { kind, call_id, opportunity_id, facts } = row
      yield { kind, call_id, opportunity_id, detail: detailOf(kind, facts), position: positionOf(row) }
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

const positionOf = ({ moment, id }: Row): Position => ({ key: formatInstant(moment), id })

const compare = (a: Position, b: Position): number =>
  Date.parse(a.key) - Date.parse(b.key) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

import { type SelectQueryBuilder, sql } from 'kysely'
import { type FirstCallAttempt, formatInstant } from '../attempts/attempt.ts'
import { searchPatterns } from '../contacts/search.ts'
import type { Database } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Position } from '../http/cursor.ts'
import type { Instant } from '../time.ts'
import type { OpportunityBody } from './body.ts'

/** What a list of opportunities is narrowed by. */
export interface OpportunityFilter {
  contact_id?: string | undefined
  status?: string | undefined
  assigned_to?: string | undefined
  source?: string | undefined
  first_call_completed?: boolean | undefined
  attempts?: number | undefined
  last_status?: string | undefined
  q?: string | undefined
}

export type OpportunitySort = 'created_at' | '-created_at' | 'last_contact_attempt_at' | '-last_contact_attempt_at'

interface Row {
  id: string
  contact_id: string
  title: string | null
  status: string
  assigned_to: string | null
  source: string | null
  first_call_attempts: Record<string, FirstCallAttempt>
  first_call_completed: boolean
  first_call_successful_attempt: number | null
  last_contact_attempt_at: Instant | null
  revision: number
  created_at: Instant
  updated_at: Instant
}

const COLUMNS = [
  'id',
  'contact_id',
  'title',
  'status',
  'assigned_to',
  'source',
  'first_call_attempts',
  'first_call_completed',
  'first_call_successful_attempt',
  'last_contact_attempt_at',
  'revision',
  'created_at',
  'updated_at',
] as const

/** One opportunity, or null. */
export async function findOpportunity({ query }: Database, id: string): Promise<OpportunityBody | null> {
  const row = await query.selectFrom('lead_opportunities').select(COLUMNS).where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : bodyOf(row)
}

/** Never tried counts as longest ago. */
const SORT_KEYS = {
  created_at: sql<Instant>`created_at`,
  last_contact_attempt_at: sql<Instant>`coalesce(last_contact_attempt_at, '-infinity')`,
}

/** So many rows are looked through in the list's own order at first, and at most. */
const LOOKED_THROUGH = 1_500
const LOOKED_THROUGH_AT_MOST = 6_000

/**
 * The opportunities that the filter leaves, sorted, after a position.
 *
 * @returns at most `limit` of them, and where the rest begins
 */
export async function listOpportunities(
  database: Database,
  filter: OpportunityFilter,
  sort: OpportunitySort,
  limit: number,
  after: Position | null,
): Promise<{ data: OpportunityBody[]; next: Position | null }> {
  const isDescending = sort.startsWith('-')
  const sortField = sort.replace('-', '') as keyof typeof SORT_KEYS
  const sortKey = SORT_KEYS[sortField]
  let opportunities = database.query.selectFrom('lead_opportunities').select(COLUMNS)
  for (const field of ['contact_id', 'status', 'assigned_to', 'source', 'last_status'] as const) {
    const value = filter[field]
    if (value !== undefined) opportunities = opportunities.where(field, '=', value)
  }
  const { first_call_completed, attempts, last_status, q } = filter
  if (first_call_completed !== undefined) {
    // As the indexes have it, which know no parameter.
    opportunities = opportunities.where(sql.raw<boolean>(`${first_call_completed ? '' : 'not '}first_call_completed`))
  }
  if (attempts !== undefined) opportunities = opportunities.where('attempts_made', '=', attempts)
  if (attempts !== undefined || last_status !== undefined) {
    // It follows, and spares a walk past all that were never tried, or were.
    const isUntried = attempts === 0
    opportunities = opportunities.where(
      sql<boolean>`${SORT_KEYS.last_contact_attempt_at} ${sql.raw(isUntried ? '=' : '>')} '-infinity'`,
    )
  }
  if (after !== null) {
    const comparison = sql.raw(isDescending ? '<' : '>')
    opportunities = opportunities.where(
      sql<boolean>`(${sortKey}, id) ${comparison} (${after.key}::timestamptz, ${after.id}::uuid)`,
    )
  }
  const direction = isDescending ? 'desc' : 'asc'
  const sorted = opportunities.orderBy(sortKey, direction).orderBy('id', direction)
  const rows = await (q === undefined || q.trim() === ''
    ? sorted.limit(limit + 1).execute()
    : search(database, sorted, q, limit + 1))
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  if (rows.length <= limit || last === undefined) return { data: data.map(bodyOf), next: null }
  const key = last[sortField]
  return { data: data.map(bodyOf), next: { key: key === null ? '-infinity' : formatInstant(key), id: last.id } }
}

/**
 * The rows of a list that a search finds. What many rows have is soon found among the list's first ones; what few have
 * is found by the index of trigrams.
 */
async function search(
  { query }: Database,
  sorted: SelectQueryBuilder<Tables, 'lead_opportunities', Row>,
  q: string,
  limit: number,
): Promise<Row[]> {
  const isFound = sql`search_text like any(${searchPatterns(q)}::text[])`
  for (let count = LOOKED_THROUGH; count <= LOOKED_THROUGH_AT_MOST; count *= 4) {
    const rows = await query
      .selectFrom(sorted.limit(count).as('o'))
      .selectAll()
      .where(
        sql<boolean>`(exists (select from contacts where contacts.id = o.contact_id and ${isFound} offset 0)
          or exists (select from lead_opportunity_titles where opportunity_id = o.id and ${isFound} offset 0))`,
      )
      .limit(limit)
      .execute()
    if (rows.length === limit) return rows
    if (rows.length * 4 < limit) break
  }
  return sorted
    .where(
      sql<boolean>`lead_opportunities.id in (
        select lead_opportunities.id from contacts join lead_opportunities on contact_id = contacts.id where ${isFound}
        union select opportunity_id from lead_opportunity_titles where ${isFound})`,
    )
    .limit(limit)
    .execute()
}

/**
 * Deletes an opportunity that has neither attempts nor calls.
 *
 * @returns `null` where it is done; else what stands in the way, or the revision where it is not the expected one
 */
export async function deleteOpportunity(
  { query }: Database,
  id: string,
  isExpected: (revision: number) => boolean,
): Promise<null | 'not_found' | { revision: number } | { attempts: number; calls: number }> {
  return query.transaction().execute(async (transaction) => {
    const found = await transaction
      .selectFrom('lead_opportunities')
      .select(['revision', 'attempts_made'])
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (found === undefined) return 'not_found'
    if (!isExpected(found.revision)) return { revision: found.revision }
    const { calls } = await transaction
      .selectFrom('calls')
      .select((expression) => expression.fn.countAll<number>().as('calls'))
      .where('opportunity_id', '=', id)
      .executeTakeFirstOrThrow()
    if (found.attempts_made > 0 || calls > 0) return { attempts: found.attempts_made, calls }
    await transaction.deleteFrom('lead_opportunities').where('id', '=', id).execute()
    return null
  })
}

function bodyOf(row: Row): OpportunityBody {
  return {
    ...row,
    last_contact_attempt_at: row.last_contact_attempt_at === null ? null : formatInstant(row.last_contact_attempt_at),
    created_at: formatInstant(row.created_at),
    updated_at: formatInstant(row.updated_at),
  }
}

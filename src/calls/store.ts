import { setTimeout as wait } from 'node:timers/promises'
import { type SelectQueryBuilder, sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { Database } from '../database/database.ts'
import type { CallsTable, Tables } from '../database/tables.ts'
import type { Position } from '../http/cursor.ts'
import type { Instant } from '../time.ts'
import { type CallBody, callBody } from './body.ts'
import type { Call, Outcome, Recording } from './call.ts'
import { RECORDINGS_OF } from './recordings.ts'

/** What a list of calls is narrowed by. */
export interface CallFilter {
  entity_id?: string | undefined
  direction?: Call['direction'] | undefined
  call_status?: string | undefined
  outcome?: Outcome | undefined
  opportunity_id?: string | undefined
  provider?: string | undefined
  phone_number?: string | undefined
  started_from?: Instant | undefined
  started_to?: Instant | undefined
}

type Query = SelectQueryBuilder<Tables, 'calls', object>

function callsWithOpportunity(query: Query) {
  return query
    .leftJoin('lead_opportunities', 'lead_opportunities.id', 'calls.opportunity_id')
    .selectAll('calls')
    .select(['lead_opportunities.first_call_attempts', recordings])
}

const recordings = sql<Recording[] | null>`${sql.raw(RECORDINGS_OF('calls.id'))}`.as('recordings')

/** One call, or null. */
export async function findCall({ query }: Database, id: string): Promise<CallBody | null> {
  const row = await callsWithOpportunity(query.selectFrom('calls'))
    .where('calls.id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return row === undefined ? null : bodyOf(row)
}

const ATTEMPT_WITHIN_MS = 500

/**
 * A call that was saved without its opportunity's being read, and is or was an attempt, has its number and colour all the
 * same (B8): they are read now, if that is quick and does not fail.
 */
export async function withAttempt(database: Database, call: CallBody): Promise<CallBody> {
  const { outcome, opportunity_id, number } = call.attempt
  const mayHaveNumber = outcome === 'registered' || outcome === 'pending'
  if (!mayHaveNumber || opportunity_id === null || number !== null) return call
  const found = findCall(database, call.id).catch(() => null)
  return (await Promise.race([found, wait(ATTEMPT_WITHIN_MS, null)])) ?? call
}

/**
 * The calls that the filter leaves, newest `started_at` (else `created_at`) first, after a position.
 *
 * @returns at most `limit` of them, and where the rest begins
 */
export async function listCalls(
  { query }: Database,
  filter: CallFilter,
  limit: number,
  after: Position | null,
): Promise<{ data: CallBody[]; next: Position | null }> {
  let calls = query.selectFrom('calls').where('calls.deleted_at', 'is', null)
  for (const field of ['entity_id', 'direction', 'outcome', 'opportunity_id', 'provider', 'phone_number'] as const) {
    const value = filter[field]
    if (value != null) calls = calls.where(`calls.${field}`, '=', value)
  }
  if (filter.call_status !== undefined) {
    calls = calls.where(sql<boolean>`lower(btrim(calls.call_status)) = lower(btrim(${filter.call_status}))`)
  }
  if (filter.started_from !== undefined) {
    calls = calls.where(sql<boolean>`happened_at >= ${formatInstant(filter.started_from)}::timestamptz`)
  }
  if (filter.started_to !== undefined) {
    calls = calls.where(sql<boolean>`happened_at < ${formatInstant(filter.started_to)}::timestamptz`)
  }
  if (after !== null) {
    calls = calls.where(sql<boolean>`(happened_at, calls.id) < (${after.key}::timestamptz, ${after.id}::uuid)`)
  }
  const page = calls
    .selectAll('calls')
    .orderBy('happened_at', 'desc')
    .orderBy('calls.id', 'desc')
    .limit(limit + 1)
  // The page is cut first, so that opportunities are looked up for its rows only.
  const rows = await query
    .selectFrom(page.as('calls'))
    .leftJoin('lead_opportunities', 'lead_opportunities.id', 'calls.opportunity_id')
    .selectAll('calls')
    .select(['lead_opportunities.first_call_attempts', recordings])
    .orderBy('calls.happened_at', 'desc')
    .orderBy('calls.id', 'desc')
    .execute()
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  const next = rows.length > limit && last ? { key: formatInstant(last.happened_at), id: last.id } : null
  return { data: data.map(bodyOf), next }
}

type Selected = Omit<
  {
    [Column in keyof CallsTable]: CallsTable[Column] extends { readonly __select__: infer Type }
      ? Type
      : CallsTable[Column]
  },
  never
> & { first_call_attempts: Tables['lead_opportunities']['first_call_attempts'] | null; recordings: Recording[] | null }

function bodyOf(row: Selected): CallBody {
  const attempts = Object.values(row.first_call_attempts ?? {}).map((attempt) => ({
    ...attempt,
    attempted_at: 0,
    call_created_at: null,
  }))
  const pending =
    row.pending_since === null ? null : { since: row.pending_since, tries: row.tries, isCounted: row.is_counted }
  return callBody({ ...row, recordings: row.recordings ?? [], pending }, { attempts })
}

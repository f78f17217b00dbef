import { type Kysely, type RawBuilder, type SelectQueryBuilder, sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import { type AgentSight, type Sight, seenCall, seenOpportunity } from '../auth/sight.ts'
import { idsInSight } from '../contacts/store.ts'
import type { Database } from '../database/database.ts'
import { lookThrough } from '../database/look-through.ts'
import type { CallsTable, Tables } from '../database/tables.ts'
import type { Position } from '../http/cursor.ts'
import type { Instant } from '../time.ts'
import { soonOrNull } from '../wait.ts'
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

/** One call; null where there is none, or the caller may not see it. */
export async function findCall(
  { query }: Pick<Database, 'query'>,
  id: string,
  sight: Sight = 'everything',
): Promise<CallBody | null> {
  let call = callsWithOpportunity(query.selectFrom('calls')).where('calls.id', '=', id).where('deleted_at', 'is', null)
  if (sight !== 'everything') call = call.where(seenCall(sight))
  const row = await call.executeTakeFirst()
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
  return (await soonOrNull(ATTEMPT_WITHIN_MS, findCall(database, call.id))) ?? call
}

/**
 * The calls that the filter leaves and the caller may see, newest `started_at` (else `created_at`) first, after a position.
 *
 * @returns at most `limit` of them, and where the rest begins
 */
export async function listCalls(
  { query }: Database,
  filter: CallFilter,
  limit: number,
  after: Position | null,
  sight: Sight = 'everything',
): Promise<{ data: CallBody[]; next: Position | null }> {
  const pageOf = (calls: Query, rows = limit + 1) => sortedPage(filtered(calls, filter, after), rows)
  // The page is cut first, so that opportunities are looked up for its rows only.
  const rowsOf = (page: Query) =>
    query
      .selectFrom(page.selectAll('calls').as('calls'))
      .leftJoin('lead_opportunities', 'lead_opportunities.id', 'calls.opportunity_id')
      .selectAll('calls')
      .select(['lead_opportunities.first_call_attempts', recordings])
      .orderBy('calls.happened_at', 'desc')
      .orderBy('calls.id', 'desc')
      .execute()
  const calls = query.selectFrom('calls')
  const rows = await (sight === 'everything' ? rowsOf(pageOf(calls)) : rowsInSight(sight))

  function rowsInSight(sight: AgentSight): Promise<Selected[]> {
    const isSeen = seenCall(sight)
    // A contact has few, and so have an opportunity and a number.
    const isFew = [filter.entity_id, filter.opportunity_id, filter.phone_number].some((value) => value !== undefined)
    if (isFew) return rowsOf(pageOf(calls.where(isSeen)))
    const among = (count: number) => {
      const first = pageOf(calls, count).selectAll('calls').as('calls')
      return rowsOf(
        query
          .selectFrom(first)
          .where(isSeen)
          .limit(limit + 1),
      )
    }
    const byIndex = () => {
      const parts = partsInSight(query, sight, filter.outcome).map((part) => sql`(${pageOf(part).select('calls.id')})`)
      const found = sql<boolean>`calls.id in (${sql.join(parts, sql` union all `)})`
      return rowsOf(pageOf(calls.where(found).where(isSeen)))
    }
    return lookThrough(limit + 1, among, byIndex)
  }

  const data = rows.slice(0, limit)
  const last = data.at(-1)
  const next = rows.length > limit && last ? { key: formatInstant(last.happened_at), id: last.id } : null
  return { data: data.map(bodyOf), next }
}

function filtered(from: Query, filter: CallFilter, after: Position | null): Query {
  let calls = from.where('calls.deleted_at', 'is', null)
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
  return calls
}

const sortedPage = (calls: Query, rows: number): Query =>
  calls.orderBy('calls.happened_at', 'desc').orderBy('calls.id', 'desc').limit(rows)

/**
 * The calls that an agent may see, where those are few: by the opportunities that name them, by contacts, and those that
 * have none. `offset 0`: the few are found first, and then sorted.
 */
function partsInSight(query: Kysely<Tables>, sight: AgentSight, outcome: Outcome | undefined): Query[] {
  const from = (source: RawBuilder<unknown>, conditions: RawBuilder<unknown>) =>
    query.selectFrom(sql<CallsTable>`(select calls.* from ${source} where ${conditions} offset 0)`.as('calls')) as Query
  const byOpportunity = from(
    sql`lead_opportunities join calls on calls.opportunity_id = lead_opportunities.id`,
    seenOpportunity(sight),
  )
  const byContact = from(
    sql`(${idsInSight(sight)}) as seen join calls on calls.entity_id = seen.contact_id`,
    sql`calls.deleted_at is null and calls.opportunity_id is null and calls.entity_type = 'contacts'`,
  )
  // Some of these name an opportunity that is somebody else's, which is looked at before a page is cut.
  const withoutContact = query
    .selectFrom('calls')
    .where(sql<boolean>`calls.opportunity_id is null
      and (calls.entity_id is null or calls.entity_type is distinct from 'contacts')`)
    .where(seenCall(sight))
  // B8: who names an opportunity and who does not, the outcome tells.
  if (outcome === undefined || outcome === 'pending') return [byOpportunity, byContact, withoutContact]
  return NAMES_OPPORTUNITY.has(outcome) ? [byOpportunity] : [byContact, withoutContact]
}

const NAMES_OPPORTUNITY: ReadonlySet<Outcome> = new Set(['registered', 'limit_reached', 'first_call_completed'])

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
  return callBody({ ...row, isErased: row.erased_at !== null, recordings: row.recordings ?? [], pending }, { attempts })
}

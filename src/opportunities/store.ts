import { type Kysely, type RawBuilder, sql } from 'kysely'
import { type FirstCallAttempt, formatInstant } from '../attempts/attempt.ts'
import type { Actor } from '../audit/actor.ts'
import { recordChange } from '../audit/record.ts'
import { isInSight, type Sight, seenOpportunity } from '../auth/sight.ts'
import { indexPatterns, searchPatterns } from '../contacts/search.ts'
import type { Database } from '../database/database.ts'
import { lookThrough } from '../database/look-through.ts'
import type { Tables } from '../database/tables.ts'
import type { Position } from '../http/cursor.ts'
import type { Instant } from '../time.ts'
import type { OpportunityBody } from './body.ts'

/** What a list of opportunities is narrowed by. */
export interface OpportunityFilter {
  /** Of these. */
  ids?: readonly string[] | undefined
  contact_id?: string | undefined
  status?: string | undefined
  assigned_to?: string | undefined
  /** `false`: nobody's. */
  assigned?: 'false' | undefined
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

/** One opportunity; null where there is none, or the caller may not see it. */
export async function findOpportunity(
  { query }: Pick<Database, 'query'>,
  id: string,
  sight: Sight = 'everything',
): Promise<OpportunityBody | null> {
  let opportunity = query.selectFrom('lead_opportunities').select(COLUMNS).where('id', '=', id)
  if (sight !== 'everything') opportunity = opportunity.where(seenOpportunity(sight))
  const row = await opportunity.executeTakeFirst()
  return row === undefined ? null : bodyOf(row)
}

type Condition = RawBuilder<unknown>

/** A list in its order. Its names are those of the table in which it is sorted. */
interface Sorted {
  table: Condition
  id: Condition
  key: Condition
  direction: Condition
  /** What searches look in. */
  text: Condition
  /** What holds of every row. */
  conditions: readonly Condition[]
  /** Filters of whose opportunity it is and where it came from, as `lead_opportunities` has them. */
  others: readonly Condition[]
  /** Those of them that the table has no index for: looked for among the first rows, or else by the other table's. */
  unindexed: readonly Condition[]
}

/**
 * The opportunities that the filter leaves and the caller may see, sorted, after a position.
 *
 * @returns at most `limit` of them, and where the rest begins
 */
export async function listOpportunities(
  { query }: Database,
  { q = '', ...filter }: OpportunityFilter,
  sort: OpportunitySort,
  limit: number,
  after: Position | null,
  sight: Sight = 'everything',
): Promise<{ data: OpportunityBody[]; next: Position | null }> {
  const founds = await Promise.all(
    partsOf(filter, sight).map((part) => {
      const list = sortedList(part, sort, after)
      if (part.ids !== undefined || (q.trim() === '' && list.unindexed.length === 0)) {
        return idsIn(query, list, [...list.conditions, ...matching(q.trim(), list.text)], limit + 1)
      }
      return lookFor(query, list, q.trim(), limit + 1)
    }),
  )
  const found = merged(founds, sort)
  const page = found.slice(0, limit)
  const last = page.at(-1)
  const next = found.length > limit && last ? { key: keyText(last.key), id: last.id } : null
  if (page.length === 0) return { data: [], next }
  const ids = page.map(({ id }) => id)
  const byId = await opportunitiesById(query, ids)
  // One that was deleted since its id was found is left out.
  return { data: ids.flatMap((id) => byId.get(id) ?? []), next }
}

/** The opportunities with these ids, whoever may see them; at least one. */
export async function opportunitiesById(
  query: Kysely<Tables>,
  ids: readonly string[],
): Promise<Map<string, OpportunityBody>> {
  const rows = await query.selectFrom('lead_opportunities').select(COLUMNS).where('id', 'in', ids).execute()
  return new Map(rows.map((row) => [row.id, bodyOf(row)]))
}

/** So many are counted where one index has them all, where several filters meet, and where they are looked for. */
const COUNTED = { byIndex: 10_000, filtered: 1_000, searched: 200 }

/** How many the filter leaves and the caller may see, up to a number that is soon reached. */
export async function countOpportunities(
  { query }: Database,
  { q = '', ...filter }: OpportunityFilter,
  sight: Sight = 'everything',
): Promise<{ count: number; more: boolean }> {
  const parts = partsOf(filter, sight)
  const lists = parts.map((part) => sortedList(part, '-created_at', null))
  const isSearch = q.trim() !== '' || lists.some(({ unindexed }) => unindexed.length > 0)
  const isByOne = parts.every((part) => Object.values(part).filter((value) => value !== undefined).length <= 1)
  const most = isSearch ? COUNTED.searched : isByOne ? COUNTED.byIndex : COUNTED.filtered
  const counts = await Promise.all(
    lists.map(async (list) =>
      isSearch ? (await lookFor(query, list, q.trim(), most + 1)).length : countIn(query, list, most + 1),
    ),
  )
  const count = counts.reduce((sum, one) => sum + one, 0)
  return { count: Math.min(count, most), more: count > most }
}

/** Of a filter, `null` is nobody. */
type Part = Omit<OpportunityFilter, 'q' | 'assigned_to' | 'assigned'> & { assigned_to?: string | null | undefined }

/**
 * What an agent sees are two lists, his and nobody's, for each of which there is an index; for both together there is
 * none, and an agent who has few would wait for a walk past everybody else's.
 */
function partsOf({ assigned, ...given }: Omit<OpportunityFilter, 'q'>, sight: Sight): Part[] {
  // Nobody's that are somebody's are none.
  if (assigned === 'false' && given.assigned_to !== undefined) return []
  const filter: Part = assigned === 'false' ? { ...given, assigned_to: null } : given
  if (sight === 'everything') return [filter]
  const seen = sight.userId === null ? [null] : [null, sight.userId]
  const { assigned_to: wanted } = filter
  return seen.filter((one) => wanted === undefined || one === wanted).map((one) => ({ ...filter, assigned_to: one }))
}

function merged(lists: readonly Found[][], sort: OpportunitySort): Found[] {
  const [only = []] = lists
  if (lists.length < 2) return only
  const direction = sort.startsWith('-') ? -1 : 1
  return lists
    .flat()
    .sort((a, b) => direction * (a.key < b.key ? -1 : a.key > b.key || a.id > b.id ? 1 : a.id < b.id ? -1 : 0))
}

/** When those were tried last that never were. */
const NEVER = '-infinity'

const keyText = (key: Instant): string => (Number.isFinite(key) ? formatInstant(key) : NEVER)

function sortedList(filter: Part, sort: OpportunitySort, after: Position | null): Sorted {
  const { ids, contact_id, attempts, last_status, first_call_completed, status, assigned_to, source } = filter
  const isByAttempt = sort.endsWith('last_contact_attempt_at')
  const changesByAttempt =
    status !== undefined ||
    first_call_completed === true ||
    attempts === 0 ||
    attempts === 5 ||
    last_status === 'green' ||
    last_status === 'red'
  // A contact has few.
  const isListed = ids === undefined && contact_id === undefined && (isByAttempt || changesByAttempt)
  const indexed: Condition[] = []
  const equal = (column: string, value: unknown): Condition => sql`${sql.ref(column)} = ${value}`
  if (ids !== undefined) indexed.push(sql`id = any(${ids}::uuid[])`)
  if (contact_id !== undefined) indexed.push(equal('contact_id', contact_id))
  if (status !== undefined) indexed.push(equal('status', status))
  if (attempts !== undefined) indexed.push(equal('attempts_made', attempts))
  if (last_status !== undefined) indexed.push(equal('last_status', last_status))
  if (first_call_completed !== undefined) {
    // As the indexes have it, which know no parameter.
    indexed.push(sql.raw(first_call_completed ? 'first_call_completed' : 'not first_call_completed'))
  }
  const others: Condition[] = []
  if (assigned_to === null) others.push(sql`assigned_to is null`)
  else if (assigned_to !== undefined) others.push(equal('assigned_to', assigned_to))
  if (source !== undefined) others.push(equal('source', source))

  const id = sql.ref(isListed ? 'opportunity_id' : 'id')
  const lastAttempt = isListed ? sql`last_attempt_at` : sql`coalesce(last_contact_attempt_at, '-infinity')`
  const key = isByAttempt ? lastAttempt : sql`created_at`
  const isDescending = sort.startsWith('-')
  if (after !== null) {
    const comparison = sql.raw(isDescending ? '<' : '>')
    indexed.push(sql`(${key}, ${id}) ${comparison} (${after.key}::timestamptz, ${after.id}::uuid)`)
  }
  if (isListed && (attempts !== undefined || last_status !== undefined)) {
    // Either follows from the filter. It spares a walk past all that were never tried, or were; but an index would begin
    // there instead of after the page before.
    const beginsLater = isByAttempt && !isDescending && after !== null && after.key !== NEVER
    if (attempts === 0) indexed.push(sql.raw(`last_attempt_at = '${NEVER}'`))
    else if (!beginsLater) indexed.push(sql.raw(`last_attempt_at > '${NEVER}'`))
    if (attempts === 0 && beginsLater) indexed.push(sql`last_attempt_at >= ${after.key}::timestamptz`)
  }
  return {
    table: sql.table(isListed ? 'listed_opportunities' : 'lead_opportunities'),
    id,
    key,
    direction: sql.raw(isDescending ? 'desc' : 'asc'),
    text: isListed ? LISTED_SEARCH_TEXT : SEARCH_TEXT,
    conditions: isListed ? indexed : [...indexed, ...others],
    others,
    unindexed: isListed ? others : [],
  }
}

/** As `lead_opportunities` has it, and its index of trigrams. */
const SEARCH_TEXT = sql`(title_search_text || contact_search_text)`

/** As `listed_opportunities` has it, but for long ones. */
const LISTED_SEARCH_TEXT = sql`coalesce(search_text, (select ${SEARCH_TEXT} from lead_opportunities where id = opportunity_id))`

interface Found {
  id: string
  key: Instant
}

const allOf = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)

/** That a text has what is searched for: mostly one pattern, which is compared sooner alone than as a list. */
const matching = (q: string, text: Condition): Condition[] =>
  q === ''
    ? []
    : [
        sql`(${sql.join(
          searchPatterns(q).map((pattern) => sql`${text} like ${pattern}`),
          sql` or `,
        )})`,
      ]

async function idsIn(query: Kysely<Tables>, list: Sorted, conditions: readonly Condition[], limit: number) {
  const { table, id, key, direction } = list
  const statement = sql<Found>`select ${id} as id, ${key} as key from ${table}
    where ${allOf(conditions)} order by ${key} ${direction}, ${id} ${direction} limit ${limit}`
  return (await query.executeQuery(statement.compile(query))).rows
}

async function countIn(query: Kysely<Tables>, { table, id, key, direction, conditions }: Sorted, limit: number) {
  const statement = sql<{ count: number }>`select count(*)::int as count from (select from ${table}
    where ${allOf(conditions)} order by ${key} ${direction}, ${id} ${direction} limit ${limit}) as counted`
  const { rows } = await query.executeQuery(statement.compile(query))
  return rows[0]?.count ?? 0
}

/** Finds what the list's order has no index for, or a search asks for; where few have it, by `lead_opportunities`. */
async function lookFor(query: Kysely<Tables>, list: Sorted, q: string, limit: number): Promise<Found[]> {
  const { table, id, key, direction, text, conditions, others, unindexed } = list
  const among = async (rows: number): Promise<Found[]> => {
    const statement = sql<Found>`select id, key from (
        select ${id} as id, ${key} as key, assigned_to, source, ${text} as text from ${table}
        where ${allOf(conditions)} order by ${key} ${direction}, ${id} ${direction} limit ${rows}) as first_rows
      where ${allOf([...unindexed, ...matching(q, sql`text`)])} limit ${limit}`
    return (await query.executeQuery(statement.compile(query))).rows
  }
  const byIndex = (): Promise<Found[]> => {
    const patterns = indexPatterns(q).map((ones) => allOf(ones.map((one) => sql`${SEARCH_TEXT} like ${one}`)))
    const few = [
      // Whichever of them and of the words fewer have.
      ...others,
      ...(q === '' ? [] : [sql`(${sql.join(patterns, sql` or `)})`]),
      // Not by the index.
      ...matching(q, sql`${SEARCH_TEXT} || ''`),
    ]
    const isFew = sql`${id} in (select id from lead_opportunities where ${allOf(few)} offset 0)`
    return idsIn(query, list, [...conditions, isFew], limit)
  }
  return lookThrough(limit, among, byIndex)
}

/**
 * Deletes an opportunity that has neither attempts nor calls.
 *
 * @returns `null` where it is done; else what stands in the way, or the revision where it is not the expected one
 */
export async function deleteOpportunity(
  { query }: Database,
  id: string,
  by: Actor,
  isExpected: (revision: number) => boolean,
  sight: Sight = 'everything',
): Promise<null | 'not_found' | { revision: number } | { attempts: number; calls: number }> {
  return query.transaction().execute(async (transaction) => {
    const found = await transaction
      .selectFrom('lead_opportunities')
      .select(['revision', 'attempts_made', 'contact_id', 'title', 'status', 'assigned_to', 'source', 'created_at'])
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (found === undefined || !isInSight(sight, found)) return 'not_found'
    if (!isExpected(found.revision)) return { revision: found.revision }
    const { calls } = await transaction
      .selectFrom('calls')
      .select((expression) => expression.fn.countAll<number>().as('calls'))
      // Those that name it as whom they are with would else be everybody's.
      .where(sql<boolean>`opportunity_id = ${id}
        or (entity_id = ${id} and entity_type = 'opportunities' and deleted_at is null)`)
      .executeTakeFirstOrThrow()
    if (found.attempts_made > 0 || calls > 0) return { attempts: found.attempts_made, calls }
    await transaction.deleteFrom('lead_opportunities').where('id', '=', id).execute()
    const { revision: _, attempts_made: __, created_at, ...fields } = found
    const before = { ...fields, created_at: formatInstant(created_at) }
    const concerned = { contactId: found.contact_id, callId: null }
    await recordChange(transaction, by, 'opportunity.deleted', id, before, null, concerned)
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

import { type Kysely, type RawBuilder, sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import { type Sight, seenContact } from '../auth/sight.ts'
import type { Database } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Instant } from '../time.ts'
import { type Action, type Fields, type Kind, kindOf } from './entry.ts'
import { inSight } from './sight.ts'

/** An entry of the audit as it is shown, with its personal values as far as they are there. */
export interface AuditEntry {
  id: number
  at: string
  who: string
  request_id: string | null
  action: Action
  kind: Kind
  entity_id: string
  before: Fields | null
  after: Fields | null
  /** Fields that changed, and whose values are erased or not for the caller. */
  withheld: string[]
}

/** A place in the audit. */
export interface AuditPosition {
  at: Instant
  id: number
}

/** What the audit is narrowed by. */
export interface AuditFilter {
  entity_id?: string | undefined
  kind?: Kind | undefined
  who?: string | undefined
  action?: string | undefined
  /** Inclusive. */
  from?: Instant | undefined
  /** Exclusive. */
  to?: Instant | undefined
}

/** Some entries, the newest first, and after which the rest begins. */
export interface AuditPage {
  data: AuditEntry[]
  next: AuditPosition | null
}

/** So many rows are looked at for a page where no index tells which they are: about a tenth of a second. */
const LOOKED_AT = 100_000

/**
 * What the filter leaves of the audit, the newest first, after a position.
 *
 * @returns at most `limit` entries; fewer, or none, where many were looked at in vain: the position says where to go on
 */
export async function listAudit(
  { query }: Database,
  filter: AuditFilter,
  limit: number,
  after: AuditPosition | null,
): Promise<AuditPage> {
  const { entity_id, kind, who, action, from, to } = filter
  const ordered: Condition[] = []
  if (entity_id !== undefined) ordered.push(sql`entity_id = ${entity_id}`)
  if (from !== undefined) ordered.push(sql`at >= ${formatInstant(from)}::timestamptz`)
  if (to !== undefined) ordered.push(sql`at < ${formatInstant(to)}::timestamptz`)
  if (after !== null) ordered.push(sql`(at, id) < (${formatInstant(after.at)}::timestamptz, ${after.id}::bigint)`)
  const looked: Condition[] = []
  if (kind !== undefined) looked.push(sql`split_part(action, '.', 1) = ${kind}`)
  if (who !== undefined) looked.push(sql`who = ${who}`)
  if (action !== undefined) looked.push(sql`action = ${action}`)
  // What one entity has is found by its index, and is little.
  const source = sql`select * from audit where ${allOf(ordered)} ${sql.raw(entity_id === undefined ? '' : 'offset 0')}`
  const among = sql`select * from (${source}) as audit order by at desc, id desc limit ${LOOKED_AT}`
  const rows = await rowsOf(
    query,
    sql`select * from (${among}) as looked where ${allOf(looked)} order by at desc, id desc limit ${limit + 1}`,
    BY_TIME,
  )
  if (rows.length > limit || looked.length === 0) return pageOf(rows, limit)
  const { rows: last } = await sql<AuditPosition>`
    select at, id from (${among}) as looked order by at desc, id desc offset ${LOOKED_AT - 1} limit 1`.execute(query)
  return { ...pageOf(rows, limit), next: last[0] ?? null }
}

/** What became of these, one entity and what belongs to it: the newest first, in the order of the changes. */
export async function historyOf(
  { query }: Pick<Database, 'query'>,
  entityIds: readonly string[],
  limit: number,
  after: AuditPosition | null,
  sight: Sight = 'everything',
): Promise<AuditPage> {
  const isBefore = after === null ? sql`true` : sql`id < ${after.id}::bigint`
  const ofEntities = sql`select * from audit where entity_id = any(${entityIds}::uuid[]) and ${isBefore} offset 0`
  const rows = await rowsOf(
    query,
    sql`select * from (${ofEntities}) as audit order by id desc limit ${limit + 1}`,
    sql`id desc`,
    sight,
  )
  const page = pageOf(rows, limit)
  return { ...page, data: await inSight({ query }, sight, page.data) }
}

type Condition = RawBuilder<unknown>

const allOf = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)

/** A join of the page with anything may lose its order. */
const BY_TIME = sql`at desc, id desc`

const VALUES_CONTACT = sql`"values".contact_id`

interface Row {
  id: number
  at: Instant
  who: string
  request_id: string | null
  action: Action
  entity_id: string
  before: Fields | null
  after: Fields | null
  personal_fields: string | null
  before_values: Fields | null
  after_values: Fields | null
}

/** Of each the personal values, too; an agent sees those of whom he sees. */
async function rowsOf(
  query: Kysely<Tables>,
  page: RawBuilder<unknown>,
  order: Condition,
  sight: Sight = 'everything',
): Promise<Row[]> {
  const isSeen =
    sight === 'everything' ? sql`true` : sql`("values".contact_id is null or ${seenContact(sight, VALUES_CONTACT)})`
  const { rows } = await sql<Row>`
    select page.*, "values".before as before_values, "values".after as after_values
    from (${page}) as page left join audit_values as "values" on audit_id = page.id
      and personal_fields is not null and ${isSeen}
    order by ${order}
    `.execute(query)
  return rows
}

function pageOf(rows: readonly Row[], limit: number): AuditPage {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  return { data: data.map(entryOf), next: rows.length > limit && last !== undefined ? last : null }
}

function entryOf({ at, personal_fields, before_values, after_values, ...row }: Row): AuditEntry {
  const { id, who, request_id, action, entity_id } = row
  const known = new Set(Object.keys({ ...before_values, ...after_values }))
  return {
    id,
    at: formatInstant(at),
    who,
    request_id,
    action,
    kind: kindOf(action),
    entity_id,
    before: row.before === null ? null : { ...row.before, ...before_values },
    after: row.after === null ? null : { ...row.after, ...after_values },
    withheld: (personal_fields?.split(',') ?? []).filter((name) => !known.has(name)),
  }
}

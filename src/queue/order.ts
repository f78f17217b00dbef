import { type RawBuilder, sql } from 'kysely'
import { type Sight, seenOpportunity } from '../auth/sight.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import type { Desk, QueuePosition } from './queue.ts'

type Sql = RawBuilder<unknown>

/** What of the queue is asked for. */
export interface Asked {
  sight: Sight
  retryMinutes: number
  /** Only what comes after it. */
  after: QueuePosition | null
  /** Leaves out what is had elsewhere. */
  freeFor: Desk | null
  /** Left out. */
  skipped: readonly string[]
}

/** As the indexes have it, which know no parameter. Full or completed ones are not open. */
const isOpen = (table: string): Sql =>
  sql.raw(`${table}.status in ('pending', 'assigned', 'contacted') and not ${table}.first_call_completed`)

const UNTRIED: Sql = sql`attempts_made = 0 and ${isOpen('listed')}`
const TRIED: Sql = sql`attempts_made in (1, 2, 3, 4) and ${isOpen('listed')}`

/** A plan by keys, row after row, however many there are. */
const BY_KEY = sql`offset 0`

/**
 * Whether a call would count for it, and somebody may be called: of several opportunities of a contact the newest open one
 * takes every call (A2), so that the others would wait for ever.
 */
const IS_CALLABLE: Sql = sql`exists (
  select from lead_opportunities as lead where lead.id = listed.opportunity_id
    and not exists (select from contacts where contacts.id = lead.contact_id and contacts.opt_out ${BY_KEY})
    and not exists (
      select from lead_opportunities as newer where newer.contact_id = lead.contact_id and ${isOpen('newer')}
        and (newer.created_at, newer.id) > (lead.created_at, lead.id) ${BY_KEY})
  ${BY_KEY})`

const isFreeFor = (at: Desk | null): Sql =>
  at === null
    ? sql`true`
    : sql`not exists (select from claims where claims.opportunity_id = listed.opportunity_id
        and (claims.owner, claims.desk) <> (${at.owner}, ${at.desk}) and claims.claimed_until > ${THIS_MOMENT} ${BY_KEY})`

const isNoneOf = (ids: readonly string[]): Sql =>
  ids.length === 0 ? sql`true` : sql`opportunity_id <> all(${[...ids]}::uuid[])`

/** Everybody's; or an agent's own and nobody's, for each of which there is an index, and for both together none. */
function ownersIn(sight: Sight): Sql[] {
  if (sight === 'everything') return [sql`true`]
  const own = sight.userId === null ? [] : [sql`assigned_to = ${sight.userId}`]
  return [sql`assigned_to is null`, ...own]
}

const wait = (minutes: number): Sql => sql`${minutes} * interval '1 minute'`

function untriedAfter(after: QueuePosition | null): Sql {
  if (after === null) return sql`true`
  if (after.attempts > 0) return sql`false`
  return sql`created_at <= ${after.key}::timestamptz
    and (created_at < ${after.key}::timestamptz or opportunity_id > ${after.id}::uuid)`
}

function triedAfter(after: QueuePosition | null): Sql {
  if (after === null || after.attempts === 0) return sql`true`
  return sql`(attempts_made, last_attempt_at, opportunity_id)
    > (${after.attempts}::smallint, ${after.key}::timestamptz, ${after.id}::uuid)`
}

/** A query for the first leads of the queue, in order: `opportunity_id`, `attempts_made`, `key`. */
export function queued({ sight, retryMinutes, after, freeFor, skipped }: Asked, limit: number): Sql {
  const isWanted = sql`${isFreeFor(freeFor)} and ${isNoneOf(skipped)} and ${IS_CALLABLE}`
  const parts = ownersIn(sight).flatMap((owner) => [
    sql`(select opportunity_id, attempts_made, created_at as key from listed_opportunities as listed
      where ${UNTRIED} and ${owner} and ${untriedAfter(after)} and ${isWanted}
      order by created_at desc, opportunity_id limit ${limit})`,
    sql`(select opportunity_id, attempts_made, last_attempt_at as key from listed_opportunities as listed
      where ${TRIED} and ${owner} and ${triedAfter(after)}
        and last_attempt_at <= now() - ${wait(retryMinutes)} and ${isWanted}
      order by attempts_made, last_attempt_at, opportunity_id limit ${limit})`,
  ])
  return sql`select opportunity_id, attempts_made, key from (${sql.join(parts, sql` union all `)}) as parts
    order by attempts_made, case attempts_made when 0 then key end desc, key, opportunity_id limit ${limit}`
}

/** A query for the moment at which the first of those who were called lately may be called again. */
export function nextDue({ sight, retryMinutes }: Pick<Asked, 'sight' | 'retryMinutes'>): Sql {
  const firsts = ownersIn(sight).map(
    (owner) => sql`select due.last_attempt_at from generate_series(1, 4) as made, lateral (
        select last_attempt_at from listed_opportunities as listed
        where ${TRIED} and attempts_made = made and ${owner} and last_attempt_at > now() - ${wait(retryMinutes)}
          and ${IS_CALLABLE}
        order by last_attempt_at limit 1) as due`,
  )
  return sql`select min(last_attempt_at) + ${wait(retryMinutes)} as due_at
    from (${sql.join(firsts, sql` union all `)}) as firsts`
}

/** The opportunity with this id, if it is seen. */
export const seenWithId = (sight: Sight, id: string): Sql => sql`select id from lead_opportunities where id = ${id}
  and ${sight === 'everything' ? sql`true` : seenOpportunity(sight)}`

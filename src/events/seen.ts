import { sql } from 'kysely'
import type { Kind } from '../audit/entry.ts'
import type { Caller } from '../auth/caller.ts'
import { type AgentSight, seenCall, seenContact, seenItem, seenOpportunity, sightOf } from '../auth/sight.ts'
import type { Database } from '../database/database.ts'
import { ALL, type Change, type Heard } from './change.ts'
import { movedWith } from './moved.ts'

type Queries = Pick<Database, 'query'>

/** What only some roles may read, they alone are told of. */
const OF_ADMINS: ReadonlySet<Kind> = new Set(['key', 'user'])
const OF_MANAGERS: ReadonlySet<Kind> = new Set(['sync', 'dial'])

/**
 * Of these changes what this caller may be told: of what they see, and of what they saw until now; of an opportunity that
 * comes into their sight or leaves it, also its contact and calls. Where items of the review list may come or go with
 * these, all of them had better be asked for anew.
 */
export async function changesFor(
  database: Queries,
  { role, userId }: Pick<Caller, 'role' | 'userId'>,
  changes: readonly Change[],
): Promise<readonly Heard[]> {
  const allowed = changes.filter(
    ({ kind }) =>
      (role === 'admin' || !OF_ADMINS.has(kind)) && (role === 'admin' || role === 'manager' || !OF_MANAGERS.has(kind)),
  )
  const sight = sightOf({ role, userId })
  if (sight === 'everything' || allowed.length === 0) return allowed
  const moved = await movedWith(database, sight, allowed)
  const [now, before] = await Promise.all([
    seenNow(database, sight, allowed),
    callsSeenBefore(database, sight, allowed),
  ])
  const gone = [...before].filter((id) => !now.has(id))
  const come = idsOf('call', allowed.filter(isRelinked)).filter((id) => now.has(id) && !before.has(id))
  const [items, isReviewOther] = await Promise.all([
    itemsSeen(database, sight, allowed, gone),
    isNamedInReview(database, [...moved.map(({ entityId }) => entityId), ...gone, ...come], allowed),
  ])
  const isHeard = (change: Change): boolean =>
    change.isErasure ||
    now.has(change.entityId) ||
    before.has(change.entityId) ||
    items.has(change.entityId) ||
    wasOwn(sight, change)
  const review: Heard[] = isReviewOther ? [{ kind: 'review', entityId: ALL }] : []
  return [...allowed.filter(isHeard), ...moved, ...review]
}

/** Whether it is an opportunity that was theirs, or nobody's, until it was given away or deleted. */
function wasOwn({ userId }: AgentSight, { kind, how, was }: Change): boolean {
  if (kind !== 'opportunity') return false
  const owner = how === 'deleted' ? (was.assigned_to ?? null) : was.assigned_to
  return owner === null || (owner !== undefined && owner === userId)
}

const idsOf = (kind: Kind, changes: readonly Change[]): string[] =>
  changes.filter((change) => change.kind === kind).map(({ entityId }) => entityId)

async function seenNow({ query }: Queries, sight: AgentSight, changes: readonly Change[]): Promise<Set<string>> {
  const [opportunities, calls, contacts] = [
    idsOf('opportunity', changes),
    idsOf('call', changes),
    idsOf('contact', changes),
  ]
  if (opportunities.length + calls.length + contacts.length === 0) return new Set()
  const { rows } = await sql<{ id: string }>`
    select id from lead_opportunities where id = any(${opportunities}::uuid[]) and ${seenOpportunity(sight)}
    union all
    select id from calls where id = any(${calls}::uuid[]) and deleted_at is null and ${seenCall(sight)}
    union all
    select id from unnest(${contacts}::uuid[]) as named (id) where ${seenContact(sight, sql`named.id`)}
    `.execute(query)
  return new Set(rows.map(({ id }) => id))
}

/** Whether it is a call that was linked otherwise, or is deleted. */
const isRelinked = ({ kind, how, was }: Change): boolean =>
  kind === 'call' && (how === 'deleted' || Object.keys(was).length > 0)

/** Calls that were linked otherwise, or are deleted, and were seen before. */
async function callsSeenBefore(
  { query }: Queries,
  sight: AgentSight,
  changes: readonly Change[],
): Promise<Set<string>> {
  const otherwise = changes.filter(isRelinked)
  if (otherwise.length === 0) return new Set()
  // What did not change is as it is; of a deleted call nothing is there any more, and all that it had is told.
  const before = sql`
    select named.id,
      case when was ? 'opportunity_id' then (was ->> 'opportunity_id')::uuid else calls.opportunity_id end
        as opportunity_id,
      case when was ? 'entity_type' then was ->> 'entity_type' else calls.entity_type end as entity_type,
      case when was ? 'entity_id' then (was ->> 'entity_id')::uuid else calls.entity_id end as entity_id
    from unnest(${otherwise.map(({ entityId }) => entityId)}::uuid[],
        ${otherwise.map(({ was }) => JSON.stringify(was))}::jsonb[]) as named (id, was)
      left join calls on calls.id = named.id`
  const { rows } = await sql<{ id: string }>`
    select id from (${before}) as calls where ${seenCall(sight)}`.execute(query)
  return new Set(rows.map(({ id }) => id))
}

/** Items of the review list that changed, and are seen. */
async function itemsSeen(
  { query }: Queries,
  sight: AgentSight,
  changes: readonly Change[],
  gone: readonly string[],
): Promise<Set<string>> {
  const ids = idsOf('review', changes)
  if (ids.length === 0) return new Set()
  const { rows } = await sql<{ id: string }>`
    select id from review_items where id = any(${ids}::uuid[]) and ${seenItem(sight, gone)}`.execute(query)
  return new Set(rows.map(({ id }) => id))
}

/**
 * Whether an item that waits names a contact or call that comes into sight or leaves it. An e-mail names by numbers, which
 * these may have, or may have had.
 */
async function isNamedInReview(
  { query }: Queries,
  moved: readonly string[],
  changes: readonly Change[],
): Promise<boolean> {
  if (moved.length === 0 && !changes.some(({ isRenumbered }) => isRenumbered)) return false
  const { rows } = await sql`
    select from review_items where decided_at is null and (mail is not null or call_id = any(${moved}::uuid[])
      or exists (select from jsonb_to_recordset(candidates) as candidate (call_id uuid, contact_id uuid)
        where call_id = any(${moved}::uuid[]) or contact_id = any(${moved}::uuid[])))
    limit 1`.execute(query)
  return rows.length > 0
}

import { sql } from 'kysely'
import type { Kind } from '../audit/entry.ts'
import type { Caller } from '../auth/caller.ts'
import { type AgentSight, seenCall, seenContact, seenItem, seenOpportunity, sightOf } from '../auth/sight.ts'
import type { Database } from '../database/database.ts'
import type { Change } from './change.ts'

/** What only some roles may read, they alone are told of. */
const OF_ADMINS: ReadonlySet<Kind> = new Set(['key', 'user'])
const OF_MANAGERS: ReadonlySet<Kind> = new Set(['sync', 'dial'])

/**
 * The changes of which this caller may be told: of what they may see, and of what they saw until it was given to somebody
 * else.
 */
export async function changesFor(
  database: Pick<Database, 'query'>,
  { role, userId }: Pick<Caller, 'role' | 'userId'>,
  changes: readonly Change[],
): Promise<readonly Change[]> {
  const allowed = changes.filter(
    ({ kind }) =>
      (role === 'admin' || !OF_ADMINS.has(kind)) && (role === 'admin' || role === 'manager' || !OF_MANAGERS.has(kind)),
  )
  const sight = sightOf({ role, userId })
  if (sight === 'everything' || allowed.length === 0) return allowed
  const seen = await seenIds(database, sight, allowed)
  return allowed.filter(
    ({ entityId, wasAssignedTo }) =>
      seen.has(entityId) || (wasAssignedTo !== undefined && (wasAssignedTo === null || wasAssignedTo === userId)),
  )
}

async function seenIds(
  { query }: Pick<Database, 'query'>,
  sight: AgentSight,
  changes: readonly Change[],
): Promise<ReadonlySet<string>> {
  const idsOf = (kind: Kind) => changes.filter((change) => change.kind === kind).map(({ entityId }) => entityId)
  const { rows } = await sql<{ id: string }>`
    select id from lead_opportunities where id = any(${idsOf('opportunity')}::uuid[]) and ${seenOpportunity(sight)}
    union all
    select id from calls where id = any(${idsOf('call')}::uuid[]) and ${seenCall(sight)}
    union all
    select id from unnest(${idsOf('contact')}::uuid[]) as named (id) where ${seenContact(sight, sql`named.id`)}
    union all
    select id from review_items where id = any(${idsOf('review')}::uuid[]) and ${seenItem(sight)}`.execute(query)
  return new Set(rows.map(({ id }) => id))
}

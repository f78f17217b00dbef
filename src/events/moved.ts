import { sql } from 'kysely'
import { type AgentSight, seenContact, seenOpportunity } from '../auth/sight.ts'
import type { Database } from '../database/database.ts'
import type { Change } from './change.ts'

/**
 * Contacts and calls that come into an agent's sight, or leave it, with an opportunity that was made, deleted or given to
 * somebody: nothing of their own has changed.
 */
export async function movedWith(
  { query }: Pick<Database, 'query'>,
  sight: AgentSight,
  changes: readonly Change[],
): Promise<{ kind: 'contact' | 'call'; entityId: string }[]> {
  const given = changes.filter(
    ({ kind, how, was }) => kind === 'opportunity' && (how !== 'changed' || was.assigned_to !== undefined),
  )
  if (given.length === 0) return []
  const ids = given.map(({ entityId }) => entityId)
  const made = given.filter(({ how }) => how === 'made').map(({ entityId }) => entityId)
  const seenBefore = given.map(({ how, was }) => {
    const owner = was.assigned_to ?? null
    return how === 'made' ? null : owner === null || owner === sight.userId
  })
  const isOther = sql`lead_opportunities.contact_id = named.contact_id and lead_opportunities.id <> named.id
    and lead_opportunities.id <> all(${made}::uuid[])`
  const { rows } = await sql<{ kind: 'contact' | 'call'; id: string }>`
    with named as (
      select named.id, coalesce(lead_opportunities.contact_id, named.contact_id) as contact_id, named.saw,
        lead_opportunities.id is not null and ${seenOpportunity(sight)} as sees
      from unnest(${ids}::uuid[], ${given.map(({ was }) => was.contact_id ?? null)}::uuid[],
        ${seenBefore}::boolean[]) as named (id, contact_id, saw)
        left join lead_opportunities on lead_opportunities.id = named.id
    ), judged as materialized (
      select *, ${seenContact(sight, sql`named.contact_id`)} as sees_contact,
        coalesce(saw, not exists (select from lead_opportunities where ${isOther}))
          or exists (select from lead_opportunities where ${isOther} and ${seenOpportunity(sight)}) as saw_contact
      from named
    )
    select 'contact' as kind, contact_id as id from judged
    where contact_id is not null and saw_contact <> sees_contact
    union
    select 'call', calls.id from judged join calls on calls.opportunity_id = judged.id
    where deleted_at is null and saw <> sees
    union
    select 'call', calls.id from judged join calls on calls.entity_id = judged.contact_id
    where deleted_at is null and opportunity_id is null and entity_type = 'contacts' and saw_contact <> sees_contact
    union
    select 'call', calls.id from judged join calls on calls.entity_id = judged.id
    where deleted_at is null and opportunity_id is null and entity_type = 'opportunities' and saw <> sees
    `.execute(query)
  return rows.map(({ kind, id }) => ({ kind, entityId: id }))
}

import { type RawBuilder, sql } from 'kysely'
import { personNamed } from '../people/user.ts'
import type { Caller } from './caller.ts'

/*
 * What a caller may see. An agent sees the opportunities that are his or nobody's, with their contacts and calls; a
 * contact without opportunity and a call without contact are nobody's. All others see everything, and pay nothing for it.
 */

/** Whose opportunities beside nobody's; null: no others. */
export interface AgentSight {
  userId: string | null
}

export type Sight = 'everything' | AgentSight

/** What this caller may see. */
export function sightOf({ role, userId }: Pick<Caller, 'role' | 'userId'>): Sight {
  return role === 'agent' ? { userId: userId === null ? null : personNamed(userId) } : 'everything'
}

/** Whether an opportunity that is assigned so may be seen. */
export function isInSight(sight: Sight, { assigned_to }: { assigned_to: string | null }): boolean {
  return sight === 'everything' || assigned_to === null || assigned_to === sight.userId
}

/** Whether an opportunity may be assigned so: an agent takes it, or gives it back, and gives it to nobody else. */
export function mayAssign(sight: Sight, assignedTo: string | null | undefined): boolean {
  return sight === 'everything' || assignedTo == null || assignedTo === sight.userId
}

type Condition = RawBuilder<boolean>

/** The opportunities of `lead_opportunities` that are seen. */
export function seenOpportunity({ userId }: AgentSight): Condition {
  if (userId === null) return sql`lead_opportunities.assigned_to is null`
  return sql`(lead_opportunities.assigned_to is null or lead_opportunities.assigned_to = ${userId})`
}

/** For a page of rows PostgreSQL might else read all opportunities at once, instead of looking those rows' own up. */
const BY_KEY = sql`offset 0`

/** Whether the contact with this id is seen, whether or not there is one (B18). */
export function seenContact(sight: AgentSight, id: RawBuilder<unknown>): Condition {
  const having = sql`select from lead_opportunities where lead_opportunities.contact_id = ${id}`
  return sql`(exists (${having} and ${seenOpportunity(sight)} ${BY_KEY}) or not exists (${having} ${BY_KEY}))`
}

/** The rows of `calls` that are seen. */
export function seenCall(sight: AgentSight): Condition {
  return sql`case
    when calls.opportunity_id is not null then exists (
      select from lead_opportunities where lead_opportunities.id = calls.opportunity_id and ${seenOpportunity(sight)}
      ${BY_KEY})
    when calls.entity_type = 'contacts' and calls.entity_id is not null
      then ${seenContact(sight, sql`calls.entity_id`)}
    when calls.entity_type = 'opportunities' and calls.entity_id is not null
      then not exists (select from lead_opportunities where lead_opportunities.id = calls.entity_id
        and not ${seenOpportunity(sight)} ${BY_KEY})
    else true end`
}

/** Whether everybody is seen who has this telephone number. */
function seenHolders(sight: AgentSight, number: RawBuilder<unknown>): Condition {
  return sql`not exists (select from contacts where contacts.phones @> array[${number}]::text[]
    and not ${seenContact(sight, sql`contacts.id`)})`
}

/**
 * The rows of `review_items` of which everything that they name is seen. Of a call that is gone they are not. An e-mail
 * names whoever has its number, and the calls to which its names belong by now.
 *
 * @param gone calls that were seen until they were deleted: an item of one of them is still seen
 */
export function seenItem(sight: AgentSight, gone: readonly string[] = []): Condition {
  const call = sql`select from calls where calls.deleted_at is null`
  return sql`(
    (review_items.call_id is null or review_items.call_id = any(${gone}::uuid[])
      or exists (${call} and calls.id = review_items.call_id and ${seenCall(sight)}))
    and not exists (
      select from jsonb_to_recordset(review_items.candidates) as candidate (call_id uuid, contact_id uuid)
      where exists (${call} and calls.id = candidate.call_id and not ${seenCall(sight)})
        or (candidate.contact_id is not null and not ${seenContact(sight, sql`candidate.contact_id`)}))
    and (review_items.mail is null or (
      ${seenHolders(sight, sql`(review_items.mail #>> '{fields,phone_number}')`)}
      and not exists (${call} and calls.provider = review_items.mail ->> 'provider'
        and calls.provider_call_id = review_items.mail ->> 'pbxCallId' and not ${seenCall(sight)})
      and not exists (
        select from jsonb_each_text(review_items.mail -> 'names') as names (audio_id, name)
          join recordings on recordings.provider = review_items.mail ->> 'provider' and provider_recording_id = name
          join calls on calls.id = recordings.call_id
        where calls.deleted_at is null and not ${seenCall(sight)}))))`
}

import { sql } from 'kysely'
import type { Database } from '../database/database.ts'
import { type Refusal, refusal } from '../http/refusal.ts'
import { type AgentSight, type Sight, seenCall, seenContact, seenOpportunity } from './sight.ts'

/** What a write names. */
export interface Named {
  contactIds?: readonly (string | null | undefined)[]
  callIds?: readonly (string | null | undefined)[]
  providerKeys?: readonly ProviderKey[]
  opportunityIds?: readonly (string | null | undefined)[]
  /** Texts that may be the `call_id` of an older system's attempt (B7). */
  attemptIds?: readonly string[]
  /** Requests to be put through. */
  dialRequestIds?: readonly (string | null | undefined)[]
}

interface ProviderKey {
  provider: string | null | undefined
  provider_call_id: string | null | undefined
}

/** What of it is there, and may not be seen. */
export interface Unseen {
  contactIds: ReadonlySet<string>
  callIds: ReadonlySet<string>
  opportunityIds: ReadonlySet<string>
  attemptIds: ReadonlySet<string>
  dialRequestIds: ReadonlySet<string>
  hasKey(key: ProviderKey): boolean
}

/** Finds what an agent names and may not see. */
export async function unseen({ query }: Pick<Database, 'query'>, sight: AgentSight, named: Named): Promise<Unseen> {
  const { contactIds = [], callIds = [], providerKeys = [], opportunityIds = [], attemptIds = [] } = named
  const { dialRequestIds = [] } = named
  // A call that is nobody's, for it is linked to nothing yet, may name the id of what is somebody's.
  const isUnseen = sql`calls.deleted_at is null and not (${seenCall(sight)} and (calls.opportunity_id is not null
    or calls.entity_id is null or (${seenContact(sight, sql`calls.entity_id`)} and not exists (
      select from lead_opportunities where id = calls.entity_id and not ${seenOpportunity(sight)}))))`
  const { rows } = await sql<{ kind: string; id: string; provider: string | null }>`
    select 'contact' as kind, id::text, null as provider from unnest(${given(contactIds)}::uuid[]) as named (id)
    where not ${seenContact(sight, sql`named.id`)}
    union all
    select 'call', id::text, null from calls where id = any(${given(callIds)}::uuid[]) and ${isUnseen}
    union all
    select 'key', provider_call_id, provider from calls
      join unnest(${providerKeys.map(({ provider }) => provider ?? null)}::text[],
        ${providerKeys.map((key) => key.provider_call_id ?? null)}::text[]) as named (provider, provider_call_id)
        using (provider, provider_call_id)
    where ${isUnseen}
    union all
    select 'opportunity', id::text, null from lead_opportunities
    where id = any(${given(opportunityIds)}::uuid[]) and not ${seenOpportunity(sight)}
    union all
    select 'attempt', call_id, null from foreign_attempts
      join lead_opportunities on lead_opportunities.id = opportunity_id
    where call_id = any(${attemptIds}::text[]) and not ${seenOpportunity(sight)}
    union all
    select 'request', id::text, null from dial_requests
    where id = any(${given(dialRequestIds)}::uuid[]) and (not ${seenContact(sight, sql`dial_requests.contact_id`)}
      or exists (select from calls where calls.id in (dial_requests.call_id, written_call_id) and ${isUnseen}))`.execute(
    query,
  )
  const ids = (wanted: string) => new Set(rows.filter(({ kind }) => kind === wanted).map(({ id }) => id))
  return {
    contactIds: ids('contact'),
    callIds: ids('call'),
    opportunityIds: ids('opportunity'),
    attemptIds: ids('attempt'),
    dialRequestIds: ids('request'),
    hasKey: ({ provider, provider_call_id }) =>
      rows.some((row) => row.kind === 'key' && row.provider === provider && row.id === provider_call_id),
  }
}

const given = (ids: readonly (string | null | undefined)[]): string[] => ids.filter((id) => id != null)

/**
 * Looks whether everything that a write names may be seen; for whoever sees everything it asks nothing.
 *
 * @returns what to answer where something may not: that there is no such thing
 */
export async function refusalOfUnseen(
  database: Pick<Database, 'query'>,
  sight: Sight,
  named: Named,
): Promise<Refusal | null> {
  if (sight === 'everything') return null
  const found = await unseen(database, sight, named)
  const [contactId] = found.contactIds
  if (contactId !== undefined) return noSuch('contact', contactId)
  const [callId] = [...found.callIds, ...found.attemptIds]
  if (callId !== undefined) return noSuch('call', callId)
  const [opportunityId] = found.opportunityIds
  if (opportunityId !== undefined) return noSuch('opportunity', opportunityId)
  const [requestId] = found.dialRequestIds
  if (requestId !== undefined) return noSuch('request', requestId)
  if (named.providerKeys?.some((key) => found.hasKey(key)) === true) return NO_CALL_WITH_KEY
  return null
}

/** Whether somebody who has one of these telephone numbers may be reached by it: whom an agent sees, and nobody else. */
export async function mayBeReached(
  { query }: Pick<Database, 'query'>,
  sight: Sight,
  numbers: readonly (string | null | undefined)[],
): Promise<(contactId: string) => boolean> {
  if (sight === 'everything') return () => true
  const { rows } = await sql<{ id: string }>`
    select id from contacts where phones && ${given(numbers)}::text[] and ${seenContact(sight, sql`contacts.id`)}
    `.execute(query)
  const ids = new Set(rows.map(({ id }) => id))
  return (contactId) => ids.has(contactId)
}

/** What is answered of an id that is nothing's, or of what may not be seen. */
export const noSuch = (what: 'contact' | 'call' | 'opportunity' | 'item' | 'request', id: string): Refusal =>
  refusal('not_found', `There is no ${what} with the id ${id}.`)

/** What is answered of a contact that was erased. */
export const ERASED = refusal('erased', 'The contact was erased, and nothing of it comes back.')

export const NO_CALL_WITH_KEY = refusal('not_found', 'There is no call with this provider key.')

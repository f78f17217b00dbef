import { type Kysely, sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import type { Tables } from '../database/tables.ts'
import { type Erasure, NotYetError, type Step, type Work } from './erasure.ts'

const AT_ONCE = 500

/**
 * The person's calls: those linked to the contact or its opportunities, those that are no contact's and have one of the
 * numbers that are the person's alone, and what is left of deleted ones. Calls that somebody has linked to the contact
 * since it was asked for are of a time after it.
 */
export async function callsOf(
  query: Kysely<Tables>,
  { contactId, askedAt }: Pick<Erasure, 'contactId' | 'askedAt'>,
  ownPhones: readonly string[],
): Promise<string[]> {
  const asked = sql`${formatInstant(askedAt)}::timestamptz`
  const isOld = sql`(erased_at is not null or least(created_at, updated_at) <= ${asked})`
  const isByPerson = sql`coalesce(sources ->> 'entity_id', '') = 'person'`
  const ofNumber = sql`deleted_at is null and phone_number = any(${ownPhones}::text[])
    and (entity_id is null or entity_type is distinct from 'contacts')`
  const { rows } = await sql<{ id: string }>`
    select id from calls
    where deleted_at is null and entity_id = ${contactId} and entity_type = 'contacts' and (${isOld} or not ${isByPerson})
    union
    select calls.id from lead_opportunities join calls on entity_id = lead_opportunities.id
    where contact_id = ${contactId} and entity_type = 'opportunities' and deleted_at is null
      and (erased_at is not null or least(calls.created_at, calls.updated_at) <= ${asked})
    union
    select id from calls where ${ofNumber} and ${isOld}
    union
    select calls.id from audit_values join calls on calls.id = call_id
    where contact_id = ${contactId} and deleted_at is not null`.execute(query)
  const { rows: late } = await sql<{ id: string }>`select id from calls where ${ofNumber} and not ${isOld}`.execute(
    query,
  )
  if (late.length === 0) return rows.map(({ id }) => id)
  // Told of before, and handled since.
  const { rows: told } = await sql<{ id: string }>`
    select distinct call_id as id from inbox
    where call_id = any(${late.map(({ id }) => id)}::uuid[]) and received_at <= ${asked}`.execute(query)
  return [...rows, ...told].map(({ id }) => id)
}

/** From now on nothing tells them anything new of the person. Whoever was just about to plans anew. */
export const closeCalls: Step = {
  name: 'calls',
  do: (work) =>
    inParts(work, async (ids) => {
      await sql`update calls set erased_at = ${THIS_MOMENT}, revision = revision + 1,
          updated_at = greatest(updated_at, ${THIS_MOMENT})
        where id = any(${ids}::uuid[]) and erased_at is null`.execute(work.query)
    }),
}

/** After all that is found by them: a call that is no contact's is known by its number alone. */
export const emptyCalls: Step = {
  name: 'numbers and notes of calls',
  do: (work) =>
    inParts(work, async (ids) => {
      await sql`update calls set phone_number = null, call_result = null, resumen_llamada = null, link = null,
          revision = revision + 1, updated_at = greatest(updated_at, ${THIS_MOMENT})
        where id = any(${ids}::uuid[]) and num_nonnulls(phone_number, call_result, resumen_llamada, link) > 0
        `.execute(work.query)
    }),
}

/**
 * Titles, and the notes of attempts, which count as ever. The notes of a call that came since stay, as the call does.
 */
export const emptyOpportunities: Step = {
  name: 'titles and notes of opportunities',
  do: async ({ query, contactId, askedAt, goOn }) => {
    const callId = sql`case when attempt ->> 'call_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
      then (attempt ->> 'call_id')::uuid end`
    const isOfNewCall = sql`exists (select from calls where calls.id = ${callId} and num_nonnulls(erased_at, deleted_at) = 0)`
    const isOld = sql`o.created_at <= ${formatInstant(askedAt)}::timestamptz`
    for (let tries = 0; ; tries++) {
      const { rows } = await sql<{ isChanged: boolean }>`
        with found as materialized (
          select o.id, o.revision, emptied.attempts, ${isOld} as is_old
          from lead_opportunities o cross join lateral (
            select coalesce(jsonb_object_agg(number,
              case when ${isOfNewCall} then attempt else attempt || '{"notes": ""}' end), '{}') as attempts
            from jsonb_each(o.first_call_attempts) as made (number, attempt)) as emptied
          where contact_id = ${contactId} and (o.title is not null and ${isOld} or o.contact_search_text <> ''
            or o.first_call_attempts <> emptied.attempts)
        ), changed as (
          update lead_opportunities o set title = case when is_old then null else title end,
            title_search_text = case when is_old then '' else title_search_text end, contact_search_text = '',
            first_call_attempts = attempts, revision = o.revision + 1, updated_at = greatest(updated_at, ${THIS_MOMENT})
          from found where o.id = found.id and o.revision = found.revision
          returning o.id
        )
        select id in (select id from changed) as "isChanged" from found`.execute(query)
      if (rows.every(({ isChanged }) => isChanged)) return
      // Somebody changed it at this moment.
      if (tries === MOST_TRIES) throw new NotYetError('The opportunities of the contact kept changing.')
      await goOn()
    }
  },
}

const MOST_TRIES = 20

async function inParts({ callIds, goOn }: Work, work: (ids: readonly string[]) => Promise<void>): Promise<void> {
  for (let first = 0; first < callIds.length; first += AT_ONCE) {
    await work(callIds.slice(first, first + AT_ONCE))
    await goOn()
  }
}

import { type Kysely, sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { Actor } from '../audit/actor.ts'
import { recordChange } from '../audit/record.ts'
import { type Sight, seenContact } from '../auth/sight.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import type { Database } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Instant } from '../time.ts'
import type { Erasure } from './erasure.ts'
import type { Sought } from './traces.ts'

/** Whoever erases says again and again that it is at it; else another server takes it up after this time. */
const LEASE_END = sql`${THIS_MOMENT} + interval '2 minutes'`

/**
 * What was on its way when a contact was erased has come by then: a message that was being read, a recording that was
 * being fetched.
 */
const LOOKED_AT_AGAIN = sql`${THIS_MOMENT} + interval '40 minutes'`

/** From 5 s to five minutes. */
const WAIT = sql`least(interval '5 minutes', interval '5 seconds' * power(2, least(tries, 10)))`

/** Whether this contact was erased, as far as the caller may know of it. */
export async function isErased({ query }: Pick<Database, 'query'>, id: string, sight: Sight = 'everything') {
  const isSeen = sight === 'everything' ? sql`true` : seenContact(sight, sql`erasures.contact_id`)
  const { rows } = await sql`select from erasures where contact_id = ${id} and ${isSeen}`.execute(query)
  return rows.length > 0
}

/** Whether an opportunity was its contact's when that was erased: what it was called is not told again. */
export async function isOfErased({ query }: Pick<Database, 'query'>, opportunityId: string): Promise<boolean> {
  const { rows } = await sql`
    select from lead_opportunities join erasures using (contact_id)
    where lead_opportunities.id = ${opportunityId} and created_at <= asked_at`.execute(query)
  return rows.length > 0
}

/** Which of these contacts were erased. */
export async function erasedAmong(query: Kysely<Tables>, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select contact_id as id from erasures where contact_id = any(${ids}::uuid[])`.execute(query)
  return new Set(rows.map(({ id }) => id))
}

/**
 * Asks for the erasing of a contact: its row is gone when this returns, and the rest is bound to follow. Asked again, it
 * begins anew, with whatever has come since.
 *
 * @param id also of a contact that is kept elsewhere (B18)
 * @returns the revision where it is not the expected one
 */
export async function askForErasure(
  { query }: Pick<Database, 'query'>,
  id: string,
  by: Actor,
  isExpected: (revision: number) => boolean,
): Promise<{ erasure: Erasure } | 'not_found' | { revision: number }> {
  return query.transaction().execute(async (transaction) => {
    const contact = await transaction
      .selectFrom('contacts')
      .select(['name', 'phones', 'email', 'revision'])
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (contact !== undefined && !isExpected(contact.revision)) return { revision: contact.revision }
    // Of one who makes the contact at this moment, either is the first.
    await sql`select await_contact(${id})`.execute(transaction)
    const isRepeated = await isErased({ query: transaction }, id)
    if (contact === undefined && !isRepeated && !(await isNamed(transaction, id))) return 'not_found'
    const sought = await soughtFor(transaction, id, contact)
    const { rows } = await sql<{ asked_at: Instant; sought: Sought }>`
      insert into erasures (contact_id, asked_at, who, request_id, sought, due_at)
      values (${id}, ${THIS_MOMENT}, ${by.who}, ${by.requestId}, ${JSON.stringify(sought)}, ${LEASE_END})
      on conflict (contact_id) do update set asked_at = excluded.asked_at, due_at = excluded.due_at,
        sought = coalesce(erasures.sought, excluded.sought), tries = 0, cleaned_at = null, done_at = null
      returning asked_at, sought`.execute(transaction)
    const [row] = rows
    if (row === undefined) throw new Error('the erasure was not written')
    await transaction.deleteFrom('contacts').where('id', '=', id).execute()
    if (!isRepeated) await recordChange(transaction, by, 'contact.erased', id, {}, null)
    return { erasure: { contactId: id, askedAt: row.asked_at, sought: row.sought } }
  })
}

/** Whether anything names this contact. */
export async function isNamed(query: Kysely<Tables>, id: string): Promise<boolean> {
  const { rows } = await sql<{ isNamed: boolean }>`select
    exists (select from calls where entity_id = ${id} and deleted_at is null)
    or exists (select from lead_opportunities where contact_id = ${id})
    or exists (select from audit_values where contact_id = ${id}) as "isNamed"`.execute(query)
  return rows[0]?.isNamed === true
}

/** What the contact is called, and was. */
export async function soughtFor(
  query: Kysely<Tables>,
  id: string,
  contact: { name: string; phones: string[]; email: string | null } | undefined,
): Promise<Sought> {
  const { rows } = await sql<{ values: { name?: string; phones?: string[]; email?: string | null } | null }>`
    select unnest(array["values".before, "values".after]) as "values"
    from audit_values "values" join audit on audit.id = audit_id
    where contact_id = ${id} and audit.entity_id = ${id} and action like 'contact.%'`.execute(query)
  const known = [...(contact === undefined ? [] : [contact]), ...rows.flatMap(({ values }) => values ?? [])]
  return {
    names: unique(known.flatMap(({ name }) => name ?? [])),
    phones: unique(known.flatMap(({ phones }) => phones ?? [])),
    emails: unique(known.flatMap(({ email }) => email ?? [])),
  }
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)]

/** Claims an erasure that is due, for this server alone. */
export async function claimErasure({ query }: Pick<Database, 'query'>): Promise<Erasure | null> {
  const { rows } = await sql<{ contact_id: string; asked_at: Instant; sought: Sought | null }>`
    update erasures set tries = tries + 1, due_at = ${LEASE_END}
    where contact_id = (select contact_id from erasures where due_at <= clock_timestamp()
      order by due_at limit 1 for update skip locked)
    returning contact_id, asked_at, sought`.execute(query)
  const [row] = rows
  return row === undefined ? null : { contactId: row.contact_id, askedAt: row.asked_at, sought: row.sought }
}

/** Says that somebody is at it. */
export async function keepErasure({ query }: Pick<Database, 'query'>, { contactId }: Erasure): Promise<void> {
  await sql`update erasures set due_at = ${LEASE_END} where contact_id = ${contactId} and due_at is not null`.execute(
    query,
  )
}

/** Gives an erasure back that could not be ended; it is due again a little later. */
export async function putOffErasure({ query }: Pick<Database, 'query'>, { contactId }: Erasure): Promise<void> {
  await sql`update erasures set due_at = ${THIS_MOMENT} + ${WAIT}
    where contact_id = ${contactId} and due_at is not null`.execute(query)
}

/**
 * Writes down that nothing is left, and forgets what was sought; or, the second time, that it is over. One that was asked
 * for again meanwhile goes on. The audit has it, too, by which open pages are told that what they show is gone.
 */
export async function noteErased({ query }: Pick<Database, 'query'>, { contactId, askedAt, sought }: Erasure) {
  const isOfThis = sql`contact_id = ${contactId} and asked_at = ${formatInstant(askedAt)}::timestamptz`
  if (sought !== null) {
    await query.transaction().execute(async (transaction) => {
      const { rows } = await sql<Actor>`
        update erasures set sought = null, cleaned_at = ${THIS_MOMENT}, due_at = ${LOOKED_AT_AGAIN}, tries = 0
        where ${isOfThis} and cleaned_at is null returning who, request_id as "requestId"`.execute(transaction)
      for (const by of rows) await recordChange(transaction, by, 'contact.erasure_done', contactId, null, {})
    })
  } else {
    await sql`update erasures set done_at = ${THIS_MOMENT}, due_at = null where ${isOfThis} and cleaned_at is not null`.execute(
      query,
    )
  }
}

/** Of how many people something is still to be removed. */
export async function unfinishedErasures({ query }: Pick<Database, 'query'>): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from erasures where cleaned_at is null`.execute(query)
  return rows[0]?.count ?? 0
}

import { type Kysely, sql, type Transaction } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { Answer, AnswerKey } from '../attempts/book.ts'
import type { Actor } from '../audit/actor.ts'
import { entryOf, type Fields } from '../audit/entry.ts'
import { recordChange, recordEntries } from '../audit/record.ts'
import { type AgentSight, type Sight, seenContact, seenOpportunity } from '../auth/sight.ts'
import type { Database } from '../database/database.ts'
import { lookThrough } from '../database/look-through.ts'
import type { Tables } from '../database/tables.ts'
import { erasedAmong, isErased } from '../erasure/store.ts'
import type { Position } from '../http/cursor.ts'
import { isKeyTaken, refusedAnswer, rememberAnswer, rememberedAnswer } from '../http/idempotency.ts'
import { refusal } from '../http/refusal.ts'
import type { Instant } from '../time.ts'
import type { Contact, ContactBody, ContactChanges } from './contact.ts'
import { indexPatterns, searchPatterns, searchTextOf } from './search.ts'

type Row = Omit<Contact, 'search_text'>

const COLUMNS = [
  'id',
  'name',
  'phones',
  'email',
  'timezone',
  'opt_out',
  'revision',
  'created_at',
  'updated_at',
] as const

const searchTextFor = ({ name, email, phones }: Pick<Contact, 'name' | 'email' | 'phones'>): string =>
  searchTextOf([name, email, ...phones])

type NewContact = Omit<Contact, 'revision' | 'created_at' | 'updated_at'> & { created_at: Instant | null }

/**
 * `POST`: makes a contact. Its result is the whole answer, so that it can be kept for a repeated `Idempotency-Key`, in
 * the same transaction.
 */
export async function createContact(
  database: Database,
  contact: NewContact,
  by: Actor,
  answerKey: AnswerKey | null = null,
): Promise<Answer> {
  const remembered = answerKey === null ? null : await rememberedAnswer(database, answerKey)
  if (remembered !== null) return remembered
  const created = await database.query
    .transaction()
    .execute(async (transaction) => {
      const body = await insertContact(transaction, contact)
      if (body === null) return null
      // Now that it is there: whoever erases it at this moment comes before or after.
      if (await isErased({ query: transaction }, body.id)) throw new ErasedError()
      await recordChange(transaction, by, 'contact.created', body.id, null, auditedOf(body), concernedBy(body))
      const answer = { status: 201, body }
      if (answerKey !== null) await rememberAnswer(transaction, answerKey, answer)
      return answer
    })
    .catch((error: unknown) => {
      if (error instanceof ErasedError) return null
      // Somebody else's request with this key was faster.
      if (answerKey !== null && isKeyTaken(error)) return null
      throw error
    })
  if (created !== null) return created
  const winner = answerKey === null ? null : await rememberedAnswer(database, answerKey)
  if (winner !== null) return winner
  const is = (await isErased(database, contact.id)) ? 'was erased, and stays erased' : 'exists already'
  return refusedAnswer(refusal('conflict', `A contact with the id ${contact.id} ${is}.`))
}

const valuesOf = ({ created_at, ...contact }: NewContact) => ({
  ...contact,
  search_text: searchTextFor(contact),
  created_at: created_at === null ? sql<string>`now()` : formatInstant(created_at),
  updated_at: sql<string>`now()`,
})

async function insertContact(transaction: Transaction<Tables>, contact: NewContact): Promise<ContactBody | null> {
  const row = await transaction
    .insertInto('contacts')
    .values(valuesOf(contact))
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning(COLUMNS)
    .executeTakeFirst()
  return row === undefined ? null : bodyOf(row)
}

class ErasedError extends Error {}

/**
 * Makes contacts in one statement; one whose id is there already is left as it is, and one that was erased stays so.
 *
 * @returns the ids of those that were made
 */
export async function createContacts(
  database: Database,
  contacts: readonly NewContact[],
  by: Actor,
): Promise<Set<string>> {
  const erased = await erasedAmong(database.query, idsOf(contacts))
  const others = contacts.filter(({ id }) => !erased.has(id))
  if (others.length === 0) return new Set()
  const made = await database.query
    .transaction()
    .execute(async (transaction) => {
      const rows = await transaction
        .insertInto('contacts')
        .values(others.map(valuesOf))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .returning(COLUMNS)
        .execute()
      // As above.
      if ((await erasedAmong(transaction, idsOf(rows))).size > 0) throw new ErasedError()
      const entries = rows
        .map(bodyOf)
        .map((body) => entryOf(by, 'contact.created', body.id, null, auditedOf(body), concernedBy(body)))
      await recordEntries(
        transaction,
        entries.filter((entry) => entry !== null),
      )
      return rows
    })
    .catch((error: unknown) => {
      if (error instanceof ErasedError) return null
      throw error
    })
  // The next time it is known which.
  return made === null ? createContacts(database, contacts, by) : new Set(idsOf(made))
}

const idsOf = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id)

/** What the audit knows of a contact: all but what follows from the rest. */
const auditedOf = ({ id: _, revision: __, updated_at: ___, ...fields }: ContactBody): Fields => ({ ...fields })

const concernedBy = ({ id }: { id: string }) => ({ contactId: id, callId: null })

/** One contact; null where there is none, or the caller may not see it. */
export async function findContact(
  { query }: Pick<Database, 'query'>,
  id: string,
  sight: Sight = 'everything',
): Promise<ContactBody | null> {
  let contact = query.selectFrom('contacts').select(COLUMNS).where('id', '=', id)
  if (sight !== 'everything') contact = contact.where(seenContact(sight, CONTACT_ID))
  const row = await contact.executeTakeFirst()
  return row === undefined ? null : bodyOf(row)
}

/** Those of these contacts that there are, by their ids. Who sees an opportunity sees its contact. */
export async function contactsById(query: Kysely<Tables>, ids: readonly string[]): Promise<Map<string, ContactBody>> {
  if (ids.length === 0) return new Map()
  const rows = await query
    .selectFrom('contacts')
    .select(COLUMNS)
    .where('id', 'in', [...new Set(ids)])
    .execute()
  return new Map(rows.map((row) => [row.id, bodyOf(row)]))
}

/**
 * Changes what is given; a change that changes nothing writes nothing.
 *
 * @returns the contact, or the revision where it is not the expected one
 */
export async function changeContact(
  { query }: Database,
  id: string,
  changes: ContactChanges,
  by: Actor,
  isExpected: (revision: number) => boolean,
): Promise<{ contact: ContactBody } | 'not_found' | { revision: number }> {
  return query.transaction().execute(async (transaction) => {
    const found = await transaction
      .selectFrom('contacts')
      .select(COLUMNS)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (found === undefined) return 'not_found'
    if (!isExpected(found.revision)) return { revision: found.revision }
    const changed = { ...found, ...changes }
    if (JSON.stringify(changed) === JSON.stringify(found)) return { contact: bodyOf(found) }
    const row = await transaction
      .updateTable('contacts')
      .set({ ...changes, search_text: searchTextFor(changed), revision: found.revision + 1, updated_at: sql`now()` })
      .where('id', '=', id)
      .returning(COLUMNS)
      .executeTakeFirstOrThrow()
    const [before, contact] = [bodyOf(found), bodyOf(row)]
    const fields = [auditedOf(before), auditedOf(contact)] as const
    await recordChange(transaction, by, 'contact.changed', id, ...fields, concernedBy(contact))
    return { contact }
  })
}

/**
 * Deletes a contact who has neither calls nor opportunities.
 *
 * @returns null where it is done; else what stands in the way
 */
export async function deleteContact(
  { query }: Database,
  id: string,
  by: Actor,
  isExpected: (revision: number) => boolean,
): Promise<null | 'not_found' | { revision: number } | { calls: number; opportunities: number }> {
  return query.transaction().execute(async (transaction) => {
    const found = await transaction
      .selectFrom('contacts')
      .select(COLUMNS)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (found === undefined) return 'not_found'
    if (!isExpected(found.revision)) return { revision: found.revision }
    const { calls } = await transaction
      .selectFrom('calls')
      .select((expression) => expression.fn.countAll<number>().as('calls'))
      .where('entity_id', '=', id)
      .where('entity_type', '=', 'contacts')
      .where('deleted_at', 'is', null)
      .executeTakeFirstOrThrow()
    const { opportunities } = await transaction
      .selectFrom('lead_opportunities')
      .select((expression) => expression.fn.countAll<number>().as('opportunities'))
      .where('contact_id', '=', id)
      .executeTakeFirstOrThrow()
    if (calls > 0 || opportunities > 0) return { calls, opportunities }
    await transaction.deleteFrom('contacts').where('id', '=', id).execute()
    await recordChange(transaction, by, 'contact.deleted', id, auditedOf(bodyOf(found)), null, concernedBy(found))
    return null
  })
}

/** What a list of contacts is narrowed by. */
export interface ContactFilter {
  q?: string | undefined
  /** In E.164. */
  phone?: string | undefined
}

const CONTACT_ID = sql`contacts.id`

/** The contacts that the filter leaves and the caller may see, newest first, after a position. */
export async function listContacts(
  { query }: Database,
  { q = '', phone }: ContactFilter,
  limit: number,
  after: Position | null,
  sight: Sight = 'everything',
): Promise<{ data: ContactBody[]; next: Position | null }> {
  let contacts = query.selectFrom('contacts').select(COLUMNS)
  if (phone !== undefined) {
    // Apart, or the planner takes a number for something that many contacts have, and walks through all of them.
    const having = sql`select id from contacts where phones @> array[${phone}]::text[] offset 0`
    contacts = contacts.where(sql<boolean>`contacts.id = any(array(${having}))`)
  }
  if (after !== null) {
    contacts = contacts.where(sql<boolean>`(created_at, id) < (${after.key}::timestamptz, ${after.id}::uuid)`)
  }
  const sorted = contacts.orderBy('created_at', 'desc').orderBy('id', 'desc')
  const isMatch = sql<boolean>`search_text like any(${searchPatterns(q)}::text[])`
  const isSearch = q.trim() !== ''
  const among = (count: number) => {
    let firstRows = query.selectFrom(sorted.select('search_text').limit(count).as('contacts')).select(COLUMNS)
    if (isSearch) firstRows = firstRows.where(isMatch)
    if (sight !== 'everything') firstRows = firstRows.where(seenContact(sight, CONTACT_ID))
    return firstRows.limit(limit + 1).execute()
  }
  const byIndex = async () => {
    let few = sorted
    if (isSearch && sight !== 'everything' && (await seesFew(query, sight))) {
      // Not by the index of trigrams, which finds everybody's.
      const isNamedSo = sql`search_text || '' like any(${searchPatterns(q)}::text[])`
      few = few.where(sql<boolean>`contacts.id in (${idsInSight(sight)}) and ${isNamedSo}`)
    } else if (isSearch) {
      few = few.where(sql<boolean>`contacts.id in (select id from contacts where ${isAmongFew(q)} offset 0)`)
    } else if (sight !== 'everything' && phone === undefined) {
      few = few.where(sql<boolean>`contacts.id in (${idsInSight(sight)})`)
    }
    if (sight !== 'everything') few = few.where(seenContact(sight, CONTACT_ID))
    return few.limit(limit + 1).execute()
  }
  const isPlain = !isSearch && (sight === 'everything' || phone !== undefined)
  const rows = await (isPlain ? byIndex() : lookThrough(limit + 1, among, byIndex))
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  const next = rows.length > limit && last ? { key: formatInstant(last.created_at), id: last.id } : null
  return { data: data.map(bodyOf), next }
}

/** So many are compared with a search sooner than what else it finds is compared with them. */
const FEW = 50_000

async function seesFew(query: Kysely<Tables>, sight: AgentSight): Promise<boolean> {
  const { rows } = await sql<{ isFew: boolean }>`select
    (select count(*) from (select from lead_opportunities where ${seenOpportunity(sight)} limit ${FEW + 1}) as owned)
    + (select count(*) from (select from contacts_without_opportunity limit ${FEW + 1}) as free) <= ${FEW} as "isFew"
    `.execute(query)
  return rows[0]?.isFew === true
}

/** Of the contacts that an agent may see, where those are few. */
export function idsInSight(sight: AgentSight) {
  return sql`select contact_id from lead_opportunities where ${seenOpportunity(sight)}
    union select contact_id from contacts_without_opportunity offset 0`
}

/** By the index of trigrams for the shorter patterns; for the whole ones not by it. */
function isAmongFew(q: string) {
  const byWord = indexPatterns(q).map((patterns) =>
    sql.join(
      patterns.map((pattern) => sql`search_text like ${pattern}`),
      sql` and `,
    ),
  )
  return sql`(${sql.join(byWord, sql` or `)}) and search_text || '' like any(${searchPatterns(q)}::text[])`
}

function bodyOf(row: Row): ContactBody {
  return { ...row, created_at: formatInstant(row.created_at), updated_at: formatInstant(row.updated_at) }
}

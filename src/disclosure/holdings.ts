import { type Kysely, sql } from 'kysely'
import type { Database } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import { callsOf } from '../erasure/calls.ts'
import type { ErasingOptions } from '../erasure/erasure.ts'
import { ownOf } from '../erasure/own.ts'
import { isNamed, soughtFor } from '../erasure/store.ts'
import { type Traces, tracesOf } from '../erasure/traces.ts'

/** Where whatever is stored about a person lies: what erasing would remove, and what an export has. */
export interface Holdings {
  contactId: string
  /** Null where the contact is kept elsewhere (B18). */
  name: string | null
  callIds: readonly string[]
  opportunityIds: readonly string[]
  traces: Traces
}

/** Where it is looked for. */
export type DisclosureOptions = Pick<ErasingOptions, 'database' | 'mails'>

/** Later than anything. */
const EVER = Date.parse('9999-12-31T23:59:59Z')

/** Finds what is stored about a person; null where nothing names this contact. */
export async function holdingsOf({ query }: Pick<Database, 'query'>, contactId: string): Promise<Holdings | null> {
  const contact = await query
    .selectFrom('contacts')
    .select(['name', 'phones', 'email'])
    .where('id', '=', contactId)
    .executeTakeFirst()
  if (contact === undefined && !(await isNamed(query, contactId))) return null
  const own = await ownOf(query, contactId, await soughtFor(query, contactId, contact))
  const callIds = await callsOf(query, { contactId, askedAt: EVER }, own.phones)
  const opportunities = query.selectFrom('lead_opportunities').select('id').where('contact_id', '=', contactId)
  return {
    contactId,
    name: contact?.name ?? null,
    callIds: await undeleted(query, callIds),
    opportunityIds: (await opportunities.orderBy('created_at').execute()).map(({ id }) => id),
    traces: tracesOf(own),
  }
}

async function undeleted(query: Kysely<Tables>, callIds: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from calls where id = any(${callIds}::uuid[]) and deleted_at is null order by id`.execute(query)
  return rows.map(({ id }) => id)
}

/** How much of it there is, for whoever is asked whether it is to be removed. */
export interface HoldingCounts {
  calls: number
  opportunities: number
  /** Of the calls, whose audio is there. */
  recordings: number
  /** In the inbox: those of the calls. */
  messages: number
}

/** Counts what {@link holdingsOf} found. */
export async function countsOf(
  { query }: Pick<Database, 'query'>,
  { callIds, opportunityIds }: Holdings,
): Promise<HoldingCounts> {
  const { rows } = await sql<Pick<HoldingCounts, 'recordings' | 'messages'>>`select
    (select count(*) from recordings where call_id = any(${callIds}::uuid[]) and status = 'available') as recordings,
    (select count(*) from inbox where call_id = any(${callIds}::uuid[]) and emptied_at is null) as messages`.execute(
    query,
  )
  const [{ recordings, messages } = { recordings: 0, messages: 0 }] = rows
  return { calls: callIds.length, opportunities: opportunityIds.length, recordings, messages }
}

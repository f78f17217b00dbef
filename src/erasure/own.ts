import { type Kysely, sql } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { Sought } from './traces.ts'

/** What no other contact is called, or has: what tells of others as well does not tell of this one. */
export async function ownOf(
  query: Kysely<Tables>,
  contactId: string,
  { names, phones, emails }: Sought,
): Promise<Sought> {
  const isOther = sql`contacts.id <> ${contactId}`
  const { rows } = await sql<{ phones: string[] | null; names: string[] | null; emails: string[] | null }>`select
    (select json_agg(phone) from unnest(${phones}::text[]) as sought (phone)
      where not exists (select from contacts where ${isOther} and contacts.phones @> array[phone])) as phones,
    (select json_agg(sought.name) from unnest(${names}::text[]) as sought (name)
      where not exists (select from contacts where ${isOther} and lower(contacts.name) = lower(sought.name))) as names,
    (select json_agg(sought.email) from unnest(${emails}::text[]) as sought (email)
      where not exists (select from contacts where ${isOther} and lower(contacts.email) = lower(sought.email))) as emails`.execute(
    query,
  )
  const [own] = rows
  return { names: own?.names ?? [], phones: own?.phones ?? [], emails: own?.emails ?? [] }
}

import type { Kysely } from 'kysely'
import type { ContactBody } from '../contacts/contact.ts'
import { contactsById } from '../contacts/store.ts'
import type { Tables } from '../database/tables.ts'
import type { OpportunityBody } from './body.ts'

/** The same opportunities with their contacts; null where there is none (B18). */
export async function withContacts(
  query: Kysely<Tables>,
  opportunities: readonly OpportunityBody[],
): Promise<(OpportunityBody & { contact: ContactBody | null })[]> {
  const ids = opportunities.map(({ contact_id }) => contact_id)
  const contacts = await contactsById(query, ids)
  return opportunities.map((one) => ({ ...one, contact: contacts.get(one.contact_id) ?? null }))
}

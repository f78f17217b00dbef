import { answered, api, Problem } from '../api/client.ts'
import type { components } from '../api/schema.d.ts'

export type Contact = components['schemas']['Contact']

/** A lead as it was typed. */
export interface Typed {
  name: string
  phones: string[]
  email: string
  title: string
  source: string
}

/** Ids that are given once: what is sent a second time makes nothing twice. */
export interface Ids {
  contact: string
  opportunity: string
}

/** An id without a context that is secure, which `crypto.randomUUID` asks for. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20)}`
}

const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim())

/** Takes what was made by the same id before, when the answer was lost, for the answer. */
async function madeOnce<Made>(make: () => Promise<Made>, find: () => Promise<Made>): Promise<Made> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof Problem && error.status === 409) return find()
    throw error
  }
}

/** Makes a contact, unless there is one, and its opportunity. */
export async function makeLead(typed: Typed, ids: Ids, known: Contact | null): Promise<{ id: string }> {
  const contact = known ?? (await makeContact(typed, ids.contact))
  const path = { id: ids.opportunity }
  const fields = { title: orNull(typed.title), source: orNull(typed.source) }
  const body = { ...path, contact_id: contact.id, status: 'pending', first_call_attempts: {}, ...fields }
  return madeOnce(
    () => answered(api.POST('/api/crm/opportunities', { body })),
    () => answered(api.GET('/api/crm/opportunities/{id}', { params: { path } })),
  )
}

function makeContact({ name, phones, email }: Typed, id: string): Promise<Contact> {
  const numbers = phones.filter((phone) => phone.trim() !== '')
  const body = { id, name: name.trim(), phones: numbers, email: orNull(email), timezone: null, opt_out: false }
  return madeOnce(
    () => answered(api.POST('/api/crm/contacts', { body })),
    () => answered(api.GET('/api/crm/contacts/{id}', { params: { path: { id } } })),
  )
}

/** Who has a number already; null where nobody has, or it cannot be a number. */
export async function findByPhone(phone: string): Promise<Contact | null> {
  try {
    const { data } = await answered(api.GET('/api/crm/contacts', { params: { query: { phone, limit: 1 } } }))
    return data[0] ?? null
  } catch (error) {
    if (error instanceof Problem && error.status === 422) return null
    throw error
  }
}

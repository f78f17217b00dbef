import { randomUUID } from 'node:crypto'
import type { TestService } from '../service.ts'

let numbers = 0
/** One that nobody has yet. */
export const newPhone = (): string => `+3460${String(++numbers).padStart(7, '0')}`

/** Posts, and gives what was made. */
export async function post(service: TestService, url: string, fields: object) {
  const { status, body } = await service.request('POST', url, fields)
  if (status !== 201) throw new Error(JSON.stringify(body))
  return body
}

export const contactOf = (service: TestService, name: string, phone = newPhone()) =>
  post(service, '/api/crm/contacts', { name, phones: [phone] })

/** A call whose number two contacts have, and the doubt about it. */
export async function doubt(service: TestService, kind: 'doubtful_link' | 'contradiction' = 'doubtful_link') {
  const phone = newPhone()
  const contacts = [await contactOf(service, 'Ana Torres', phone), await contactOf(service, 'مريم الفارسي', phone)]
  const call = await post(service, '/api/crm/calls', {
    direction: 'outbound',
    phone_number: phone,
    extension: '101',
    call_status: 'no_answer',
    started_at: '2026-03-02T10:12:00Z',
    entity_type: 'contacts',
    entity_id: contacts[1].id,
  })
  const candidates =
    kind === 'contradiction'
      ? [
          { field: 'call_status', value: 'no_answer' },
          { field: 'call_status', value: 'busy' },
        ]
      : contacts.map(({ id }, place) => ({ contact_id: id, is_linked: place }))
  const id = randomUUID()
  await service.sql(
    `insert into review_items (id, kind, natural_key, call_id, reason, candidates) values ($1, $2, $3, $4, $5, $6)`,
    [
      id,
      kind,
      id,
      call.id,
      `2 contacts have the number ${phone}, and none of them an open opportunity; the one made last was taken.`,
      JSON.stringify(candidates),
    ],
  )
  return { id, call, contacts }
}

/** What was decided of an item; null while nothing is. */
export const decisionOf = async (service: TestService, id: string) =>
  (await service.sql<{ decision: object | null }>('select decision from review_items where id = $1', [id]))[0]?.decision

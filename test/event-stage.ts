import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { TestService } from './service.ts'

/* What happens while somebody listens to what is told live. */

/** Has a service listen; gives its address. */
export async function addressOf({ app }: TestService): Promise<string> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}

/** Makes a contact with an opportunity, which is nobody's where that is left out; gives the ids of both. */
export async function leadOf(
  service: TestService,
  assigned_to: string | null = null,
): Promise<{ contact: string; opportunity: string }> {
  const [contact, opportunity] = [randomUUID(), randomUUID()]
  await service.request('POST', '/api/crm/contacts', { id: contact, name: 'Ana' })
  await service.request('POST', '/api/crm/opportunities', { id: opportunity, contact_id: contact, assigned_to })
  return { contact, opportunity }
}

/** Makes a call to a contact, which was busy. */
export const callTo = (service: TestService, contact: string) =>
  service.request('POST', '/api/crm/calls', {
    id: randomUUID(),
    direction: 'outbound',
    entity_type: 'contacts',
    entity_id: contact,
    call_status: 'busy',
  })

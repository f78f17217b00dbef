import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { sweepInbox } from '../src/inbox/inbox.ts'
import { inboxBacklog } from '../src/inbox/store.ts'
import { ZADARMA } from './doors.ts'
import type { TestService } from './service.ts'
import { signedNotification } from './zadarma-server.ts'

/* Notifications of outgoing calls, and what became of them. */

export type Fields = { event: string } & Record<string, string>

const START = '2026-03-02 10:15:00'

let numbers = 0

export const outId = (): string => `out_${createHash('sha1').update(randomUUID()).digest('hex')}`
export const newNumber = (): string => `+3461${String(1_000_000 + ++numbers)}`

/** A call begins. */
export const outStart = (id: string, number: string, more: Record<string, string> = {}): Fields => ({
  event: 'NOTIFY_OUT_START',
  call_start: START,
  pbx_call_id: id,
  destination: number.replace('+', ''),
  internal: '101',
  caller_id: '0',
  ...more,
})

/** A call has ended. */
export const outEnd = (id: string, number: string, disposition: string, more: Record<string, string> = {}): Fields => ({
  ...outStart(id, number),
  event: 'NOTIFY_OUT_END',
  caller_id: '34911111111',
  duration: '42',
  disposition,
  status_code: '16',
  is_recorded: '0',
  ...more,
})

/** Posts a form with a signature: its own, or that of another form. */
export function post(service: TestService, fields: Fields, signed: Fields = fields) {
  const { headers } = signedNotification(signed, ZADARMA.secret ?? '')
  const payload = new URLSearchParams(fields).toString()
  return service.app.inject({ method: 'POST', url: '/api/zadarma/webhook', payload, headers })
}

/** Waits until nothing is left in the inbox: on a busy machine a message may have been. */
export async function untilHandled(service: TestService): Promise<void> {
  while ((await inboxBacklog(service.database)).waiting > 0) {
    if ((await sweepInbox(service.inbox)) === 0) await pause(20)
  }
}

/** Posts a form, and waits until it is handled. */
export async function notify(service: TestService, fields: Fields, signed: Fields = fields) {
  const answer = await post(service, fields, signed)
  await untilHandled(service)
  return answer
}

/** A contact with this number, and an opportunity of it. */
export async function lead(service: TestService, number: string, name = 'Ana García') {
  const contact = await service.request('POST', '/api/crm/contacts', { name, phones: [number] })
  const opportunity = await service.request('POST', '/api/crm/opportunities', { contact_id: contact.body.id })
  return { contactId: contact.body.id as string, opportunityId: opportunity.body.id as string }
}

/** The call with this `pbx_call_id` as the API shows it, or null. */
export async function callOf(service: TestService, pbxCallId: string) {
  const [row] = await service.sql<{ id: string }>('select id from calls where provider_call_id = $1', [pbxCallId])
  if (row === undefined) return null
  const { status, body } = await service.request('GET', `/api/crm/calls/${row.id}`)
  return status === 200 ? body : null
}

/** An opportunity's attempts. */
export async function attemptsOf(service: TestService, opportunityId: string) {
  return (await service.request('GET', `/api/crm/opportunities/${opportunityId}`)).body.first_call_attempts
}

/** The open items of the review list that are about this call. */
export async function doubtsOf(service: TestService, callId: string) {
  const { body } = await service.request('GET', '/api/crm/review?limit=200')
  return body.data.filter((item: { call_id: string }) => item.call_id === callId)
}

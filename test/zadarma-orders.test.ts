import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import * as door from './zadarma-door.ts'
import { type Fields, newNumber, outEnd, outId, outStart } from './zadarma-door.ts'

/* R8 at the door of the PBX: what is told of a call comes in any order, and more than once. */

let database: TestDatabase
let service: TestService

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

const STEPS = ['OUT_START', 'OUT_END', 'RECORD', 'PATCH', 'CONTACT'] as const
type Step = (typeof STEPS)[number]

const MACHINES: ReadonlySet<Step> = new Set(['OUT_START', 'OUT_END', 'RECORD'])

function ordersOf<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((first) => ordersOf(items.filter((item) => item !== first)).map((rest) => [first, ...rest]))
}

/** Without what says when and how often it was written, and with ids that say the same for every call. */
function comparable(state: unknown, ids: Readonly<Record<string, string>>): unknown {
  const { created_at: _, updated_at: __, revision: ___, ...rest } = state as Record<string, unknown>
  let text = JSON.stringify(rest)
  for (const [name, id] of Object.entries(ids)) text = text.replaceAll(id, name)
  return JSON.parse(text)
}

let recordings = 0

/** One call in one order, each event told once more at the end; what is left of it then. */
async function play(order: readonly Step[], end: { disposition: string; namesRecording: boolean }) {
  const [number, pbxCallId, contactId] = [newNumber(), outId(), randomUUID()]
  const recordingId = `${1_772_442_905 + ++recordings}.1230`
  // The opportunity is there from the beginning; whose it is becomes known later.
  const { body: opportunity } = await service.request('POST', '/api/crm/opportunities', { contact_id: contactId })
  const named = end.namesRecording ? { call_id_with_rec: recordingId } : {}
  const notifications: Partial<Record<Step, Fields>> = {
    // Passed on to another extension: the end has the last word (B10).
    OUT_START: outStart(pbxCallId, number, { internal: '102' }),
    OUT_END: outEnd(pbxCallId, number, end.disposition, { is_recorded: '1', ...named }),
    RECORD: { event: 'NOTIFY_RECORD', pbx_call_id: pbxCallId, call_id_with_rec: recordingId },
  }
  const take = async (step: Step): Promise<void> => {
    const notification = notifications[step]
    if (notification !== undefined) await door.notify(service, notification)
    else if (step === 'CONTACT') {
      const contact = { id: contactId, name: 'Ana García', phones: [number] }
      await service.request('POST', '/api/crm/contacts', contact)
    } else {
      const { id } = await door.callOf(service, pbxCallId)
      await service.request('PATCH', `/api/crm/calls/${id}`, { resumen_llamada: 'Quiere una oferta' })
    }
  }
  for (const step of [...order, ...order]) await take(step)
  const call = await door.callOf(service, pbxCallId)
  const { body: after } = await service.request('GET', `/api/crm/opportunities/${opportunity.id}`)
  const [row] = await service.sql('select sources from calls where id = $1', [call.id])
  const ids = {
    call: call.id,
    contact: contactId,
    opportunity: opportunity.id,
    recording: call.recordings[0].id,
    number,
    pbx_call_id: pbxCallId,
  }
  return {
    call: comparable(call, ids),
    opportunity: comparable(after, ids),
    // What a later word may still replace is a part of the state too (B10).
    sources: row?.sources,
    doubts: await door.doubtsOf(service, call.id),
  }
}

/** Calls that know nothing of each other. */
const AT_ONCE = 24

const ORDERS = ordersOf(STEPS).filter(([first]) => first !== undefined && MACHINES.has(first))

it.each([
  { disposition: 'answered', namesRecording: true, colour: 'green', status: 'answered' },
  { disposition: 'busy', namesRecording: false, colour: 'orange', status: 'busy' },
])('a call that is $disposition ends the same in all 72 orders', async ({ colour, status, ...end }) => {
  expect(ORDERS).toHaveLength(72)
  const first = await play(STEPS, end)
  expect(first).toMatchObject({
    call: {
      entity_type: 'contacts',
      entity_id: 'contact',
      direction: 'outbound',
      call_status: status,
      resumen_llamada: 'Quiere una oferta',
      phone_number: 'number',
      extension: '101',
      started_at: '2026-03-02T09:15:00Z',
      duration_seconds: 42,
      attempt: { outcome: 'registered', opportunity_id: 'opportunity', number: 1, status: colour },
      link: { how: 'number', candidates: ['contact'] },
      recordings: [{ status: 'expected' }],
    },
    opportunity: {
      status: 'contacted',
      first_call_attempts: { 1: { status: colour, call_id: 'call', notes: 'Quiere una oferta' } },
      first_call_completed: colour === 'green',
      last_contact_attempt_at: '2026-03-02T09:15:00Z',
    },
    doubts: [],
  })
  for (let from = 0; from < ORDERS.length; from += AT_ONCE) {
    const orders = ORDERS.slice(from, from + AT_ONCE)
    const states = await Promise.all(orders.map(async (order) => ({ order, ...(await play(order, end)) })))
    expect(states).toEqual(orders.map((order) => ({ order, ...first })))
  }
})

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { MailOfCall } from '../src/calls/mail.ts'
import { tellFigures } from './figures.ts'
import { audio, mail, receive } from './mails-door.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService, untilTaken } from './service.ts'
import * as door from './zadarma-door.ts'
import { type Fields, newNumber, outEnd, outId, outStart } from './zadarma-door.ts'

/* R8: what is told of a call, by the PBX, by its e-mail and by persons, comes in any order, and more than once. */

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

const STEPS = ['OUT_START', 'OUT_END', 'RECORD', 'MAIL', 'PATCH', 'CONTACT'] as const
type Step = (typeof STEPS)[number]

const MACHINES: ReadonlySet<Step> = new Set(['OUT_START', 'OUT_END', 'RECORD', 'MAIL'])

function ordersOf<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((first) => ordersOf(items.filter((item) => item !== first)).map((rest) => [first, ...rest]))
}

const ORDERS = ordersOf(STEPS).filter(([first]) => first !== undefined && MACHINES.has(first))

interface End {
  disposition: string
  /** Who names the recording. */
  isNamedBy: { end: boolean; mail: boolean }
}

/** One call in one order. Calls know nothing of each other. */
interface Play {
  order: readonly Step[]
  number: string
  pbxCallId: string
  contactId: string
  opportunityId: string
  notifications: Partial<Record<Step, Fields>>
  mail: MailOfCall
}

let recordings = 0

async function prepare(order: readonly Step[], { disposition, isNamedBy }: End): Promise<Play> {
  const [number, pbxCallId, contactId] = [newNumber(), outId(), randomUUID()]
  const recordingId = `${1_772_442_905 + ++recordings}.1230`
  // The opportunity is there from the beginning; whose it is becomes known later.
  const { body: opportunity } = await service.request('POST', '/api/crm/opportunities', { contact_id: contactId })
  const named = isNamedBy.end ? { call_id_with_rec: recordingId } : {}
  return {
    order,
    number,
    pbxCallId,
    contactId,
    opportunityId: opportunity.id,
    notifications: {
      // Passed on to another extension: the end has the last word (B10).
      OUT_START: outStart(pbxCallId, number, { internal: '102' }),
      OUT_END: outEnd(pbxCallId, number, disposition, { is_recorded: '1', ...named }),
      RECORD: { event: 'NOTIFY_RECORD', pbx_call_id: pbxCallId, call_id_with_rec: recordingId },
    },
    mail: mail(number, {
      recordings: [audio(isNamedBy.mail ? recordingId : null, 'always the same')],
      fields: { resumen_llamada: 'Llamada de 41 segundos' },
    }),
  }
}

async function take(play: Play, step: Step, callId: string | undefined): Promise<void> {
  const notification = play.notifications[step]
  if (notification !== undefined) expect((await door.post(service, notification)).statusCode).toBe(200)
  else if (step === 'MAIL') await receive(service, play.mail)
  else if (step === 'CONTACT') {
    const contact = { id: play.contactId, name: 'Ana García', phones: [play.number] }
    const { status } = await untilTaken(() => service.request('POST', '/api/crm/contacts', contact))
    expect([201, 409]).toContain(status)
  } else {
    const summary = { resumen_llamada: 'Quiere una oferta' }
    const { status } = await untilTaken(() => service.request('PATCH', `/api/crm/calls/${callId}`, summary))
    expect(status).toBe(200)
  }
}

/** By number or by the PBX's id: of two records of one call the one that an e-mail made, which is to go. */
async function callsOf(plays: readonly Play[]): Promise<Map<Play, string>> {
  const rows = await service.sql<{ id: string; phone_number: string | null; provider_call_id: string | null }>(
    `select id, phone_number, provider_call_id from calls
     where deleted_at is null and (phone_number = any($1) or provider_call_id = any($2))
     order by provider nulls last`,
    [plays.map(({ number }) => number), plays.map(({ pbxCallId }) => pbxCallId)],
  )
  const byName = new Map(rows.flatMap((row) => [[row.phone_number, row.id] as const, [row.provider_call_id, row.id]]))
  return new Map(
    plays.flatMap((play) => {
      const id = byName.get(play.number) ?? byName.get(play.pbxCallId)
      return id === undefined ? [] : [[play, id] as const]
    }),
  )
}

/** Without what says when and how often it was written, and with ids that say the same for every call. */
function comparable(state: unknown, ids: Readonly<Record<string, string>>): unknown {
  const { created_at: _, updated_at: __, revision: ___, ...rest } = state as Record<string, unknown>
  let text = JSON.stringify(rest)
  for (const [name, id] of Object.entries(ids)) text = text.replaceAll(id, name)
  return JSON.parse(text)
}

async function stateOf({ number, pbxCallId, contactId, opportunityId }: Play, callId: string, sources: object) {
  const [{ body: call }, { body: opportunity }] = await Promise.all([
    service.request('GET', `/api/crm/calls/${callId}`),
    service.request('GET', `/api/crm/opportunities/${opportunityId}`),
  ])
  const ids = {
    call: callId,
    contact: contactId,
    opportunity: opportunityId,
    recording: call.recordings[0].id,
    number,
    pbx_call_id: pbxCallId,
  }
  // What a later word may still replace is a part of the state too (B10).
  return { call: comparable(call, ids), opportunity: comparable(opportunity, ids), sources }
}

/** So many answers have one connection each before the time is over. */
const READ_AT_ONCE = 40

/** Plays a call in each of these orders, every step twice, and tells how each ended. */
async function playAll(orders: readonly Step[][], end: End) {
  const plays = await Promise.all(orders.map((order) => prepare(order, end)))
  // All their first steps, then all their second ones: calls of different orders are written together.
  for (let step = 0; step < 2 * STEPS.length; step++) {
    const calls = await callsOf(plays)
    await Promise.all(plays.map((play) => take(play, play.order[step % STEPS.length] ?? 'MAIL', calls.get(play))))
    await door.untilHandled(service)
  }
  const calls = await callsOf(plays)
  const rows = await service.sql<{ id: string; sources: object }>('select id, sources from calls where id = any($1)', [
    [...calls.values()],
  ])
  const sources = new Map(rows.map((row) => [row.id, row.sources]))
  const states: Awaited<ReturnType<typeof stateOf>>[] = []
  for (let from = 0; from < plays.length; from += READ_AT_ONCE) {
    const some = plays.slice(from, from + READ_AT_ONCE).map((play) => {
      const id = calls.get(play) ?? ''
      return stateOf(play, id, sources.get(id) ?? {})
    })
    states.push(...(await Promise.all(some)))
  }
  return { plays, states }
}

it.each<End & { colour: string; status: string }>([
  { disposition: 'answered', isNamedBy: { end: true, mail: false }, colour: 'green', status: 'answered' },
  { disposition: 'busy', isNamedBy: { end: false, mail: true }, colour: 'orange', status: 'busy' },
])('a call that is $disposition ends the same in all 480 orders', async ({ colour, status, ...end }) => {
  expect(ORDERS).toHaveLength(480)
  const { plays, states } = await playAll(ORDERS, end)
  const [first] = states
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
      provider: 'zadarma',
      provider_call_id: 'pbx_call_id',
      attempt: { outcome: 'registered', opportunity_id: 'opportunity', number: 1, status: colour },
      link: { how: 'number', candidates: ['contact'] },
      recordings: [{ status: 'available', url: '/api/crm/calls/call/recordings/recording' }],
    },
    opportunity: {
      status: 'contacted',
      first_call_attempts: { 1: { status: colour, call_id: 'call', notes: 'Quiere una oferta' } },
      first_call_completed: colour === 'green',
      last_contact_attempt_at: '2026-03-02T09:15:00Z',
    },
  })
  const differing = plays.flatMap(({ order }, place) =>
    JSON.stringify(states[place]) === JSON.stringify(first) ? [] : [{ order, ...states[place] }],
  )
  expect(differing.slice(0, 3)).toEqual([])
  const numbers = plays.map(({ number }) => number)
  const left = await service.sql('select from calls where phone_number = any($1) and deleted_at is null', [numbers])
  expect(left).toHaveLength(480)
  expect((await service.request('GET', '/api/crm/review')).body.data).toEqual([])
})

it('control: where nobody remembers who said what, a call ends in several ways', async () => {
  await service.sql(`
    create function forget() returns trigger language plpgsql as $$ begin new.sources := '{}'; return new; end $$;
    create trigger forget before insert or update on calls for each row execute function forget()`)
  const some = ORDERS.filter((_, place) => place % 12 === 0)
  const { states } = await playAll(some, { disposition: 'answered', isNamedBy: { end: true, mail: false } })
  const ends = new Set(states.map((state) => JSON.stringify(state)))
  tellFigures('R8', `${some.length} orders end in ${ends.size} ways where nobody remembers who said what`, true)
  expect(ends.size).toBeGreaterThan(1)
})

import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { FirstCallAttempt } from '../src/attempts/attempt.ts'
import type { Instant } from '../src/time.ts'
import { createZadarmaApi } from '../src/zadarma/api.ts'
import { createZadarmaClient } from '../src/zadarma/client.ts'
import { reconcile } from '../src/zadarma/reconcile.ts'
import { ZADARMA } from './doors.ts'
import { tellFigures } from './figures.ts'
import { Model } from './model.ts'
import { createTestDatabase, createTestService, type TestService } from './service.ts'
import { createRandom } from './zadarma/random.ts'
import type { NotificationFields } from './zadarma/scenario.ts'
import { makeCalls, type Scenario, signedNotification, startZadarmaServer } from './zadarma-server.ts'

/* Many calls, told badly: one reconciliation makes them the same as those that were told well (R16). */

/** More by `npm run chaos`. */
const CALLS = Number(process.env.SIMULATED_CALLS ?? 300)
const SEED = Number(process.env.SIMULATED_SEED ?? Date.now() % 2 ** 31)
const FROM = Date.parse('2026-02-02T08:00:00Z')
const LANES = 16
const SECRET = ZADARMA.secret ?? ''
const ZONE = ZADARMA.timezone

/** Half as many leads as calls: most get few, some get more than five. */
const numbers = Array.from({ length: CALLS / 2 }, (_, index) => `+346${String(20_000_000 + index)}`)
const extensions = ['100', '101', '102', '103']
const scenarios = makeCalls({ seed: SEED, count: CALLS, from: FROM, numbers, extensions, zone: ZONE })

interface Lead {
  contactId: string
  opportunityId: string
  /** Knows the rules, and nothing of the service. */
  model: Model
}

/** What a model is told of a call: its number once an event has it, its start, and its result. */
interface Known {
  lead: Lead | null
  started_at: Instant | null
  call_status: string | null
  call_result: string | null
}

interface World {
  service: TestService
  leads: ReadonlyMap<string, Lead>
  known: Map<string, Known>
  close(): Promise<void>
}

async function world(): Promise<World> {
  const database = await createTestDatabase()
  // The model has no clock: on a busy machine nothing is to be put off because of the time alone.
  const times = { registerWithin: 30_000, answerWithin: 60_000 }
  const zadarma = { ownNumbers: ['34910123456'] }
  const service = await createTestService({ ...database, zadarma, times })
  const created_at = FROM - 86_400_000
  const leads = new Map<string, Lead>()
  for (const number of numbers) {
    const lead = { contactId: randomUUID(), opportunityId: randomUUID(), model: new Model() }
    lead.model.createContact(lead.contactId)
    lead.model.createOpportunity({ id: lead.opportunityId, contact_id: lead.contactId, created_at })
    leads.set(number, lead)
  }
  const rows = [...leads].map(([number, { contactId, opportunityId }]) => [contactId, number, opportunityId])
  const columns = [0, 1, 2].map((place) => rows.map((row) => row[place]))
  // So many at once take longer than a request may.
  await service.database.patient.query(
    `with lead as (select * from unnest($1::uuid[], $2::text[], $3::uuid[]) as lead (contact_id, number, id)),
     made as (insert into contacts (id, name, phones, search_text)
       select contact_id, 'Lead', array[number], ' lead ' || number from lead)
     insert into lead_opportunities (id, contact_id, created_at) select id, contact_id, $4 from lead`,
    [...columns, new Date(created_at).toISOString()],
  )
  return {
    service,
    leads,
    known: new Map(),
    close: async () => {
      await service.close()
      await database.drop()
    },
  }
}

async function notify({ service }: World, fields: NotificationFields): Promise<void> {
  const { body, headers } = signedNotification(fields, SECRET)
  const answer = await service.app.inject({ method: 'POST', url: '/api/zadarma/webhook', payload: body, headers })
  expect(answer.statusCode).toBe(200)
}

/** Notifications of one number one after the other, those of different numbers at once. */
async function tell(to: World, told: readonly { scenario: Scenario; fields: NotificationFields }[]): Promise<void> {
  const lanes = Array.from({ length: LANES }, () => [] as (typeof told)[number][])
  for (const one of told) lanes[Number(one.scenario.number.slice(-6)) % LANES]?.push(one)
  await Promise.all(
    lanes.map(async (lane) => {
      for (const { scenario, fields } of lane) {
        await notify(to, fields)
        if (fields.pbx_call_id === scenario.pbx_call_id) tellModel(to, scenario, fields.event)
      }
    }),
  )
}

const STATUS: Record<string, string> = {
  answered: 'answered',
  busy: 'busy',
  'no answer': 'no_answer',
  cancel: 'no_answer',
  failed: 'failed',
  'unallocated number': 'failed',
}

/** What an event adds to what is known, naively: a record has only ids, an end has the result, any other has the rest. */
function tellModel({ leads, known }: World, scenario: Scenario, event: string): void {
  if (scenario.kind === 'incoming') return
  const before = known.get(scenario.pbx_call_id)
  const now: Known =
    before === undefined ? { lead: null, started_at: null, call_status: null, call_result: null } : { ...before }
  if (event !== 'NOTIFY_RECORD') {
    now.lead = leads.get(scenario.number) ?? null
    now.started_at = scenario.startedAt
  }
  if (event === 'NOTIFY_OUT_END' || event === 'statistics') {
    const status = STATUS[scenario.disposition]
    now.call_status = status ?? 'failed'
    now.call_result = status === undefined ? scenario.disposition : null
  }
  known.set(scenario.pbx_call_id, now)
  const { lead, started_at, call_status, call_result } = now
  if (lead === null || JSON.stringify(before) === JSON.stringify(now)) return
  const fields = { entity_type: 'contacts', entity_id: lead.contactId, started_at, call_status, call_result }
  const id = scenario.pbx_call_id
  if (lead.model.updateCall(id, fields) === 'not_found') {
    lead.model.createCall({ id, created_at: scenario.startedAt, direction: 'outbound', ...fields })
  }
}

async function reconciled(what: World): Promise<void> {
  const server = await startZadarmaServer({
    key: 'test-key',
    secret: SECRET,
    zone: ZONE,
    scenarios,
    limits: { all: { requests: 1_000, windowMs: 60_000 }, statistics: { requests: 1_000, windowMs: 60_000 } },
  })
  const limits = { all: { requests: 1_000, windowMs: 60_000 }, statistics: { requests: 1_000, windowMs: 60_000 } }
  const client = createZadarmaClient({ key: 'test-key', secret: SECRET, apiUrl: server.url, limits })
  const last = scenarios.at(-1)?.startedAt ?? FROM
  const { service } = what
  const counts = await reconcile(
    { from: FROM, to: last + 86_400_000 },
    {
      api: createZadarmaApi(client),
      register: service.register,
      config: { zadarma: { ...ZADARMA, ownNumbers: ['34910123456'] }, defaultCountry: 'ES' },
      log: { warn: () => undefined },
      metrics: service.inbox.metrics,
    },
  )
  expect(counts).toMatchObject({ failed: 0, calls: expect.any(Number) })
  await server.close()
  for (const scenario of scenarios) tellModel(what, scenario, 'statistics')
}

/** Every call by the PBX's id, without what differs from one run to another. */
async function callsOf({ service, leads }: World) {
  const numberOf = new Map([...leads].map(([number, { contactId }]) => [contactId, number]))
  const rows = await service.sql(
    `select provider_call_id, entity_type, entity_id, direction, call_status, call_result, resumen_llamada, phone_number,
       extension, started_at, answered_at, ended_at, duration_seconds, link ->> 'how' as how,
       (select json_agg(provider_recording_id order by provider_recording_id) from recordings
        where call_id = calls.id) as recordings
     from calls order by provider_call_id`,
  )
  return new Map(rows.map(({ entity_id, ...row }) => [row.provider_call_id, { ...row, lead: numberOf.get(entity_id) }]))
}

/** The attempts of each lead, with the PBX's ids of the calls. */
async function attemptsOf({ service, leads }: World) {
  const rows = await service.sql<{ id: string; attempts: Record<string, FirstCallAttempt>; completed: boolean }>(
    'select id, first_call_attempts as attempts, first_call_completed as completed from lead_opportunities',
  )
  const names = await service.sql<{ id: string; name: string }>('select id, provider_call_id as name from calls')
  const nameOf = new Map(names.map(({ id, name }) => [id, name]))
  const byOpportunity = new Map(rows.map((row) => [row.id, row]))
  return new Map(
    [...leads].map(([number, { opportunityId }]) => {
      const { attempts = {}, completed = false } = byOpportunity.get(opportunityId) ?? {}
      const list = Object.values(attempts).map(({ call_id, attempted_at, ...attempt }) => ({
        ...attempt,
        attempted_at: Date.parse(attempted_at),
        call_id: nameOf.get(call_id),
      }))
      return [number, { list, completed }]
    }),
  )
}

/** How many calls of one are not, or not the same, in the other. */
function differences<Seen>(of: ReadonlyMap<string, Seen>, other: ReadonlyMap<string, Seen>): number {
  return [...of].filter(([id, call]) => JSON.stringify(other.get(id)) !== JSON.stringify(call)).length
}

function expectLikeModel(what: World, attempts: Awaited<ReturnType<typeof attemptsOf>>): void {
  for (const [number, { opportunityId, model }] of what.leads) {
    const view = model.opportunity(opportunityId)
    expect(attempts.get(number), `${number}, seed ${SEED}`).toEqual({
      list: view?.attempts,
      completed: view?.first_call_completed,
    })
  }
}

it(`${CALLS} calls of which notifications were lost, doubled and shuffled are the same after one reconciliation`, async () => {
  const told = scenarios.flatMap((scenario) => scenario.notifications.map((fields) => ({ scenario, fields })))
  const random = createRandom(SEED)
  const heard = told.filter(() => !random.chance(0.1))
  const doubled = heard.flatMap((one) => (random.chance(0.1) ? [one, one] : [one]))

  const undisturbed = await world()
  await tell(undisturbed, told)
  expectLikeModel(undisturbed, await attemptsOf(undisturbed))

  const disturbed = await world()
  await tell(disturbed, random.shuffled(doubled))
  expectLikeModel(disturbed, await attemptsOf(disturbed))
  const missing = differences(await callsOf(undisturbed), await callsOf(disturbed))
  tellFigures('R16', `before it, ${missing} of ${CALLS} calls are missing or not whole`, true)
  expect(missing, 'before it, something is missing').toBeGreaterThan(0)
  await reconciled(disturbed)

  const calls = [await callsOf(undisturbed), await callsOf(disturbed)] as const
  expect(calls[0].size).toBe(CALLS)
  expect([...calls[1].keys()], `seed ${SEED}`).toEqual([...calls[0].keys()])
  for (const [id, call] of calls[0]) expect(calls[1].get(id), `${id}, seed ${SEED}`).toEqual(call)
  tellFigures(
    'R16',
    `${told.length - heard.length} of ${told.length} notifications lost: all ${CALLS} calls restored, seed ${SEED}`,
  )

  const attempts = [await attemptsOf(undisturbed), await attemptsOf(disturbed)] as const
  expectLikeModel(disturbed, attempts[1])
  let compared = 0
  for (const [number, expected] of attempts[0]) {
    const ofLead = scenarios.filter((scenario) => scenario.number === number && scenario.kind !== 'incoming')
    if (ofLead.length > 5 || ofLead.some(({ disposition }) => disposition === 'answered')) continue
    expect(attempts[1].get(number), `${number}, seed ${SEED}`).toEqual(expected)
    compared += ofLead.length
  }
  expect(compared).toBeGreaterThan(0)
  expect(await disturbed.service.request('GET', '/api/crm/calls?outcome=pending')).toMatchObject({ body: { data: [] } })

  const before = await disturbed.service.sql('select id, revision from calls order by id')
  await reconciled(disturbed)
  expect(await disturbed.service.sql('select id, revision from calls order by id')).toEqual(before)
  await undisturbed.close()
  await disturbed.close()
}, 600_000)

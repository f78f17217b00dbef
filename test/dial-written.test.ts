import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Run } from '../src/attempts/read.ts'
import { tidy } from '../src/attempts/sweep.ts'
import { createOrUpdateCall } from '../src/calls/report.ts'
import { createCall } from '../src/calls/save.ts'
import { sweepWaiting } from '../src/contacts/relink.ts'
import { storeRequest } from '../src/dialling/store.ts'
import { createZadarmaApi } from '../src/zadarma/api.ts'
import { createZadarmaClient } from '../src/zadarma/client.ts'
import { reconcile } from '../src/zadarma/reconcile.ts'
import { ZADARMA } from './doors.ts'
import { makeKey } from './keys.ts'
import { audio, mail, receive } from './mails-door.ts'
import {
  type Answer,
  createTestDatabase,
  createTestService,
  SOMEBODY,
  type TestDatabase,
  type TestService,
} from './service.ts'
import { localTime } from './zadarma/local-time.ts'
import * as door from './zadarma-door.ts'
import { newNumber, outId } from './zadarma-door.ts'
import { makeCalls, startZadarmaServer, type ZadarmaServer } from './zadarma-server.ts'

/*
 * A call that was asked for, of which somebody says how it went before the PBX tells of it: one ring is one attempt, in
 * whatever order it is told.
 */

const ROOMY = { requests: 1_000, windowMs: 1_000 }
const LIMITS = { all: ROOMY, statistics: ROOMY }

let database: TestDatabase
let service: TestService
let zadarma: ZadarmaServer

beforeAll(async () => {
  database = await createTestDatabase()
  zadarma = await startZadarmaServer({ key: 'test-key', secret: 'test-secret', zone: 'Europe/Madrid', limits: LIMITS })
  service = await createTestService(database)
})

afterAll(async () => {
  await service.close()
  await zadarma.close()
  await database.drop()
})

const CALLS = '/api/crm/calls'

/** A ring that an agent has asked for, and the name that the PBX will give it. */
interface Ring {
  number: string
  contactId: string
  opportunityId: string | null
  requestId: string
  id: string
  /** When the PBX says that it began. */
  startedAt: number
}

/** The PBX tells whole seconds. */
async function ringing({
  opportunityId,
  ...lead
}: Pick<Ring, 'number' | 'contactId' | 'opportunityId'>): Promise<Ring> {
  const order = { contact_id: lead.contactId, extension: '101', phone_number: lead.number }
  const stored = await storeRequest(service.database, order, SOMEBODY, null)
  if (stored === null) throw new Error('no key can have an answer')
  const startedAt = Math.floor(Date.now() / 1_000) * 1_000 + 5_000
  return { ...lead, opportunityId, requestId: stored.id, id: outId(), startedAt }
}

async function dialled(): Promise<Ring> {
  const number = newNumber()
  return ringing({ number, ...(await door.lead(service, number)) })
}

/** Of nobody's opportunity: none can tell two that write at the same moment that one was first. */
async function dialledWithoutLead(): Promise<Ring> {
  const number = newNumber()
  const { body } = await service.request('POST', '/api/crm/contacts', { name: 'Ana García', phones: [number] })
  return ringing({ number, contactId: body.id, opportunityId: null })
}

type More = Record<string, string>

const startOf = ({ id, number, startedAt }: Ring, more: More = {}) =>
  door.outStart(id, number, { call_start: localTime(startedAt, 'Europe/Madrid'), ...more })
const answerOf = (ring: Ring, more: More = {}) => startOf(ring, { event: 'NOTIFY_ANSWER', ...more })
const endOf = ({ id, number, startedAt }: Ring, more: More = {}) =>
  door.outEnd(id, number, 'answered', { call_start: localTime(startedAt, 'Europe/Madrid'), ...more })

const notify = (fields: door.Fields, to = service) => door.notify(to, fields)

/** What the PBX's statistics say of these calls. */
async function reconcileFrom(scenarios: ReturnType<typeof makeCalls>): Promise<void> {
  zadarma.account.scenarios = scenarios
  const times = scenarios.map(({ startedAt }) => startedAt)
  const client = createZadarmaClient({ key: 'test-key', secret: 'test-secret', apiUrl: zadarma.url, limits: LIMITS })
  const counts = await reconcile(
    { from: Math.min(...times) - 1_000, to: Math.max(...times) + 1_000 },
    {
      api: createZadarmaApi(client),
      register: service.register,
      config: { zadarma: ZADARMA, defaultCountry: 'ES' },
      log: { warn: (_, message) => expect.fail(message) },
      metrics: service.inbox.metrics,
    },
  )
  expect(counts).toMatchObject({ calls: scenarios.length, failed: 0 })
}

const WORDS = { call_status: 'rejected', resumen_llamada: 'no le interesa' }

const written = ({ contactId, requestId, number }: Ring, more: object = {}) => ({
  direction: 'outbound',
  entity_type: 'contacts',
  entity_id: contactId,
  phone_number: number,
  dial_request_id: requestId,
  ...WORDS,
  ...more,
})

const write = (ring: Ring, more: object = {}, by = service, headers: Record<string, string> = {}): Promise<Answer> =>
  by.request('POST', CALLS, written(ring, more), headers)

/** As a page does it: on the call that is there already, if there is one. */
async function say(ring: Ring): Promise<void> {
  const answer = await write(ring)
  if (answer.status === 201) return
  expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining(await callIdOf(ring)) } })
  expect((await service.request('PATCH', `${CALLS}/${await callIdOf(ring)}`, WORDS)).status).toBe(200)
}

const callIdOf = async ({ requestId }: Ring) =>
  (await service.request('GET', `${CALLS}/dial/${requestId}`)).body.call_id

/** All calls of the contact. */
const callsOf = async ({ contactId }: Ring) =>
  (await service.request('GET', `${CALLS}?entity_id=${contactId}`)).body.data

const attemptsOf = async ({ opportunityId }: Ring): Promise<{ call_id: string; status: string; notes: string }[]> =>
  opportunityId === null ? [] : Object.values(await door.attemptsOf(service, opportunityId))

/** One call with the PBX's name and its facts and the person's words, which is the only attempt. */
async function expectOneAttempt(ring: Ring): Promise<void> {
  const [call, ...others] = await callsOf(ring)
  expect(others).toEqual([])
  const started_at = new Date(ring.startedAt).toISOString().replace('.000', '')
  expect(call).toMatchObject({
    ...WORDS,
    provider: 'zadarma',
    provider_call_id: ring.id,
    entity_id: ring.contactId,
    extension: '101',
    started_at,
    attempt: { outcome: 'registered', opportunity_id: ring.opportunityId, number: 1, status: 'red' },
  })
  expect(await attemptsOf(ring)).toEqual([
    { call_id: call.id, status: 'red', notes: WORDS.resumen_llamada, attempted_at: started_at },
  ])
  expect(await callIdOf(ring)).toBe(call.id)
}

let names = 0
const newName = () => `${Math.floor(Date.now() / 1_000)}.${++names}`

const permutations = <Item>(items: readonly Item[]): Item[][] =>
  items.length < 2
    ? [[...items]]
    : items.flatMap((item, place) => permutations(items.toSpliced(place, 1)).map((rest) => [item, ...rest]))

describe('in whatever order', () => {
  const tell: Record<string, (ring: Ring) => Promise<unknown>> = {
    said: say,
    start: (ring) => notify(startOf(ring)),
    answer: (ring) => notify(answerOf(ring)),
    end: (ring) => notify(endOf(ring)),
  }

  it.each(permutations(Object.keys(tell)).map((order) => [order.join(', '), order] as const))(
    '%s is one attempt, and so it is when all is told again',
    async (_, order) => {
      const ring = await dialled()
      for (const event of order) await tell[event]?.(ring)
      await expectOneAttempt(ring)
      for (const event of order.filter((one) => one !== 'said')) await tell[event]?.(ring)
      await expectOneAttempt(ring)
    },
  )

  let seeds = 0

  /** A ring of some hours ago, as the statistics know it. */
  async function earlierRing(): Promise<{ ring: Ring; scenario: ReturnType<typeof makeCalls>[number] }> {
    const ring = await dialled()
    const from = Date.now() - 3 * 3_600_000
    const options = { count: 40, from, numbers: [ring.number], extensions: ['101'], zone: 'Europe/Madrid' }
    const scenario = makeCalls({ seed: ++seeds, ...options }).find(({ kind }) => kind === 'outgoing')
    if (scenario === undefined) throw new Error('none of the calls goes out')
    const { pbx_call_id: id, startedAt } = scenario
    await service.sql('update dial_requests set created_at = $2 where id = $1', [
      ring.requestId,
      new Date(startedAt - 5_000),
    ])
    return { ring: { ...ring, id, startedAt }, scenario }
  }

  it.each([
    'said, statistics',
    'statistics, said',
    'said, start, statistics',
    'start, statistics, said',
    'said, statistics, end',
    'statistics, said, start, end',
  ])('%s is one attempt', async (order) => {
    const { ring, scenario } = await earlierRing()
    const all: typeof tell = { ...tell, statistics: () => reconcileFrom([scenario]) }
    for (const event of order.split(', ')) await all[event]?.(ring)
    await expectOneAttempt(ring)
  })
})

describe('what was said before the PBX tells of the call', () => {
  it('is an attempt at once, and the PBX’s call takes its id, its number and its words', async () => {
    const ring = await dialled()
    const key = { 'idempotency-key': randomUUID() }
    const first = await write(ring, {}, service, key)
    expect(first).toMatchObject({ status: 201, body: { provider: null, attempt: { number: 1, status: 'red' } } })
    expect(await callIdOf(ring)).toBe(first.body.id)
    await notify(startOf(ring))
    await expectOneAttempt(ring)
    expect(await callIdOf(ring)).toBe(first.body.id)
    // A repeat of the request is answered as it was.
    expect((await write(ring, {}, service, key)).body.id).toBe(first.body.id)
    const { body } = await service.request('GET', `/api/admin/audit?entity_id=${first.body.id}`)
    expect(body.data.map(({ who, action }: { who: string; action: string }) => `${who} ${action}`)).toEqual([
      'zadarma call.changed',
      'bootstrap call.created',
    ])
    const answered = await service.request('GET', `/api/admin/audit?entity_id=${ring.requestId}`)
    expect(answered.body.data).toMatchObject([
      { action: 'dial.answered', after: { call_id: first.body.id } },
      { action: 'dial.requested' },
    ])
  })

  it.each([
    ['of which no extension', 2, (ring: Ring) => startOf(ring, { internal: '' })],
    [
      'of which no number',
      1,
      ({ id }: Ring) => ({ event: 'NOTIFY_RECORD', pbx_call_id: id, call_id_with_rec: newName() }),
    ],
  ])('goes over to the PBX’s call %s was told at first', async (_, attempts, tellLittle) => {
    const ring = await dialled()
    await notify(tellLittle(ring))
    const { body } = await write(ring)
    expect(await attemptsOf(ring)).toHaveLength(attempts)
    await notify(endOf(ring))
    await expectOneAttempt(ring)
    expect(await service.request('GET', `${CALLS}/${body.id}`)).toMatchObject({ status: 404 })
    expect(await service.request('POST', CALLS, { ...written(ring), id: body.id })).toMatchObject({ status: 409 })
  })

  it('is corrected by a person before and after', async () => {
    const ring = await dialled()
    const { body } = await write(ring, { call_status: 'no_answer' })
    await service.request('PATCH', `${CALLS}/${body.id}`, { call_status: 'busy' })
    await notify(startOf(ring))
    await notify(endOf(ring))
    expect(await attemptsOf(ring)).toMatchObject([{ status: 'orange' }])
    await service.request('PATCH', `${CALLS}/${body.id}`, WORDS)
    await expectOneAttempt(ring)
  })

  it('that is no result is replaced by the PBX’s (B10)', async () => {
    const ring = await dialled()
    await write(ring, { call_status: 'someone picked up' })
    await notify(endOf(ring))
    expect(await callsOf(ring)).toMatchObject([{ call_status: 'answered', resumen_llamada: WORDS.resumen_llamada }])
    expect(await attemptsOf(ring)).toMatchObject([{ status: 'green' }])
  })

  it('and taken back leaves the ring, which counts once the PBX tells of it', async () => {
    const ring = await dialled()
    const { body } = await write(ring)
    expect((await service.request('DELETE', `${CALLS}/${body.id}`)).status).toBe(204)
    expect(await callIdOf(ring)).toBeNull()
    await notify(startOf(ring))
    await notify(endOf(ring))
    const [call, ...others] = await callsOf(ring)
    expect(others).toEqual([])
    expect(call).toMatchObject({ provider_call_id: ring.id, resumen_llamada: null, link: { how: 'dial' } })
    expect(call.id).not.toBe(body.id)
    expect(await attemptsOf(ring)).toMatchObject([{ call_id: call.id, status: 'green' }])
  })

  it('and taken back may be said otherwise, and is one attempt still', async () => {
    const ring = await dialled()
    const { body } = await write(ring, { call_status: 'busy' })
    await service.request('DELETE', `${CALLS}/${body.id}`)
    expect((await write(ring)).status).toBe(201)
    await notify(endOf(ring))
    await expectOneAttempt(ring)
  })

  it('is gone with the call where it is deleted after the PBX has told of it (B5)', async () => {
    const ring = await dialled()
    const { body } = await write(ring)
    await notify(startOf(ring))
    await service.request('DELETE', `${CALLS}/${body.id}`)
    await notify(endOf(ring))
    expect([await callsOf(ring), await attemptsOf(ring), await callIdOf(ring)]).toEqual([[], [], null])
  })

  it('stays with the contact to whom a person moves it', async () => {
    const [ring, other] = [await dialled(), await dialled()]
    const { body } = await write(ring)
    await service.request('PATCH', `${CALLS}/${body.id}`, { entity_id: other.contactId })
    await notify(endOf(ring))
    expect(await callsOf(ring)).toEqual([])
    expect(await callsOf(other)).toMatchObject([{ id: body.id, provider_call_id: ring.id }])
    expect([await attemptsOf(ring), await attemptsOf(other)]).toMatchObject([[], [{ call_id: body.id }]])
  })

  it('is of that ring alone: another one of the same agent to the same number is another attempt', async () => {
    const ring = await dialled()
    await write(ring)
    const again = { ...(await ringing(ring)), startedAt: ring.startedAt + 30_000 }
    await notify(endOf(ring))
    await notify(endOf(again))
    // What the PBX tells of a call once more is no news of another one.
    await notify(endOf(ring))
    expect(await attemptsOf(ring)).toMatchObject([{ status: 'red' }, { status: 'green' }])
  })

  it('is not of the ring before, of which the PBX tells the end only then', async () => {
    const before = await dialled()
    await notify(startOf(before))
    const ring = { ...(await ringing(before)), startedAt: before.startedAt + 30_000 }
    await write(ring)
    await notify(endOf(before))
    expect(await attemptsOf(ring)).toMatchObject([{ status: 'red' }, { status: 'green' }])
    await notify(endOf(ring))
    expect(await attemptsOf(ring)).toMatchObject([{ status: 'green' }, { status: 'red' }])
  })

  it('is another attempt than the PBX’s call that was deleted, of which nothing comes back', async () => {
    const ring = await dialled()
    await notify(startOf(ring))
    await service.request('DELETE', `${CALLS}/${await callIdOf(ring)}`)
    const { status, body } = await write(ring)
    expect(status).toBe(201)
    await notify(endOf(ring))
    expect(await callsOf(ring)).toMatchObject([{ id: body.id, provider: null }])
    expect(await attemptsOf(ring)).toMatchObject([{ call_id: body.id, status: 'red' }])
  })

  it('is of the ring that there was, where the PBX was asked twice and rang once', async () => {
    const first = await dialled()
    const second = await ringing(first)
    await write(second)
    await notify(endOf(second))
    await expectOneAttempt(second)
    expect(await callIdOf(first)).toBeNull()
  })

  it('is of no call from another extension, nor of one that begins too late', async () => {
    const ring = await dialled()
    await write(ring)
    await notify(startOf({ ...ring, id: outId() }, { internal: '102' }))
    await notify(startOf({ ...ring, id: outId(), startedAt: ring.startedAt + 400_000 }))
    expect(await attemptsOf(ring)).toHaveLength(3)
    await notify(startOf(ring))
    expect(await attemptsOf(ring)).toHaveLength(3)
  })
})

it('what is said waits a month for the PBX, which may be asked late; what nobody said, two days', async () => {
  const rings = [await dialled(), await dialled(), await dialled()] as const
  const [said, unsaid, old] = rings
  for (const ring of [said, old]) await write(ring)
  const age = (ring: Ring, days: number) =>
    service.sql('update dial_requests set created_at = created_at - $2::int * $3::interval where id = $1', [
      ring.requestId,
      days,
      '1 day',
    ])
  await Promise.all([age(said, 9), age(unsaid, 9), age(old, 32)])
  await tidy(service.database, new AbortController().signal)
  const kept = await service.sql('select id from dial_requests where id = any($1) order by id', [
    rings.map(({ requestId }) => requestId),
  ])
  expect(kept).toEqual([{ id: said.requestId }])
  const earlier = { ...said, startedAt: said.startedAt - 9 * 86_400_000 }
  await notify(endOf(earlier))
  await expectOneAttempt(earlier)
})

describe('where an e-mail tells of the call, too', () => {
  const recordingOf = (ring: Ring, name: string) =>
    mail(ring.number, { recordings: [audio(name)], fields: { started_at: ring.startedAt } })

  it.each([
    ['to what was said', {}, false],
    ['as a call of its own, for what was said has no number', { phone_number: null }, true],
  ])('%s, all is one attempt once the PBX tells the end', async (_, more, isAlone) => {
    const ring = await dialled()
    await write(ring, more)
    const name = newName()
    await receive(service, recordingOf(ring, name))
    expect(await callsOf(ring)).toHaveLength(isAlone ? 2 : 1)
    await notify(endOf(ring, { is_recorded: '1', call_id_with_rec: name }))
    await expectOneAttempt(ring)
    expect(await callsOf(ring)).toMatchObject([{ recordings: [{ status: 'available' }] }])
  })

  it('and its recording tells which call it is, the next ring is another attempt', async () => {
    const ring = await dialled()
    const { body } = await write(ring)
    const name = newName()
    await receive(service, recordingOf(ring, name))
    await notify(endOf(ring, { internal: '', is_recorded: '1', call_id_with_rec: name }))
    expect(await callsOf(ring)).toMatchObject([{ id: body.id, provider_call_id: ring.id }])
    const next = { ...ring, id: outId(), startedAt: ring.startedAt + 30_000 }
    await notify(startOf(next))
    expect(await attemptsOf(ring)).toMatchObject([{ call_id: body.id, status: 'red' }, { status: 'orange' }])
  })

  it('under the PBX’s name, all is one attempt once the PBX tells of it itself', async () => {
    const ring = await dialled()
    await write(ring, { phone_number: null })
    await receive(service, { ...recordingOf(ring, newName()), pbxCallId: ring.id })
    await notify(endOf(ring))
    await expectOneAttempt(ring)
  })
})

describe('a request that may not be named', () => {
  it.each([
    ['is not there', 404, () => ({ dial_request_id: randomUUID() })],
    ['is for another contact', 422, (other: Ring) => ({ dial_request_id: other.requestId })],
    ['is for a call out', 422, () => ({ direction: 'inbound' })],
    ['is for a contact', 422, () => ({ entity_type: 'companies' })],
    ['is for a call without a name yet', 422, () => ({ provider: 'zadarma', provider_call_id: outId() })],
  ])('for it %s is answered with %i, and nothing is saved', async (_, status, more) => {
    const [ring, other] = [await dialled(), await dialled()]
    const answer = await write(ring, more(other))
    expect(answer).toMatchObject({ status })
    if (status === 422) expect(answer.body.errors).toMatchObject([{ path: 'dial_request_id' }])
    expect(await service.sql('select from calls where phone_number = $1', [ring.number])).toEqual([])
  })

  it('for somebody has told of its call already is answered with that call’s id', async () => {
    const ring = await dialled()
    const { body } = await write(ring)
    const second = await write(ring, { call_status: 'busy' })
    expect(second).toMatchObject({ status: 409, body: { detail: expect.stringContaining(body.id) } })
    await notify(startOf(ring))
    expect(await write(ring)).toMatchObject({ status: 409, body: { detail: expect.stringContaining(body.id) } })
    await expectOneAttempt(ring)
  })

  it('for an agent may not see the contact is as one that is not there, alone and in a batch', async () => {
    const [own, theirs] = [await dialled(), await dialled()]
    await service.request('PATCH', `/api/crm/opportunities/${theirs.opportunityId}`, { assigned_to: 'luis' })
    const { headers } = await makeKey(service, { role: 'agent', user_id: 'ana' })
    const hidden = await write(own, { dial_request_id: theirs.requestId }, service, headers)
    const missing = randomUUID()
    const absent = await write(own, { dial_request_id: missing }, service, headers)
    expect(hidden.status).toBe(404)
    expect(hidden.body).toEqual({ ...absent.body, detail: absent.body.detail.replace(missing, theirs.requestId) })
    const calls = [written(own, { dial_request_id: theirs.requestId }), written(own)]
    const batch = await service.request('POST', `${CALLS}/batch`, { calls }, headers)
    expect(batch.body.results).toMatchObject([{ status: 404, problem: hidden.body }, { status: 201 }])
    await notify(startOf(own))
    await expectOneAttempt(own)
  })
})

describe('at the same moment', () => {
  /** On a busy machine the two may meet late. */
  const PATIENT = { registerWithin: 20_000, answerWithin: 30_000 }

  /** The words of a statement that let only one of the two be first. */
  const GUARD =
    /t\.call_id is null and \(t\.id, coalesce\(t\.written_call_id, t\.id\)\)\s+in \(select [^()]*\([^()]*\) from "dialRequests_in"\)/

  /** A server that reads, and writes only when something else has been done meanwhile. */
  async function overtaken(
    meanwhile: () => Promise<unknown>,
    act: (by: TestService) => Promise<unknown>,
    guard = true,
  ) {
    let isFirst = true
    let changed = 0
    const wrapRun = (run: Run): Run => {
      return async (name, text, values) => {
        if (isFirst && name.startsWith('write_')) {
          isFirst = false
          await meanwhile()
        }
        const without = guard ? text : text.replace(GUARD, 'true')
        if (without !== text) changed++
        return run(name, without, values)
      }
    }
    const late = await createTestService({ ...database, wrapRun, times: PATIENT })
    try {
      await act(late)
    } finally {
      await late.close()
    }
    expect(isFirst).toBe(false)
    return { changed }
  }

  it.each([
    ['the PBX tells of it while it is being said', 'said'],
    ['it is said while the PBX’s word is being taken in', 'told'],
  ])('%s: one attempt', async (_, late) => {
    const ring = await dialled()
    const answers: Answer[] = []
    const speak = async (by: TestService) => void answers.push(await write(ring, {}, by))
    if (late === 'said') await overtaken(() => notify(startOf(ring)), speak)
    else
      await overtaken(
        () => speak(service),
        (by) => notify(startOf(ring), by),
      )
    expect(answers).toMatchObject([{ status: late === 'said' ? 409 : 201 }])
    if (late === 'said') await service.request('PATCH', `${CALLS}/${await callIdOf(ring)}`, WORDS)
    await expectOneAttempt(ring)
  })

  it.each([
    [true, 1],
    [false, 2],
  ])('with no lead to tell who was first, and the request guarded: %s, it is %i', async (guard, count) => {
    const rings = [await dialledWithoutLead(), await dialledWithoutLead()] as const
    const [said, told] = rings
    const first = await overtaken(
      () => notify(startOf(said)),
      (by) => write(said, {}, by),
      guard,
    )
    const second = await overtaken(
      () => write(told),
      (by) => notify(startOf(told), by),
      guard,
    )
    expect([first.changed > 0, second.changed > 0]).toEqual([!guard, !guard])
    for (const ring of rings) expect(await callsOf(ring)).toHaveLength(count)
  })

  it.each([['said', 'told'] as const, ['told', 'said'] as const])(
    'in one batch, %s and then %s: one attempt',
    async (...order) => {
      const ring = await dialled()
      const { contactId: entity_id, number: phone_number, requestId: dialRequestId, id: provider_call_id } = ring
      const fields = { direction: 'outbound', phone_number } as const
      const ownKey = { id: randomUUID(), isIdGiven: false, provider: null, provider_call_id: null, created_at: null }
      const told = { ...fields, extension: '101', started_at: ring.startedAt }
      const changes = {
        said: () =>
          createCall(
            { ...ownKey, dialRequestId, fields: { ...fields, ...WORDS, entity_type: 'contacts', entity_id } },
            SOMEBODY,
          ),
        told: () =>
          createOrUpdateCall(
            {
              provider: 'zadarma',
              provider_call_id,
              machine: 'start',
              fields: told,
              recordingIds: [],
              isRecorded: false,
            },
            SOMEBODY,
          ),
      }
      await Promise.all(order.map((one) => service.register.registerCallAttempt<unknown>(changes[one]())))
      if (order[0] === 'told') await service.request('PATCH', `${CALLS}/${await callIdOf(ring)}`, WORDS)
      await expectOneAttempt(ring)
    },
  )

  it('it is taken back while the PBX’s word is being taken in: the ring counts, without the words', async () => {
    const ring = await dialled()
    const { body } = await write(ring)
    await overtaken(
      () => service.request('DELETE', `${CALLS}/${body.id}`),
      (by) => notify(endOf(ring), by),
    )
    expect(await callsOf(ring)).toMatchObject([{ provider_call_id: ring.id, resumen_llamada: null }])
    expect(await attemptsOf(ring)).toMatchObject([{ status: 'green' }])
  })

  it('it is said otherwise while the PBX’s word is being taken in: nothing of it is lost', async () => {
    const ring = await dialled()
    const { body } = await write(ring, { call_status: 'busy' })
    await overtaken(
      () => service.request('PATCH', `${CALLS}/${body.id}`, WORDS),
      (by) => notify(endOf(ring), by),
    )
    await expectOneAttempt(ring)
  })

  it('twice said and told of by all, on two servers: one attempt', async () => {
    const other = await createTestService({ ...database, times: PATIENT })
    for (let round = 0; round < 10; round++) {
      const ring = await dialled()
      const [first, second] = await Promise.all([
        write(ring),
        write(ring, {}, other),
        notify(startOf(ring), other),
        notify(answerOf(ring)),
        notify(endOf(ring), other),
      ])
      // One that could not wait for the other is saved at first without its contact.
      await sweepWaiting(service.relink)
      const statuses = [first.status, second.status].sort()
      expect([
        [201, 409],
        [409, 409],
      ]).toContainEqual(statuses)
      if (statuses[0] === 409) await service.request('PATCH', `${CALLS}/${await callIdOf(ring)}`, WORDS)
      await expectOneAttempt(ring)
    }
    await other.close()
  })
})

describe('where the opportunities cannot be read', () => {
  /** A server that can save calls, but not register them (A9). */
  const troubled = () =>
    createTestService({
      ...database,
      wrapRun: (run) => async (name, text, values) => {
        if (name.startsWith('read_all') || name.startsWith('read_new')) throw new Error('unreadable')
        return run(name, text, values)
      },
    })

  it('what is said is saved with its request, and is one attempt with what the PBX tells', async () => {
    const ring = await dialled()
    const bad = await troubled()
    expect(await write(ring, {}, bad)).toMatchObject({ status: 201, body: { attempt: { outcome: 'pending' } } })
    expect(await write(ring, {}, bad)).toMatchObject({ status: 409 })
    await bad.close()
    await notify(endOf(ring))
    await service.sweepOnce()
    await expectOneAttempt(ring)
  })

  it('what the PBX tells waits for its contact, and then is what was said', async () => {
    const ring = await dialled()
    const bad = await troubled()
    await notify(endOf(ring), bad)
    await bad.close()
    expect(await door.callOf(service, ring.id)).toMatchObject({ entity_id: null })
    await write(ring)
    await sweepWaiting(service.relink)
    await expectOneAttempt(ring)
  })
})

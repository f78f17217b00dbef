import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Change } from '../src/attempts/change.ts'
import type { Run } from '../src/attempts/read.ts'
import { createCall, deleteCall, type NewCall, retryCall, updateCall } from '../src/calls/save.ts'
import { createOpportunity, type NewOpportunity } from '../src/opportunities/save.ts'
import {
  type Answer,
  createTestDatabase,
  createTestService,
  SOMEBODY,
  type TestDatabase,
  type TestService,
} from './service.ts'

/* Calls whose registering failed, answers that were lost, and attempts of an older system that meet their calls. */

let database: TestDatabase
/** The one that has trouble. */
let service: TestService
/** Another server on the same database. */
let other: TestService
/** What cannot be read together with opportunities. */
const unreadable = new Set<string>()
let beforeWriting: (() => Promise<unknown>) | null = null
let afterRunning: ((name: string) => Promise<unknown>) | null = null

const troubled =
  (run: Run): Run =>
  async (name, text, values) => {
    const isDeciding = name.startsWith('read_new') || name === 'read_all'
    if (isDeciding && values.flat().some((value) => unreadable.has(String(value)))) throw new Error('unreadable')
    if (name.startsWith('write')) {
      const before = beforeWriting
      beforeWriting = null
      await before?.()
    }
    const rows = await run(name, text, values)
    await afterRunning?.(name)
    return rows as never
  }

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService({ ...database, wrapRun: troubled })
  other = await createTestService(database)
})

beforeEach(() => {
  unreadable.clear()
  beforeWriting = null
  afterRunning = null
})

afterAll(async () => {
  await Promise.all([service.close(), other.close()])
  await database.drop()
})

const CALLS = '/api/crm/calls'
const OPPORTUNITIES = '/api/crm/opportunities'

type Body = Answer['body']

const minute = (number: number): string =>
  new Date(Date.parse('2025-01-29T10:00:00Z') + number * 60_000).toISOString().replace('.000', '')

const callTo = (contactId: string, fields: object = {}) => ({
  direction: 'outbound',
  entity_type: 'contacts',
  entity_id: contactId,
  ...fields,
})

async function post(fields: object, on = other): Promise<Body> {
  const { status, body } = await on.request('POST', CALLS, fields)
  expect([200, 201]).toContain(status)
  return body
}

async function opportunity(contact_id: string, fields: object = {}): Promise<Body> {
  const { status, body } = await other.request('POST', OPPORTUNITIES, { contact_id, ...fields })
  expect(status).toBe(201)
  return body
}

/** As an older system had it. */
const olderAttempt = (call_id: string) => ({ 1: { status: 'orange', call_id, attempted_at: minute(0) } })

const callOf = async (id: string): Promise<Body> => (await other.request('GET', `${CALLS}/${id}`)).body
const outcomeOf = async (id: string): Promise<string> => (await callOf(id)).attempt.outcome

async function countedBy(opportunityId: string): Promise<string[]> {
  const { body } = await other.request('GET', `${OPPORTUNITIES}/${opportunityId}`)
  return Object.values(body.first_call_attempts).map((attempt) => (attempt as { call_id: string }).call_id)
}

/** Does something while nothing that names this can be registered. */
async function whileUnreadable<Result>(id: string, act: () => Promise<Result>): Promise<Result> {
  unreadable.add(id)
  try {
    return await act()
  } finally {
    unreadable.clear()
  }
}

const pendingCall = async (contactId: string, fields: object = {}, unreadableId = contactId): Promise<Body> => {
  const call = await whileUnreadable(unreadableId, () => post(callTo(contactId, fields), service))
  expect(call.attempt.outcome).toBe('pending')
  return call
}

const newCall = (id: string, fields: NewCall['fields']): NewCall => ({
  ...{ id, isIdGiven: true, provider: null, provider_call_id: null, created_at: null },
  fields,
})

const newOpportunity = (contact_id: string, callId: string): NewOpportunity => ({
  ...{
    id: randomUUID(),
    contact_id,
    title: null,
    status: 'pending',
    assigned_to: null,
    source: null,
    created_at: null,
  },
  first_call_attempts: { 1: { status: 'orange', call_id: callId, attempted_at: 0, notes: '' } },
})

/** The connection breaks once something is written, and stays broken for longer than a call is tried with its attempt. */
function loseAnswerAndConnection(): void {
  const lost = new Error('Connection terminated unexpectedly')
  let brokenUntil: number | null = null
  afterRunning = async (name) => {
    if (brokenUntil === null && name.startsWith('write')) brokenUntil = performance.now() + 300
    if (brokenUntil !== null && performance.now() < brokenUntil) throw lost
  }
}

// ── Pending calls ───────────────────────────────────────────────────────────────────────────────────────────────────

it('B9: of two pending calls the older one is decided first, whichever is tried', async () => {
  const contactId = randomUUID()
  const { id } = await opportunity(contactId)
  const older = await pendingCall(contactId, { started_at: minute(10) })
  const younger = await pendingCall(contactId, { started_at: minute(11), call_status: 'completed' })
  await other.register.registerCallAttempt(retryCall(older.id))
  expect(await countedBy(id)).toEqual([older.id, younger.id])
})

it('B9: of two pending calls the older one takes the last number, whichever is due', async () => {
  const contactId = randomUUID()
  const { id } = await opportunity(contactId)
  for (let number = 1; number <= 4; number++) await post(callTo(contactId, { started_at: minute(number) }))
  const older = await pendingCall(contactId, { started_at: minute(10) })
  const younger = await pendingCall(contactId, { started_at: minute(11) })
  await other.sql(`update calls set due_at = now() + interval '1 minute' where id = $1`, [younger.id])
  await other.sweepOnce()
  expect((await countedBy(id)).at(-1)).toBe(older.id)
  expect(await outcomeOf(younger.id)).toBe('limit_reached')
})

it('B9: a call that was tried in vain still stands back when it is saved as pending once more', async () => {
  const contactId = randomUUID()
  await opportunity(contactId)
  const { id } = await pendingCall(contactId)
  await other.sql('update calls set tries = 5 where id = $1', [id])
  await whileUnreadable(id, () => service.request('PATCH', `${CALLS}/${id}`, { call_result: 'again' }))
  expect(await other.sql('select tries, outcome from calls where id = $1', [id])).toEqual([
    { tries: 5, outcome: 'pending' },
  ])
})

it('A9: a pending call that no opportunity counts may stop being eligible, though registering fails', async () => {
  const contactId = randomUUID()
  await opportunity(contactId)
  for (let number = 1; number <= 5; number++) await post(callTo(contactId))
  const { id } = await post(callTo(contactId))
  const change = (fields: object) =>
    whileUnreadable(id, () => service.request('PATCH', `${CALLS}/${id}`, fields)).then(({ status }) => status)
  expect(await change({ call_status: 'busy' })).toBe(200)
  expect(await change({ direction: 'inbound' })).toBe(200)
  await other.sweepOnce()
  expect(await outcomeOf(id)).toBe('not_outbound')
})

it('B9: a pending call that an opportunity counts is not taken from it in passing', async () => {
  const contactId = randomUUID()
  const { id: opportunityId } = await opportunity(contactId)
  const { id } = await post(callTo(contactId))
  const change = (fields: object) =>
    whileUnreadable(id, () => service.request('PATCH', `${CALLS}/${id}`, fields)).then(({ status }) => status)
  expect(await change({ call_status: 'busy' })).toBe(200)
  expect(await change({ direction: 'inbound' })).toBe(503)
  expect(await countedBy(opportunityId)).toEqual([id])
})

it('B8: a batch tells the number of a call that is pending, as a single call does', async () => {
  const contactId = randomUUID()
  const { id } = await opportunity(contactId)
  const key = { provider: 'pbx', provider_call_id: randomUUID() }
  await post(callTo(contactId, key))
  const { body } = await whileUnreadable(contactId, () =>
    service.request('POST', `${CALLS}/batch`, { calls: [callTo(contactId, key)] }),
  )
  expect(body.results[0].call.attempt).toEqual({ outcome: 'pending', opportunity_id: id, number: 1, status: 'orange' })
})

it('B14: a call that is made and then changed in one batch is decided with its opportunities', async () => {
  const contactId = randomUUID()
  const { id: opportunityId } = await opportunity(contactId)
  const id = randomUUID()
  await Promise.all([
    service.register.registerCallAttempt(
      createCall(newCall(id, { direction: 'inbound', entity_type: 'contacts', entity_id: contactId }), SOMEBODY),
    ),
    service.register.registerCallAttempt(updateCall(id, { direction: 'outbound' }, SOMEBODY)),
  ])
  expect((await callOf(id)).attempt).toEqual({
    outcome: 'registered',
    opportunity_id: opportunityId,
    number: 1,
    status: 'orange',
  })
})

// ── Answers that are lost ───────────────────────────────────────────────────────────────────────────────────────────

it('R2: a call whose answer is lost for longer is told with its number', async () => {
  const contactId = randomUUID()
  const { id } = await opportunity(contactId)
  loseAnswerAndConnection()
  const { attempt } = await post(callTo(contactId), service)
  expect(attempt).toEqual({ outcome: 'registered', opportunity_id: id, number: 1, status: 'orange' })
})

it('R2: a change whose answer is lost for longer recognises its own revision', async () => {
  const contactId = randomUUID()
  await opportunity(contactId)
  const call = await post(callTo(contactId))
  loseAnswerAndConnection()
  const { status, body } = await service.request(
    'PATCH',
    `${CALLS}/${call.id}`,
    { call_status: 'busy' },
    { 'if-match': `"${call.revision}"` },
  )
  expect({ status, call_status: body.call_status }).toEqual({ status: 200, call_status: 'busy' })
})

it('B16: a change that changes nothing still registers an old call, though the database was away for longer', async () => {
  const contactId = randomUUID()
  const { id } = await post(callTo(contactId))
  await opportunity(contactId)
  const since = performance.now()
  afterRunning = async () => {
    if (performance.now() - since < 300) throw new Error('Connection terminated unexpectedly')
  }
  beforeWriting = async () => {
    throw new Error('Connection terminated unexpectedly')
  }
  expect((await service.request('PATCH', `${CALLS}/${id}`, {})).status).toBe(200)
  await other.sweepOnce()
  expect(await outcomeOf(id)).toBe('registered')
})

it('R2: a call whose answer is lost does not overwrite what a person has changed meanwhile', async () => {
  const contactId = randomUUID()
  await opportunity(contactId)
  const key = { provider: 'pbx', provider_call_id: randomUUID() }
  afterRunning = async (name) => {
    if (!name.startsWith('write')) return
    afterRunning = null
    const [row] = await other.sql('select id from calls where provider_call_id = $1', [key.provider_call_id])
    await other.request('PATCH', `${CALLS}/${row?.id}`, { call_status: 'completed' })
    throw new Error('Connection terminated unexpectedly')
  }
  const { id } = await post(callTo(contactId, { ...key, call_status: 'no_answer' }), service)
  expect((await callOf(id)).call_status).toBe('completed')
})

it.each<[string, (id: string) => Change<unknown>]>([
  ['deletion', (id) => deleteCall(id, SOMEBODY)],
  ['move', (id) => updateCall(id, { entity_id: randomUUID() }, SOMEBODY)],
])('B9: a %s whose time comes while it is written is answered as it ends', async (_, change) => {
  const slow = await createTestService({
    ...database,
    wrapRun: (run) => async (name, text, values) => {
      const rows = await run(name, text, values)
      if (name.startsWith('write')) await wait(1_500)
      return rows as never
    },
    times: { registerWithin: 20, answerWithin: 1_300 },
  })
  try {
    const contactId = randomUUID()
    const { id: opportunityId } = await opportunity(contactId)
    const { id } = await post(callTo(contactId))
    expect((await slow.register.registerCallAttempt(change(id))) ?? {}).not.toHaveProperty('code')
    expect(await countedBy(opportunityId)).toEqual([])
  } finally {
    await slow.close()
  }
})

// ── Attempts of an older system, and the calls that they are (B7) ───────────────────────────────────────────────────

/** An opportunity that is closed and counts this call's id as foreign, and an open one of the same contact. */
async function foreignAndOpen(contactId: string, callId: string) {
  const closed = await opportunity(contactId, { status: 'won', first_call_attempts: olderAttempt(callId) })
  // No sweep of meetings mends what is looked at here.
  await other.sql(`insert into sweep_marks values ('meetings', now() + interval '1 hour')
    on conflict (name) do update set swept_until = excluded.swept_until`)
  const open = await opportunity(contactId)
  return { closed: closed.id, open: open.id }
}

it('B7: a pending call that an opportunity counts as foreign is its attempt, also when it goes ahead of another', async () => {
  const [contactId, callId] = [randomUUID(), randomUUID()]
  const { closed, open } = await foreignAndOpen(contactId, callId)
  await pendingCall(contactId, { id: callId, started_at: minute(0) })
  const { id } = await post(callTo(contactId, { started_at: minute(5) }))
  expect([await countedBy(closed), await countedBy(open)]).toEqual([[callId], [id]])
})

it('B7: so it is when it is known by its provider’s key', async () => {
  const [contactId, callId] = [randomUUID(), randomUUID()]
  const { closed, open } = await foreignAndOpen(contactId, callId)
  const key = { provider: 'pbx', provider_call_id: randomUUID() }
  await pendingCall(contactId, { id: callId, started_at: minute(0), ...key })
  await post(callTo(contactId, { started_at: minute(0), ...key }))
  expect([await countedBy(closed), await countedBy(open)]).toEqual([[callId], []])
})

it('B7: a pending call that has moved leaves the opportunity that counts it as foreign, whoever goes after it', async () => {
  const [before, after, callId] = [randomUUID(), randomUUID(), randomUUID()]
  const { closed } = await foreignAndOpen(before, callId)
  const { id: opportunityId } = await opportunity(after)
  await pendingCall(before, { id: callId, started_at: minute(0) })
  await whileUnreadable(callId, () => service.request('PATCH', `${CALLS}/${callId}`, { entity_id: after }))
  const { id } = await post(callTo(after, { started_at: minute(5) }))
  expect([await countedBy(closed), await countedBy(opportunityId)]).toEqual([[], [callId, id]])
})

it('B7: a call that cannot be an attempt takes the foreign one away, though registering fails at first', async () => {
  const [contactId, callId] = [randomUUID(), randomUUID()]
  const { closed } = await foreignAndOpen(contactId, callId)
  await pendingCall(contactId, { id: callId, direction: 'inbound' }, callId)
  await other.sweepOnce()
  expect([await outcomeOf(callId), await countedBy(closed)]).toEqual(['not_outbound', []])
})

/** An import that has read when a call with the id of its attempt comes by another server. */
async function importBeside(contactId: string, callId: string, act: () => Promise<unknown>): Promise<string> {
  await other.sql('delete from sweep_marks')
  beforeWriting = act
  const fields = { contact_id: contactId, first_call_attempts: olderAttempt(callId) }
  const { status, body } = await service.request('POST', OPPORTUNITIES, fields)
  expect(status).toBe(201)
  return body.id
}

it('B7: an attempt that fits stays beside one of another contact that does not, and nobody takes its place', async () => {
  const [contactId, callId] = [randomUUID(), randomUUID()]
  const { id: opportunityId } = await opportunity(contactId)
  const imported = await importBeside(randomUUID(), callId, () =>
    post(callTo(contactId, { id: callId, call_status: 'completed', started_at: minute(0) })),
  )
  const { id: later } = await post(callTo(contactId, { started_at: minute(5) }))
  await other.sweepOnce()
  expect([await countedBy(imported), await countedBy(opportunityId)]).toEqual([[], [callId]])
  expect(await outcomeOf(later)).toBe('first_call_completed')
})

it('B2: it stays although its opportunity has closed', async () => {
  const [contactId, callId] = [randomUUID(), randomUUID()]
  const { id: opportunityId } = await opportunity(contactId)
  const imported = await importBeside(randomUUID(), callId, () =>
    post(callTo(contactId, { id: callId, call_status: 'completed' })),
  )
  await other.request('PATCH', `${OPPORTUNITIES}/${opportunityId}`, { status: 'qualified' })
  await other.sweepOnce()
  expect([await countedBy(imported), await countedBy(opportunityId)]).toEqual([[], [callId]])
})

it('B5: an attempt that is imported while its call is made and deleted is withdrawn', async () => {
  const callId = randomUUID()
  const imported = await importBeside(randomUUID(), callId, async () => {
    await post({ id: callId, direction: 'inbound' })
    await other.request('DELETE', `${CALLS}/${callId}`)
  })
  await other.sweepOnce()
  expect(await countedBy(imported)).toEqual([])
})

it('B7: a meeting is found however long nobody has swept, and only once', async () => {
  const [contactId, callId] = [randomUUID(), randomUUID()]
  const imported = await importBeside(contactId, callId, () => post(callTo(contactId, { id: callId })))
  await other.sql(`update foreign_attempts set created_at = now() - interval '3 days' where call_id = $1`, [callId])
  await other.sweepOnce()
  await other.sweepOnce()
  expect(await countedBy(imported)).toEqual([callId])
  const [mark] = await other.sql<{ isNow: boolean }>(
    `select swept_until > now() - interval '1 minute' as "isNow" from sweep_marks where name = 'meetings'`,
  )
  expect(mark).toEqual({ isNow: true })
})

it('B7: an id that one change of a batch sets free is free for the next', async () => {
  const [before, after, callId] = [randomUUID(), randomUUID(), randomUUID()]
  await opportunity(before, { first_call_attempts: olderAttempt(callId) })
  const fields = { direction: 'outbound', entity_type: 'contacts', entity_id: after } as const
  const [, made] = await Promise.all([
    service.register.registerCallAttempt(createCall(newCall(callId, fields), SOMEBODY)),
    service.register.registerCallAttempt(createOpportunity(newOpportunity(after, callId), SOMEBODY)),
  ])
  expect(made.status).toBe(201)
})

import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Change } from '../src/attempts/change.ts'
import { NO_NEEDS, type Run } from '../src/attempts/read.ts'
import { Register, UnavailableError } from '../src/attempts/register.ts'
import { createCall, deleteCall, type NewCall, updateCall } from '../src/calls/save.ts'
import { changeOpportunity } from '../src/opportunities/save.ts'
import { timed } from './pace.ts'
import { createTestDatabase, createTestService, SOMEBODY, type TestDatabase, type TestService } from './service.ts'

/* What comes together, and what must not wait for each other. */

let database: TestDatabase
let service: TestService
/** Done once, just before the next batch is written. */
let beforeWriting: (() => Promise<unknown>) | null = null

const interrupted =
  (run: Run): Run =>
  async (name, text, values) => {
    if (name.startsWith('write') && beforeWriting !== null) {
      const interrupt = beforeWriting
      beforeWriting = null
      await interrupt()
    }
    return run(name, text, values)
  }

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService({ ...database, wrapRun: interrupted })
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

const opportunity = async (contact_id: string, fields: object = {}) =>
  (await service.request('POST', '/api/crm/opportunities', { contact_id, ...fields })).body

const callTo = (entity_id: string, fields: object = {}) => ({
  direction: 'outbound',
  entity_type: 'contacts',
  entity_id,
  ...fields,
})

const newCall = (entity_id: string): NewCall => ({
  id: randomUUID(),
  isIdGiven: false,
  provider: null,
  provider_call_id: null,
  created_at: null,
  fields: { direction: 'outbound', entity_type: 'contacts', entity_id },
})

it('B14: what was decided on a change that is then refused is decided again', async () => {
  const contactId = randomUUID()
  const { id, revision } = await opportunity(contactId)
  beforeWriting = () =>
    service.sql("update lead_opportunities set title = 'changed meanwhile', revision = revision + 1 where id = $1", [
      id,
    ])
  const isExpected = (present: number): boolean => present === revision
  const [closing, calling] = await Promise.all([
    service.register.registerCallAttempt(changeOpportunity(id, { status: 'lost' }, SOMEBODY, isExpected)),
    service.register.registerCallAttempt(createCall(newCall(contactId), SOMEBODY)),
  ])
  expect(closing).toMatchObject({ code: 'revision_changed' })
  expect(calling.body).toMatchObject({ attempt: { outcome: 'registered', opportunity_id: id, number: 1 } })
})

it('B14: a call made again beside a deletion that is then refused is the same call', async () => {
  const contactId = randomUUID()
  await opportunity(contactId)
  const key = { provider: 'pbx', provider_call_id: randomUUID() }
  const { body: call } = await service.request('POST', '/api/crm/calls', callTo(contactId, key))
  beforeWriting = () => service.sql('update calls set revision = revision + 1 where id = $1', [call.id])
  const isExpected = (present: number): boolean => present === call.revision
  const [deleting, repeating] = await Promise.all([
    service.register.registerCallAttempt(deleteCall(call.id, SOMEBODY, isExpected)),
    service.register.registerCallAttempt(createCall({ ...newCall(contactId), ...key }, SOMEBODY)),
  ])
  expect(deleting).toMatchObject({ code: 'revision_changed' })
  expect(repeating).toMatchObject({ status: 200, body: { id: call.id } })
})

it('B5: a repeated call that names another contact only moves to it', async () => {
  const [before, after] = [randomUUID(), randomUUID()]
  await opportunity(before)
  const { id } = await opportunity(after)
  const key = { provider: 'pbx', provider_call_id: randomUUID() }
  await service.request('POST', '/api/crm/calls', callTo(before, key))
  const moved = await service.request('POST', '/api/crm/calls', { direction: 'outbound', entity_id: after, ...key })
  expect(moved.status).toBe(200)
  expect(moved.body.attempt).toMatchObject({ outcome: 'registered', opportunity_id: id, number: 1 })
})

/** An opportunity that is full, and the call that it turned away. */
async function fullOpportunity() {
  const contactId = randomUUID()
  const { id: opportunityId } = await opportunity(contactId)
  const calls = []
  for (let number = 1; number <= 6; number++) {
    calls.push((await service.request('POST', '/api/crm/calls', callTo(contactId))).body)
  }
  return { contactId, opportunityId, first: calls[0], turnedAway: calls[5] }
}

const attemptOf = async (id: string) => (await service.request('GET', `/api/crm/calls/${id}`)).body.attempt

const onlyAt =
  (revision: number) =>
  (present: number): boolean =>
    present === revision

it.each<[string, (id: string, revision: number) => Change<unknown>]>([
  ['deletion', (id, revision) => deleteCall(id, SOMEBODY, onlyAt(revision))],
  ['move', (id, revision) => updateCall(id, { entity_id: randomUUID() }, SOMEBODY, onlyAt(revision))],
  ['unlinking', (id, revision) => updateCall(id, { entity_id: null }, SOMEBODY, onlyAt(revision))],
])('B6: a call that was turned away takes the number that is freed beside its refused %s', async (_, change) => {
  const { opportunityId, first, turnedAway } = await fullOpportunity()
  beforeWriting = () => service.sql('update calls set revision = revision + 1 where id = $1', [turnedAway.id])
  const [leaving, freeing] = await Promise.all([
    service.register.registerCallAttempt(change(turnedAway.id, turnedAway.revision)),
    service.register.registerCallAttempt(deleteCall(first.id, SOMEBODY)),
  ])
  expect(leaving).toMatchObject({ code: 'revision_changed' })
  expect(freeing).toBeNull()
  expect(await attemptOf(turnedAway.id)).toMatchObject({
    outcome: 'registered',
    opportunity_id: opportunityId,
    number: 5,
  })
})

it('B6: an opportunity that opens beside a refused deletion takes the call that it had turned away', async () => {
  const contactId = randomUUID()
  const { id } = await opportunity(contactId)
  await service.request('POST', '/api/crm/calls', callTo(contactId, { call_status: 'answered' }))
  const { body: later } = await service.request('POST', '/api/crm/calls', callTo(contactId))
  const green = (await service.request('GET', `/api/crm/opportunities/${id}`)).body.first_call_attempts[1].call_id
  await service.request('PATCH', `/api/crm/opportunities/${id}`, { status: 'lost' })
  await service.request('PATCH', `/api/crm/calls/${green}`, { call_status: 'busy' })
  expect((await attemptOf(later.id)).outcome).toBe('first_call_completed')
  beforeWriting = () => service.sql('update calls set revision = revision + 1 where id = $1', [later.id])
  const [deleting] = await Promise.all([
    service.register.registerCallAttempt(deleteCall(later.id, SOMEBODY, onlyAt(later.revision))),
    service.register.registerCallAttempt(changeOpportunity(id, { status: 'assigned' }, SOMEBODY)),
  ])
  expect(deleting).toMatchObject({ code: 'revision_changed' })
  expect(await attemptOf(later.id)).toMatchObject({ outcome: 'registered', opportunity_id: id, number: 2 })
})

it('B9: a withdrawal that was answered with 503 is not written after all', async () => {
  const slow = await createTestService({
    ...database,
    wrapRun: (run) => async (name, text, values) => {
      const rows = await run(name, text, values)
      if (name === 'read_all') await wait(150)
      return rows as never
    },
    times: { registerWithin: 20, answerWithin: 100 },
  })
  try {
    const contactId = randomUUID()
    const { id } = await opportunity(contactId)
    const { body: call } = await service.request('POST', '/api/crm/calls', callTo(contactId))
    await expect(slow.register.registerCallAttempt(deleteCall(call.id, SOMEBODY))).rejects.toThrow(UnavailableError)
    await wait(150)
    expect(await attemptOf(call.id)).toMatchObject({ outcome: 'registered', opportunity_id: id, number: 1 })
  } finally {
    await slow.close()
  }
})

it('B12: two batches that make the same calls in opposite order do not wait for each other in a circle', async () => {
  const own = await createTestDatabase()
  const written: number[] = []
  let reading = 0
  let release: () => void = () => undefined
  const bothHaveRead = new Promise<void>((resolve) => {
    release = resolve
  })
  const together =
    (run: Run): Run =>
    async (name, text, values) => {
      if (!name.startsWith('write')) return run(name, text, values)
      if (++reading === 2) release()
      await bothHaveRead
      const { result, ms } = await timed(run(name, text, values))
      written.push(ms)
      return result as never
    }
  const services = await Promise.all([1, 2].map(() => createTestService({ ...own, wrapRun: together })))
  try {
    await services[0]?.sql(`create function slowly() returns trigger language plpgsql as
      'begin perform pg_sleep(0.05); return new; end'`)
    await services[0]?.sql('create trigger slowly before insert on calls for each row execute function slowly()')
    const contactId = randomUUID()
    const calls = ['one', 'two', 'three'].map((provider_call_id) => ({ provider: 'pbx', provider_call_id }))
    const answers = await Promise.all(
      services.flatMap(({ register }, server) =>
        (server === 0 ? calls : [...calls].reverse()).map((key) =>
          register.registerCallAttempt(createCall({ ...newCall(contactId), ...key }, SOMEBODY)),
        ),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201, 201, 201])
    expect(Math.max(...written)).toBeLessThan(500)
  } finally {
    await Promise.all(services.map((each) => each.close()))
    await own.drop()
  }
})

// ── With a database of our own making ───────────────────────────────────────────────────────────────────────────────

const silent = { onBatch() {}, onRetry() {}, onNotRegistered() {} }

const databaseError = (code: string): Error => Object.assign(new pg.DatabaseError('cannot', 0, 'error'), { code })

const nothingFound = () => [{ now: Date.now() }] as never

it('A9: while the opportunities are blocked, calls are saved without waiting for one another', async () => {
  const blocked: Run = async (name) => {
    if (name.startsWith('read_new') || name === 'read_all') {
      await wait(700)
      throw databaseError('57014')
    }
    await wait(2)
    return name === 'read_calls' ? nothingFound() : ([] as never)
  }
  const register = new Register(blocked, silent)
  const answers: Promise<number>[] = []
  for (let count = 0; count < 150; count++) {
    const answer = timed(register.registerCallAttempt(createCall(newCall(randomUUID()), SOMEBODY)))
    answers.push(answer.then(({ ms }) => ms))
    await wait(20)
  }
  const times = (await Promise.all(answers)).sort((a, b) => a - b)
  expect(times[148]).toBeLessThan(1_650)
})

it.each([
  ['the disk is full', '53100'],
  ['a file cannot be read', '58030'],
  ['a wait was given up', '57014'],
  ['a lock was not to be had', '55P03'],
  ['it takes no writes', '25006'],
])('A9: a call that cannot be saved because %s is saved as soon as it can be', async (_, code) => {
  const startedAt = performance.now()
  const failing: Run = async (name) => {
    if (name.startsWith('write') && performance.now() - startedAt < 300) throw databaseError(code)
    return name.startsWith('read') ? nothingFound() : ([] as never)
  }
  const register = new Register(failing, silent)
  const { status } = await register.registerCallAttempt(createCall(newCall(randomUUID()), SOMEBODY))
  expect(status).toBe(201)
})

it('calls of long texts are written in parts of a million characters, short ones together', async () => {
  const sizes: number[] = []
  const register = new Register(async (name) => (name.startsWith('read') ? nothingFound() : ([] as never)), {
    ...silent,
    onBatch: (size) => sizes.push(size),
  })
  const long = { ...newCall(randomUUID()), fields: { direction: 'outbound', call_result: 'x'.repeat(20_000) } } as const
  const key = { owner: 'somebody', key: 'one', requestHash: 'x' }
  const longs = Array.from({ length: 48 }, (_, place) =>
    createCall({ ...long, id: randomUUID() }, SOMEBODY, undefined, { ...key, place }),
  )
  const shorts = Array.from({ length: 500 }, () => createCall(newCall(randomUUID()), SOMEBODY))
  await Promise.all([...longs, ...shorts].map((change) => register.registerCallAttempt(change)))
  expect(sizes).toEqual([16, 16, 516])
})

it('a batch that runs out of time is saved in parts that grow smaller, and not whole again', async () => {
  const sizes: number[] = []
  const slow: Run = async (name, _, [groups]) => {
    if (name.startsWith('write') && Array.isArray(groups) && groups.length > 100) {
      await wait(50)
      throw databaseError('57014')
    }
    return name.startsWith('read') ? nothingFound() : ([] as never)
  }
  const events = { ...silent, onBatch: (size: number) => void sizes.push(size) }
  const register = new Register(slow, events, { registerWithin: 10, answerWithin: 1_900 })
  const changes = Array.from({ length: 1_000 }, () => createCall(newCall(randomUUID()), SOMEBODY))
  const answers = await Promise.all(changes.map((change) => register.registerCallAttempt(change)))
  expect(answers.every(({ status }) => status === 201)).toBe(true)
  expect(sizes[0]).toBe(1_000)
  expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(500)
})

it('R12: what the database cannot do for the whole time is answered with 503', async () => {
  const full: Run = async (name) => {
    if (name.startsWith('write')) throw databaseError('53100')
    return nothingFound()
  }
  const register = new Register(full, silent, { registerWithin: 20, answerWithin: 150 })
  await expect(register.registerCallAttempt(createCall(newCall(randomUUID()), SOMEBODY))).rejects.toThrow(
    UnavailableError,
  )
})

it('a change whose deciding fails comes again once, though its batch fails as well', async () => {
  let tries = 0
  const broken: Change<void> = {
    by: SOMEBODY,
    needs: NO_NEEDS,
    plan: () => {
      tries++
      throw new Error('a bug')
    },
  }
  const failing: Run = async (name) => {
    if (name.startsWith('write')) throw databaseError('53100')
    return nothingFound()
  }
  const register = new Register(failing, silent, { registerWithin: 400, answerWithin: 400 })
  const others = Array.from({ length: 7 }, () => createCall(newCall(randomUUID()), SOMEBODY))
  await Promise.allSettled([broken, ...others].map((change) => register.registerCallAttempt<unknown>(change)))
  // At 0, 1, 3, 7, 15, 31, 56, 81 ms and so on.
  expect(tries).toBeGreaterThan(3)
  expect(tries).toBeLessThanOrEqual(20)
})

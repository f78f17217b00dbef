import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Run } from '../src/attempts/read.ts'
import { Register } from '../src/attempts/register.ts'
import { createCall, deleteCall, type NewCall } from '../src/calls/save.ts'
import { changeOpportunity } from '../src/opportunities/save.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

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
    service.register.registerCallAttempt(changeOpportunity(id, { status: 'lost' }, isExpected)),
    service.register.registerCallAttempt(createCall(newCall(contactId))),
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
    service.register.registerCallAttempt(deleteCall(call.id, isExpected)),
    service.register.registerCallAttempt(createCall({ ...newCall(contactId), ...key })),
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

it('A9: while the opportunities are blocked, calls are saved without waiting for one another', async () => {
  const blocked: Run = async (name) => {
    if (name === 'read_new' || name === 'read_all') {
      await wait(700)
      throw Object.assign(new pg.DatabaseError('canceling statement due to statement timeout', 0, 'error'), {
        code: '57014',
      })
    }
    await wait(2)
    return name === 'read_calls' ? ([{ now: Date.now() }] as never) : ([] as never)
  }
  const register = new Register(blocked, { onBatch() {}, onRetry() {}, onNotRegistered() {} })
  const answers: Promise<number>[] = []
  for (let count = 0; count < 150; count++) {
    const startedAt = performance.now()
    answers.push(
      register.registerCallAttempt(createCall(newCall(randomUUID()))).then(({ status }) => {
        expect(status).toBe(201)
        return performance.now() - startedAt
      }),
    )
    await wait(20)
  }
  expect((await Promise.allSettled(answers)).filter(({ status }) => status === 'rejected')).toEqual([])
})

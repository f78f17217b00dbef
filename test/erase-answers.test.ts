import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { replaceAnswersBy } from '../src/erasure/requests.ts'
import { tracesOf } from '../src/erasure/traces.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* S11: of kept answers there may be very many; they are gone through piece by piece. */

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

it('every answer about a person is replaced, however few are looked at at once, and no other', async () => {
  const [contactId, callId, number] = [randomUUID(), randomUUID(), '+34612000111']
  const about = [
    { id: contactId, phones: [number] },
    { id: randomUUID(), contact_id: contactId },
    { id: randomUUID(), entity_type: 'contacts', entity_id: contactId },
    { id: callId },
    { id: randomUUID(), entity_type: null, entity_id: null, call_result: 'Llamar al 612 000 111' },
  ]
  const others = [
    { id: randomUUID(), phones: [number] },
    { id: randomUUID(), call_result: 'Llamar al 612 000 112' },
    { detail: 'There is no contact.' },
  ]
  const bodies = [...about, ...others, ...about, ...others, ...others]
  for (const [place, body] of bodies.entries()) {
    const key = [`owner ${place % 3}`, `key ${Math.floor(place / 2)}`, 'hash']
    await service.sql(
      'insert into idempotency_requests (owner, key, request_hash) values ($1, $2, $3) on conflict do nothing',
      key,
    )
    await service.sql(
      'insert into idempotency_keys (owner, key, place, request_hash, answer) values ($1, $2, $4, $3, $5)',
      [...key, place, JSON.stringify({ status: 201, body })],
    )
  }
  const left = async () => {
    const rows = await service.sql('select place, answer from idempotency_keys order by place')
    return rows.filter(({ answer }) => answer.status !== 410).map(({ place }) => place)
  }
  const isOther = (place: number): boolean => others.includes(bodies[place] as never)
  let pieces = 0
  const work = {
    query: service.database.query,
    mails: service.mails,
    contactId,
    callIds: [callId],
    askedAt: Date.now(),
    traces: tracesOf({ names: [], phones: [number], emails: [] }),
    ownPhones: [number],
    goOn: async () => void pieces++,
  }
  for (let round = 0; round < 2; round++) {
    await replaceAnswersBy(2).do(work)
    expect(await left()).toEqual([...bodies.keys()].filter(isOther))
  }
  expect(pieces).toBe(2 * (Math.ceil(bodies.length / 2) + 1))
})

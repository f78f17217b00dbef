import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from '../service.ts'
import { violationsOf } from './checker.ts'
import { type Final, readFinal } from './final.ts'
import { load, makeLeads } from './load.ts'
import { MUTATIONS } from './mutations.ts'
import { type Exchange, newName, type Recorder } from './recorder.ts'
import { chanceFor, newRecorder } from './stage.ts'
import type { World } from './world.ts'

/* The checker itself: it finds nothing wrong with what is right, and each thing that is made wrong. */

const MIX = { create: 50, change: 30, move: 12, delete: 5, close: 1, reopen: 2 }
const REQUESTS = 1_000

let database: TestDatabase
let service: TestService
let recorder: Recorder
let final: Final

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
  const address = await service.app.listen({ host: '127.0.0.1', port: 0 })
  recorder = newRecorder()
  const ending = new AbortController()
  const around = { recorder, random: chanceFor('checker'), addresses: () => [address] }
  const leads = await makeLeads(around, 40)
  await completeOne(around, address)
  const watching = setInterval(() => {
    if (recorder.exchanges.length > REQUESTS) ending.abort()
  }, 20)
  await load({ ...around, leads, writers: 6, mix: MIX, signal: ending.signal })
  clearInterval(watching)
  await service.sweepOnce()
  final = await readFinal(address, KEY)
})

/** A lead of two calls, each told of once, the second green: however the draw falls, there is one. */
async function completeOne(around: Parameters<typeof makeLeads>[0], address: string): Promise<void> {
  const [lead] = await makeLeads(around, 1)
  const link = { direction: 'outbound', entity_type: 'contacts', entity_id: lead?.contactId }
  for (const call_status of ['no_answer', 'completed']) {
    const body = { id: randomUUID(), extension: newName(), ...link, call_status }
    await around.recorder.ask(address, { method: 'POST', path: '/api/crm/calls', body })
  }
}

afterAll(async () => {
  await service.close()
  await database.drop()
})

it('finds nothing wrong with a service at work', () => {
  expect(final.calls.length).toBeGreaterThan(300)
  expect(violationsOf(recorder.exchanges, final)).toEqual([])
})

describe('is told wrongly, and finds', () => {
  it.each(MUTATIONS)('%s', (_, mutate, expected) => {
    const { exchanges, calls, opportunities } = structuredClone({ exchanges: recorder.exchanges, ...final }) as World &
      Final
    const world = { exchanges, calls, opportunities } as World
    mutate(world)
    const wrongs = violationsOf(world.exchanges as Exchange[], { ...final, ...world } as Final)
    expect(wrongs).toContainEqual(expect.stringMatching(expected))
  })
})

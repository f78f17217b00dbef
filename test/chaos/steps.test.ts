import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tellFigures } from '../figures.ts'
import { urlTo } from '../postgres.ts'
import { createTestDatabase, type TestDatabase } from '../service.ts'
import type { Fleet } from './fleet.ts'
import type { Lead } from './load.ts'
import { FaultProxy } from './proxy.ts'
import { chanceFor, drained, judge, newRecorder, startServices } from './stage.ts'

/* R6: a service is killed at each step of a call's way, and started again; nobody lifts a finger. */

const ROUNDS = Number(process.env.R6_ROUNDS ?? 1)

let database: TestDatabase
let direct: pg.Client
let proxy: FaultProxy
let fleet: Fleet
const recorder = newRecorder()

beforeAll(async () => {
  database = await createTestDatabase()
  direct = new pg.Client(database.connection)
  await direct.connect()
  proxy = await FaultProxy.open(database.connection, chanceFor('R6'))
  fleet = await startServices(1, { DATABASE_URL: urlTo(proxy.connection) })
})

afterAll(async () => {
  await fleet.close()
  await proxy.close()
  await direct.end()
  await database.drop()
})

/** What passes to PostgreSQL at each step. */
const STEPS = [
  ['before anything is read', 'read_', 'question'],
  ['between read and write', 'write_', 'question'],
  ['after the write, before its answer', 'write_', 'answer'],
] as const

async function newLead(): Promise<Lead> {
  const lead = { contactId: randomUUID(), opportunityId: randomUUID() }
  const body = { id: lead.opportunityId, contact_id: lead.contactId }
  const { status } = await recorder.ask(fleet.address(0), { method: 'POST', path: '/api/crm/opportunities', body })
  expect(status).toBe(201)
  return lead
}

const callTo = ({ contactId }: Lead) => {
  const link = { direction: 'outbound', entity_type: 'contacts', entity_id: contactId, call_status: 'busy' }
  return { id: randomUUID(), extension: randomUUID(), ...link }
}

const post = (body: Record<string, unknown>) =>
  recorder.ask(fleet.address(0), { method: 'POST', path: '/api/crm/calls', body })

/** Kills the service as soon as this passes, and starts it again. */
async function killedAt(text: string, when: 'question' | 'answer', doing: () => Promise<unknown>): Promise<void> {
  const held = proxy.holdNext(text, when)
  const done = doing()
  const reset = await held
  await fleet.end(0, 'SIGKILL')
  reset?.()
  await done
  await fleet.start(0)
}

async function attemptsOf({ opportunityId }: Lead): Promise<number> {
  const { rows } = await direct.query('select attempts_made from lead_opportunities where id = $1', [opportunityId])
  return rows[0].attempts_made
}

describe.each(Array.from({ length: ROUNDS }, (_, round) => round + 1))('R6: a kill, round %i,', () => {
  it.each(STEPS)('%s: the caller who asks again finds its call, once', async (step, text, when) => {
    const lead = await newLead()
    const call = callTo(lead)
    await killedAt(text, when, () => post(call))
    expect(recorder.exchanges.at(-1)?.status).toBeNull()
    expect(await attemptsOf(lead)).toBe(step.startsWith('after') ? 1 : 0)
    const again = await post(call)
    expect(again.status).toBe(step.startsWith('after') ? 409 : 201)
    expect(await attemptsOf(lead)).toBe(1)
  })

  it.each([
    ['after it has claimed them', 'update calls set tries = tries + 1', 'answer'],
    ['between read and write', 'write_', 'question'],
    ['after the write', 'write_', 'answer'],
  ] as const)('while it sweeps pending calls, %s: they are registered by the next start', async (_, text, when) => {
    const lead = await newLead()
    const call = callTo(lead)
    await direct.query('begin')
    await direct.query('select from lead_opportunities where id = $1 for update', [lead.opportunityId])
    const { answer } = await post(call)
    expect(answer).toMatchObject({ attempt: { outcome: 'pending' } })
    await killedAt(text, when, () => direct.query('commit'))
    const since = performance.now()
    while ((await attemptsOf(lead)) === 0) {
      expect(performance.now() - since, 'ms until it is registered').toBeLessThan(10_000)
      await wait(20)
    }
    expect(await attemptsOf(lead)).toBe(1)
  })
})

it('R6: after all kills nothing is pending, and nothing wrong', async () => {
  const drainMs = await drained(fleet.address(0), database.connection)
  const { wrongs, sentence } = await judge(recorder, fleet.address(0))
  tellFigures('R6', `${fleet.kills} kills at 6 steps; ${sentence}; nothing pending after ${drainMs.toFixed()} ms`)
  expect(wrongs).toEqual([])
})

it('(control) R6: without the statement that claims them, what is pending stays so after a kill', async () => {
  const lead = await newLead()
  await direct.query('begin')
  await direct.query('select from lead_opportunities where id = $1 for update', [lead.opportunityId])
  const { answer } = await post(callTo(lead))
  expect(answer).toMatchObject({ attempt: { outcome: 'pending' } })
  // As if nobody ever looked again.
  await direct.query(`update calls set due_at = 'infinity' where id = $1`, [answer?.id])
  await direct.query('commit')
  await fleet.restart(0)
  const { wrongs } = await judge(recorder, fleet.address(0))
  tellFigures('R6', `a call whose time never comes: ${wrongs.length} violations`, true)
  expect(wrongs).toEqual([expect.stringContaining('is still pending')])
})

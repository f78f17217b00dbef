import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { goThrough } from '../src/history/work.ts'
import {
  at,
  EVERYTHING,
  makeLeads,
  oldCall,
  opportunityOf,
  outcomesOf,
  START,
  stateOf,
  syncAll,
  versions,
} from './history.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* B16: what the history sync takes, and what it leaves. */

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

const sync = (contactId: string, options: object = {}) => syncAll(service.database, { contactId, ...options })

const NOTHING = { seen: 0, registered: 0, before_opportunity: 0, turned_away: {}, failed: 0 }

describe('B16: the history sync', () => {
  it('takes the calls that took place since the opportunity was there, from its first moment on', async () => {
    const contactId = randomUUID()
    const calls = [
      await oldCall(service, contactId, 9, { started_at: new Date(START + 10 * 60_000 - 1).toISOString() }),
      await oldCall(service, contactId, 10),
      await oldCall(service, contactId, 12, { started_at: null, created_at: at(12) }),
    ]
    await opportunityOf(service, contactId, 10)
    expect(await sync(contactId)).toEqual({ ...NOTHING, seen: 3, registered: 2, before_opportunity: 1 })
    expect(await outcomesOf(service, calls)).toEqual([
      ['unknown_contact', null],
      ['registered', 1],
      ['registered', 2],
    ])
  })

  it('takes earlier ones where that is asked for, and numbers them by their time', async () => {
    const contactId = randomUUID()
    const calls = [await oldCall(service, contactId, 20), await oldCall(service, contactId, 5)]
    await opportunityOf(service, contactId, 10)
    await sync(contactId)
    expect(await outcomesOf(service, calls)).toEqual([
      ['registered', 1],
      ['unknown_contact', null],
    ])
    expect(await sync(contactId, { beforeOpportunity: true })).toEqual({ ...NOTHING, seen: 1, registered: 1 })
    expect(await outcomesOf(service, calls)).toEqual([
      ['registered', 2],
      ['registered', 1],
    ])
  })

  it('leaves an earlier call as it is, whatever it would be turned away by', async () => {
    const contactId = randomUUID()
    const call = await oldCall(service, contactId, 5)
    await opportunityOf(service, contactId, 10, { first_call_completed: true })
    const before = await versions(service)
    expect(await sync(contactId)).toEqual({ ...NOTHING, seen: 1, before_opportunity: 1 })
    expect(await versions(service)).toEqual(before)
    await sync(contactId, { beforeOpportunity: true })
    expect(await outcomesOf(service, [call])).toEqual([['first_call_completed', null]])
  })

  it('gives the five places to the five oldest, whatever the order in which they came', async () => {
    const contactId = randomUUID()
    const minutes = [7, 3, 5, 1, 6, 2, 4]
    const calls: string[] = []
    for (const minute of minutes) calls.push(await oldCall(service, contactId, minute))
    const opportunity = await opportunityOf(service, contactId, 0)
    const counts = { ...NOTHING, seen: 7, registered: 5, turned_away: { limit_reached: 2 } }
    // Also where a chunk holds less than the contact's calls.
    expect(await sync(contactId, { batch: 2 })).toEqual(counts)
    expect(await outcomesOf(service, calls)).toEqual(
      minutes.map((minute) => (minute <= 5 ? ['registered', minute] : ['limit_reached', null])),
    )
    const { body } = await service.request('GET', `/api/crm/opportunities/${opportunity}`)
    expect(body).toMatchObject({ status: 'contacted', last_contact_attempt_at: '2025-01-29T10:05:00Z' })
  })

  it('takes no more once the first call is completed', async () => {
    const contactId = randomUUID()
    const calls = [
      await oldCall(service, contactId, 1),
      await oldCall(service, contactId, 2, { call_status: 'answered', resumen_llamada: 'Le interesa.' }),
      await oldCall(service, contactId, 3),
    ]
    const opportunity = await opportunityOf(service, contactId, 0)
    expect(await sync(contactId)).toMatchObject({ registered: 2, turned_away: { first_call_completed: 1 } })
    expect(await outcomesOf(service, calls)).toEqual([
      ['registered', 1],
      ['registered', 2],
      ['first_call_completed', null],
    ])
    const { body } = await service.request('GET', `/api/crm/opportunities/${opportunity}`)
    expect(body).toMatchObject({ first_call_completed: true, first_call_successful_attempt: 2 })
    expect(body.first_call_attempts[2]).toMatchObject({ status: 'green', call_id: calls[1], notes: 'Le interesa.' })
  })

  it('of two opportunities takes the newest that is open, and it alone', async () => {
    const contactId = randomUUID()
    const calls = [await oldCall(service, contactId, 5), await oldCall(service, contactId, 15)]
    await opportunityOf(service, contactId, 0)
    const newest = await opportunityOf(service, contactId, 10)
    expect(await sync(contactId)).toMatchObject({ registered: 1, before_opportunity: 1 })
    const { body } = await service.request('GET', `/api/crm/calls/${calls[1]}`)
    expect(body.attempt).toMatchObject({ opportunity_id: newest, number: 1 })
    expect(await outcomesOf(service, calls.slice(0, 1))).toEqual([['unknown_contact', null]])
  })

  it('says the reason that now holds where there is no place', async () => {
    const contactId = randomUUID()
    const call = await oldCall(service, contactId, 5)
    expect(await sync(contactId)).toMatchObject({ turned_away: { unknown_contact: 1 } })
    await opportunityOf(service, contactId, 0, { status: 'lost' })
    expect(await sync(contactId)).toMatchObject({ turned_away: { no_open_opportunity: 1 } })
    expect(await outcomesOf(service, [call])).toEqual([['no_open_opportunity', null]])
  })

  it('sees neither calls that cannot be attempts nor deleted ones, nor what is an attempt', async () => {
    const contactId = randomUUID()
    await opportunityOf(service, contactId, 0)
    await oldCall(service, contactId, 1)
    await oldCall(service, contactId, 2, { direction: 'inbound' })
    await oldCall(service, contactId, 3, { entity_type: 'companies' })
    const other = randomUUID()
    await service.request('DELETE', `/api/crm/calls/${await oldCall(service, other, 1)}`)
    const before = await versions(service)
    expect(await sync(contactId)).toEqual(NOTHING)
    expect(await sync(other)).toEqual(NOTHING)
    expect(await versions(service)).toEqual(before)
  })

  it('looks at a period: from its first moment on, up to its last, which is none of it', async () => {
    const contactId = randomUUID()
    const calls: string[] = []
    for (const minute of [1, 2, 3, 4]) calls.push(await oldCall(service, contactId, minute))
    await opportunityOf(service, contactId, 0)
    const period = { from: START + 2 * 60_000, to: START + 4 * 60_000 }
    expect(await sync(contactId, period)).toMatchObject({ seen: 2, registered: 2 })
    expect(await outcomesOf(service, calls)).toEqual([
      ['unknown_contact', null],
      ['registered', 1],
      ['registered', 2],
      ['unknown_contact', null],
    ])
  })

  it('B9: what is pending of a contact is decided first, whenever it took place', async () => {
    const contactId = randomUUID()
    for (const minute of [1, 2, 3, 4, 5]) await oldCall(service, contactId, minute)
    const pending = await oldCall(service, contactId, 6)
    await opportunityOf(service, contactId, 0)
    await service.sql(
      `update calls set outcome = 'pending', pending_since = now(), due_at = now() + interval '1 hour' where id = $1`,
      [pending],
    )
    expect(await sync(contactId)).toMatchObject({ seen: 5, registered: 4, turned_away: { limit_reached: 1 } })
    expect(await outcomesOf(service, [pending])).toEqual([['registered', 5]])
  })

  it('B7: a call that an older system counts becomes what it is there', async () => {
    const contactId = randomUUID()
    const call = await oldCall(service, contactId, 1)
    const first = { status: 'orange', call_id: 'elsewhere', attempted_at: at(0), notes: '' }
    const opportunity = await opportunityOf(service, contactId, 0, { first_call_attempts: { 1: first } })
    // As if both had come at the same moment.
    await service.sql(
      `update lead_opportunities set first_call_attempts = jsonb_set(first_call_attempts, '{1,call_id}', to_jsonb($2::text))
       where id = $1`,
      [opportunity, call],
    )
    await service.sql('update foreign_attempts set call_id = $2 where opportunity_id = $1', [opportunity, call])
    expect(await sync(contactId)).toMatchObject({ seen: 1, registered: 1 })
    expect(await outcomesOf(service, [call])).toEqual([['registered', 1]])
    expect(await service.sql('select from foreign_attempts where opportunity_id = $1', [opportunity])).toEqual([])
  })

  it('changes nothing of a call but what is decided of it', async () => {
    const contactId = randomUUID()
    const fields = {
      phone_number: '+34600000001',
      extension: '101',
      call_result: 'x',
      duration_seconds: 25,
      ended_at: at(2),
    }
    const id = await oldCall(service, contactId, 1, { ...fields, provider: 'pbx', provider_call_id: randomUUID() })
    const opportunity_id = await opportunityOf(service, contactId, 0)
    const [before] = await service.sql('select * from calls where id = $1', [id])
    await sync(contactId)
    const [after] = await service.sql('select * from calls where id = $1', [id])
    const { updated_at } = after ?? {}
    expect(after).toEqual({
      ...before,
      outcome: 'registered',
      opportunity_id,
      revision: before?.revision + 1,
      updated_at,
    })
  })
})

describe('R15: the history sync', () => {
  it('writes nothing in a dry run, which counts what a real one does, and nothing the second time', async () => {
    await makeLeads(service, 40, 7)
    const before = await versions(service)
    const told = await syncAll(service.database, { isDryRun: true })
    expect(await versions(service)).toEqual(before)
    expect(told).toMatchObject({ registered: expect.any(Number), before_opportunity: expect.any(Number), failed: 0 })
    expect(Math.min(told.registered, told.before_opportunity, ...Object.values(told.turned_away))).toBeGreaterThan(0)
    expect(await syncAll(service.database, { batch: 7 })).toEqual(told)
    const after = await versions(service)
    expect(after).not.toEqual(before)
    expect(await syncAll(service.database)).toMatchObject({ seen: told.seen - told.registered, registered: 0 })
    expect(await versions(service)).toEqual(after)
  })

  it('comes to the same, however it is cut', async () => {
    const others = await Promise.all([1, 2, 3].map(() => createTestDatabase()))
    const states = await Promise.all(
      others.map(async (one, place) => {
        const other = await createTestService(one)
        await makeLeads(other, 40, 11)
        await syncAll(other.database, { batch: [1, 3, 1_000][place] ?? 1 })
        const state = await stateOf(other)
        await other.close()
        await one.drop()
        return state
      }),
    )
    expect(states[1]).toEqual(states[0])
    expect(states[2]).toEqual(states[0])
  })

  it('passes over a contact whose calls cannot be decided, and tells of it', async () => {
    const [good, bad] = [randomUUID(), randomUUID()]
    const [minute, from] = [1_000_000, START + 1_000_000 * 60_000]
    const calls = [await oldCall(service, good, minute), await oldCall(service, bad, minute)]
    await opportunityOf(service, good, 0)
    const opportunity = await opportunityOf(service, bad, 0)
    // Nobody writes such a row any more.
    await service.sql(
      `alter table lead_opportunities add constraint broken check (id <> '${opportunity}' or revision = 1) not valid`,
    )
    const failures: unknown[] = []
    const told: object[] = []
    for await (const { counts } of goThrough({ ...EVERYTHING, from }, null, {
      database: service.database,
      atOnce: 1,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onFailure: ({ contactId }, error) => failures.push([contactId, (error as Error).message]),
    })) {
      told.push(counts)
    }
    await service.sql('alter table lead_opportunities drop constraint broken')
    expect(failures).toEqual([[bad, expect.stringContaining('broken')]])
    expect(told.at(-1)).toMatchObject({ failed: 1 })
    expect(await outcomesOf(service, calls)).toEqual([
      ['registered', 1],
      ['unknown_contact', null],
    ])
  })
})

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '../src/auth/caller.ts'
import { type Database, openDatabase } from '../src/database/database.ts'
import { type News, tellingFrom } from '../src/events/telling.ts'
import { eventsOf } from './event-source.ts'
import { addressOf, callTo, leadOf } from './event-stage.ts'
import { makeKey } from './keys.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* `include=opportunities`: the leads that have changed are sent with the news of it. */

let database: TestDatabase
let service: TestService
let address: string

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
  address = await addressOf(service)
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

const listen = (query = '', headers: Record<string, string> = {}) => eventsOf(`${address}/api/events${query}`, headers)

const WITH = '?include=opportunities'
const opportunitiesIn = (told: object): { id: string; assigned_to: string | null }[] | undefined =>
  Object(told).opportunities

it('an event has them as a list has them', async () => {
  const { contact, opportunity } = await leadOf(service)
  const [listener, plain] = await Promise.all([listen(WITH), listen()])
  const call = (await callTo(service, contact)).body.id
  const isMeant = ({ call: ids = [] }: { call?: string[] }): boolean => ids.includes(call)
  const told = await listener.until(isMeant)
  const list = await service.request('GET', `/api/crm/opportunities?ids=${opportunity}&include=contact`)
  expect(list.body.data[0].first_call_attempts['1'].status).toBe('orange')
  expect(opportunitiesIn(told)?.filter(({ id }) => id === opportunity)).toEqual(list.body.data)
  expect(opportunitiesIn(await plain.until(isMeant))).toBeUndefined()
  for (const one of [listener, plain]) await one.close()
})

it('of one that is gone or given away an agent is told but its id', async () => {
  const me = randomUUID()
  const agent = await makeKey(service, { role: 'agent', user_id: me })
  const [gone, given] = [await leadOf(service, me), await leadOf(service, me)]
  const listener = await listen(WITH, agent.headers)
  await service.request('DELETE', `/api/crm/opportunities/${gone.opportunity}`)
  await service.request('PATCH', `/api/crm/opportunities/${given.opportunity}`, { assigned_to: 'somebody else' })
  const { opportunity: seen } = await leadOf(service)
  const [ids, whole] = [new Set<string>(), new Map<string, string | null>()]
  await listener.until(({ opportunity = [], ...told }) => {
    for (const id of opportunity) ids.add(id)
    for (const one of opportunitiesIn(told) ?? []) whole.set(one.id, one.assigned_to)
    return whole.has(seen)
  })
  expect([...ids]).toEqual(expect.arrayContaining([gone.opportunity, given.opportunity, seen]))
  expect([...whole.values()]).not.toContain('somebody else')
  // What was told before they were changed, they may have seen.
  expect(whole.get(given.opportunity) ?? me).toBe(me)
  await listener.close()
})

it('another name is refused', async () => {
  expect((await service.request('GET', '/api/events?include=calls')).status).toBe(422)
})

describe('of news', () => {
  const manager = { role: 'manager', userId: randomUUID() } as const
  const whole = { caller: manager, withOpportunities: true }
  let opened: Database
  const newsOf = (...ids: readonly string[]): News => ({
    changes: ids.map((entityId, at) => ({
      ...{ id: at, kind: 'opportunity', entityId, how: 'changed', was: {} },
      ...{ isErasure: false, isRenumbered: false },
    })),
    settled: ids.length,
  })

  beforeAll(() => {
    opened = openDatabase({ connection: database.connection, hasPooler: false, onIdleError: () => undefined })
  })
  afterAll(() => opened.close())

  it('there are none where more than a hundred have changed', async () => {
    const telling = tellingFrom(opened)
    const { opportunity } = await leadOf(service)
    const ids = Array.from({ length: 99 }, () => randomUUID())
    const told = JSON.parse(await telling(newsOf(opportunity, ...ids), whole))
    expect(told).toEqual({
      opportunity: [opportunity, ...ids],
      opportunities: [expect.objectContaining({ contact: expect.anything() })],
    })
    const more = [opportunity, ...ids, randomUUID()]
    expect(JSON.parse(await telling(newsOf(...more), whole))).toEqual({ opportunity: more })
  })

  it('each role is told what it may know, and each agent what that agent sees', async () => {
    const [me, colleague] = [randomUUID(), randomUUID()]
    const [mine, nobodys, theirs] = [await leadOf(service, me), await leadOf(service), await leadOf(service, colleague)]
    const leads = [mine, nobodys, theirs].map(({ opportunity }) => opportunity)
    const sync = { id: 9, kind: 'sync', entityId: randomUUID(), how: 'made', was: {} } as const
    const { changes, settled } = newsOf(...leads)
    const news = { changes: [...changes, { ...sync, isErasure: false, isRenumbered: false }], settled }
    const telling = tellingFrom(opened)
    const toldTo = async (role: Role, userId: string | null) => {
      const told = JSON.parse(await telling(news, { caller: { role, userId }, withOpportunities: true }))
      const ids = told.opportunities.map(({ id }: { id: string }) => id).toSorted()
      expect(ids).toEqual(told.opportunity.toSorted())
      return [ids, told.sync]
    }
    expect(await toldTo('manager', null)).toEqual([leads.toSorted(), [sync.entityId]])
    expect(await toldTo('viewer', null)).toEqual([leads.toSorted(), undefined])
    expect(await toldTo('agent', me)).toEqual([leads.slice(0, 2).toSorted(), undefined])
    expect(await toldTo('agent', colleague)).toEqual([leads.slice(1).toSorted(), undefined])
  })

  it('they are looked for once for all who hear the same', async () => {
    const telling = tellingFrom(opened)
    const news = newsOf((await leadOf(service)).opportunity)
    const text = telling(news, whole)
    expect(telling(news, { ...whole, caller: { ...manager, userId: randomUUID() } })).toBe(text)
    const others = [
      telling(news, { ...whole, withOpportunities: false }),
      telling(news, { ...whole, caller: { ...manager, role: 'viewer' } }),
      telling({ ...news }, whole),
    ]
    expect(others).not.toContain(text)
    expect(JSON.parse(await text).opportunities).toHaveLength(1)
    const agent = { ...whole, caller: { ...manager, role: 'agent' } as const }
    const [one, another] = [telling(news, agent), telling(news, agent)]
    expect(one).not.toBe(another)
    await Promise.all([text, ...others, one, another])
  })
})

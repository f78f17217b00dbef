import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventsOf } from './event-source.ts'
import { addressOf, callTo, leadOf } from './event-stage.ts'
import { makeKey } from './keys.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'

let database: TestDatabase
let service: TestService
let other: TestService
let addresses: string[]

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
  other = await createTestService(database)
  addresses = await Promise.all([service, other].map(addressOf))
})

afterAll(async () => {
  await service.close()
  await other.close()
  await database.drop()
})

const listen = (headers: Record<string, string> = {}, at = 0) => eventsOf(`${addresses[at]}/api/events`, headers)

const makeLead = (assigned_to: string | null = null) => leadOf(service, assigned_to)
const callOf = (contact: string) => callTo(service, contact)

it('a change is told on every server, whichever of them made it, and several of one thing once', async () => {
  const { contact, opportunity } = await makeLead()
  const listeners = await Promise.all([listen(), listen({}, 1)])
  const call = (await callOf(contact)).body.id
  await service.request('PATCH', `/api/crm/calls/${call}`, { call_status: 'answered' })
  for (const listener of listeners) {
    const told = await listener.until(({ call: ids = [] }) => ids.includes(call))
    expect(told).toMatchObject({
      call: expect.arrayContaining([call]),
      opportunity: expect.arrayContaining([opportunity]),
    })
    expect(new Set(told.call).size).toBe(told.call?.length)
    await listener.close()
  }
})

it('what is missed over a broken connection is told when it is there again, also by another server', async () => {
  const first = await listen()
  const before = (await makeLead()).contact
  await first.until(({ contact = [] }) => contact.includes(before))
  const { lastId } = first
  await first.close()
  const missed = (await makeLead()).contact
  const again = await listen({ 'last-event-id': lastId }, 1)
  await again.until(({ contact = [] }) => contact.includes(missed))
  await again.close()
})

it('whoever listens with the last event of /api/me is told what has changed since, also what was under way then', async () => {
  const client = new pg.Client(database.connection)
  await client.connect()
  const [before, underWay] = [(await makeLead()).contact, randomUUID()]
  await client.query('begin')
  await client.query(`insert into audit (at, who, action, entity_id) values (now(), 'test', 'contact.changed', $1)`, [
    underWay,
  ])
  // A number above it, which is there.
  await makeLead()
  const { last_event_id } = (await service.request('GET', '/api/me')).body
  await client.query('commit')
  await client.end()
  const after = (await makeLead()).contact
  const listener = await listen({ 'last-event-id': last_event_id }, 1)
  const heard = new Set<string>()
  await listener.until(({ contact = [] }) => {
    for (const id of contact) heard.add(id)
    return heard.has(after) && heard.has(underWay)
  })
  expect([...heard]).not.toContain(before)
  await listener.close()
})

it('a change that is committed after later ones is not missed', async () => {
  const client = new pg.Client(database.connection)
  await client.connect()
  await client.query('begin')
  const late = randomUUID()
  await client.query(`insert into audit (at, who, action, entity_id) values (now(), 'test', 'contact.changed', $1)`, [
    late,
  ])
  const listener = await listen()
  const early = (await makeLead()).contact
  await listener.until(({ contact = [] }) => contact.includes(early))
  const { lastId } = listener
  await client.query('commit')
  await listener.until(({ contact = [] }) => contact.includes(late))
  await listener.close()
  await client.end()
  // Whoever went away before it came goes on before it.
  const again = await listen({ 'last-event-id': lastId })
  await again.until(({ contact = [] }) => contact.includes(late))
  await again.close()
})

it('the number beside an event is never ahead of what was told, however long it takes to look who may hear of it', async () => {
  const agent = await makeKey(service, { role: 'agent', user_id: randomUUID() })
  const [slow, quick] = [await listen(agent.headers), await listen()]
  // What an agent may hear of is looked for there; an admin hears of everything.
  const client = new pg.Client(database.connection)
  await client.connect()
  await client.query('begin; lock table lead_opportunities')
  const items = [randomUUID(), randomUUID()]
  for (const item of items) {
    await other.sql(
      `insert into audit (at, who, action, entity_id) values (now(), 'test', 'contact.changed', '${item}')`,
    )
    await quick.until(({ contact = [] }) => contact.includes(item))
  }
  const [{ id: first } = { id: 0 }] = await other.sql(`select id from audit where entity_id = '${items[0]}'`)
  await client.query('rollback')
  await client.end()
  // Nobody's contacts: agents hear of them.
  await slow.until(({ contact = [] }) => contact.includes(items[0] ?? ''))
  expect(Number(slow.lastId)).toBe(Number(first))
  await slow.until(({ contact = [] }) => contact.includes(items[1] ?? ''))
  for (const listener of [slow, quick]) await listener.close()
})

it('what changes again and again is told at most four times a second', async () => {
  const listener = await listen()
  const times: number[] = []
  const making = (async () => {
    while (times.length < 5) await makeLead()
  })()
  while (times.length < 5) {
    await listener.until(({ contact }) => contact !== undefined)
    times.push(performance.now())
  }
  await making
  await listener.close()
  for (const [place, time] of times.slice(1).entries()) expect(time - (times[place] ?? 0)).toBeGreaterThan(200)
})

it('pages of an origin that is allowed may listen', async () => {
  const origin = 'https://crm.example.com'
  const open = await createTestService({ ...database, edge: { corsOrigins: [origin] } })
  const answer = await fetch(`${await addressOf(open)}/api/events`, {
    headers: { origin, authorization: `Bearer ${KEY}` },
  })
  expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
  await answer.body?.cancel()
  await open.close()
})

it('whoever has a hundred streams gets no more, and others do', async () => {
  const key = await makeKey(service)
  const streams = await Promise.all(Array.from({ length: 100 }, () => listen(key.headers)))
  const answer = await fetch(`${addresses[0]}/api/events`, { headers: key.headers })
  expect(answer.status).toBe(429)
  await (await listen()).close()
  await streams[0]?.close()
  await expect
    .poll(async () => {
      const leaving = new AbortController()
      const { status } = await fetch(`${addresses[0]}/api/events`, { headers: key.headers, signal: leaving.signal })
      leaving.abort()
      return status
    })
    .toBe(200)
  for (const one of streams) await one.close()
})

it('HEAD is not answered by a stream', async () => {
  const answer = await fetch(`${addresses[0]}/api/events`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${KEY}` },
  })
  expect(answer.status).toBe(405)
})

describe('who is told', () => {
  /** Until whatever was done before has been told, so that it is not told once more. */
  const settled = async () => {
    const listener = await listen()
    const { contact } = await makeLead()
    await listener.until(({ contact: ids = [] }) => ids.includes(contact))
    await listener.close()
  }

  it('an agent hears of their own and of nobody’s, and of what is taken from them', async () => {
    const me = randomUUID()
    const agent = await makeKey(service, { role: 'agent', user_id: me })
    const [mine, nobodys, theirs] = [await makeLead(me), await makeLead(), await makeLead('somebody else')]
    // Theirs was nobody's contact for a moment.
    await settled()
    const listener = await listen(agent.headers)
    const heard = { call: new Set<string>(), opportunity: new Set<string>(), contact: new Set<string>() }
    const calls: string[] = []
    for (const { contact } of [theirs, mine, nobodys]) calls.push((await callOf(contact)).body.id)
    await service.request('PATCH', `/api/crm/opportunities/${theirs.opportunity}`, { title: 'x' })
    await service.request('PATCH', `/api/crm/contacts/${theirs.contact}`, { name: 'x' })
    await service.request('PATCH', `/api/crm/opportunities/${mine.opportunity}`, { assigned_to: 'somebody else' })
    await listener.until((told) => {
      for (const kind of ['call', 'opportunity', 'contact'] as const) {
        for (const id of told[kind] ?? []) heard[kind].add(id)
      }
      return heard.call.has(calls[2] ?? '') && heard.opportunity.has(mine.opportunity)
    })
    // It was theirs all along.
    expect([...heard.opportunity]).not.toContain(theirs.opportunity)
    expect([...heard.contact]).not.toContain(theirs.contact)
    expect([...heard.call]).not.toContain(calls[0])
    await listener.close()
  })

  /** An agent, and all that they are told until a contact of nobody's is made at the end. */
  async function hearing(act: (me: string) => Promise<void>, me = randomUUID()) {
    const agent = await makeKey(service, { role: 'agent', user_id: me })
    const listener = await listen(agent.headers)
    await act(me)
    const { contact: last } = await makeLead()
    const heard = { call: new Set<string>(), opportunity: new Set(), contact: new Set(), review: new Set() }
    await listener.until((told) => {
      for (const kind of ['call', 'opportunity', 'contact', 'review'] as const) {
        for (const id of told[kind] ?? []) heard[kind].add(id)
      }
      return heard.contact.has(last)
    })
    await listener.close()
    return heard
  }

  const patch = (url: string, body: object) => service.request('PATCH', `/api/crm/${url}`, body)
  it('with an opportunity that is given away or to them an agent hears of its contact and calls', async () => {
    const me = randomUUID()
    const [mine, theirs, nobodys] = [await makeLead(me), await makeLead('luis'), await makeLead()]
    const free = randomUUID()
    await service.request('POST', '/api/crm/contacts', { id: free, name: 'Free' })
    const calls = new Map<string, string>()
    for (const { contact } of [mine, theirs, nobodys, { contact: free }]) {
      calls.set(contact, (await callOf(contact)).body.id)
    }
    await settled()
    const heard = await hearing(async () => {
      await patch(`opportunities/${mine.opportunity}`, { assigned_to: 'luis' })
      await patch(`opportunities/${theirs.opportunity}`, { assigned_to: me })
      await patch(`opportunities/${nobodys.opportunity}`, { assigned_to: 'luis' })
      await service.request('POST', '/api/crm/opportunities', { contact_id: free, assigned_to: 'luis' })
    }, me)
    for (const { contact, opportunity } of [mine, theirs, nobodys]) {
      expect([...heard.opportunity]).toContain(opportunity)
      expect([...heard.contact]).toContain(contact)
      expect([...heard.call]).toContain(calls.get(contact))
    }
    expect([...heard.contact]).toContain(free)
    expect([...heard.call]).toContain(calls.get(free))
  })

  it('of a call that is moved or deleted hears who saw it, and no other agent', async () => {
    const me = randomUUID()
    const [mine, theirs] = [await makeLead(me), await makeLead('luis')]
    const make = async (contact: string): Promise<string> => (await callOf(contact)).body.id
    const [moved, deleted] = [await make(mine.contact), await make(mine.contact)]
    const [theirsMoved, theirsDeleted] = [await make(theirs.contact), await make(theirs.contact)]
    const other = await makeLead('luis')
    await settled()
    const heard = await hearing(async () => {
      await patch(`calls/${moved}`, { entity_id: theirs.contact })
      await patch(`calls/${theirsMoved}`, { entity_id: other.contact })
      for (const id of [deleted, theirsDeleted]) await service.request('DELETE', `/api/crm/calls/${id}`)
    }, me)
    expect([...heard.call].sort()).toEqual([moved, deleted].sort())
    expect([...heard.opportunity]).toContain(mine.opportunity)
    expect([...heard.opportunity]).not.toContain(theirs.opportunity)
  })

  it('of two calls that a person has made one an agent hears, and of the item that is decided', async () => {
    const me = randomUUID()
    const items: string[] = []
    const decisions: [string, object][] = []
    for (const owner of [me, 'luis']) {
      const { contact } = await makeLead(owner)
      const [staying, withdrawn] = [(await callOf(contact)).body.id, (await callOf(contact)).body.id]
      const id = randomUUID()
      await service.sql(
        `insert into review_items (id, kind, natural_key, call_id, reason, candidates)
         values ($1, 'same_call', $2, $3, 'x', $4)`,
        [id, id, withdrawn, JSON.stringify([{ call_id: withdrawn }, { call_id: staying }])],
      )
      items.push(id)
      decisions.push([id, { action: 'link', call_id: staying }])
    }
    await settled()
    const heard = await hearing(async () => {
      for (const [id, answer] of decisions) {
        expect((await service.request('POST', `/api/crm/review/${id}`, answer)).status).toBe(200)
      }
    }, me)
    expect([...heard.review]).toEqual(items.slice(0, 1))
  })

  it('an opportunity that is deleted is told whoever saw it', async () => {
    const me = randomUUID()
    const [mine, nobodys, theirs] = [await makeLead(me), await makeLead(), await makeLead('luis')]
    await settled()
    const heard = await hearing(async () => {
      for (const { opportunity } of [mine, nobodys, theirs]) {
        expect((await service.request('DELETE', `/api/crm/opportunities/${opportunity}`)).status).toBe(204)
      }
    }, me)
    for (const { opportunity } of [mine, nobodys]) expect([...heard.opportunity]).toContain(opportunity)
    expect([...heard.opportunity]).not.toContain(theirs.opportunity)
    // Nobody's now.
    expect([...heard.contact]).toContain(theirs.contact)
  })

  it('an opportunity that is gone again before anybody is told of it has no contact to be told of', async () => {
    const heard = await hearing(async () => {
      await service.sql(
        `insert into audit (at, who, action, entity_id, before, after)
         values (now(), 'test', 'opportunity.changed', $1, '{"assigned_to":"luis"}', '{"assigned_to":"eva"}')`,
        [randomUUID()],
      )
    })
    expect([...heard.contact]).not.toContain(null)
  })

  describe('of the review list an agent hears as a whole', () => {
    const item = (fields: { call_id?: string; candidates?: object[]; mail?: object }) => {
      const id = randomUUID()
      const { call_id = null, candidates = [], mail } = fields
      const kind = mail === undefined ? 'doubtful_link' : 'unmatched_mail'
      return service.sql(
        `insert into review_items (id, kind, natural_key, call_id, message_id, reason, candidates, mail)
         values ($1, $2, $3, $4, case when $6::jsonb is not null then gen_random_uuid() end, 'x', $5, $6)`,
        [id, kind, id, call_id, JSON.stringify(candidates), mail === undefined ? null : JSON.stringify(mail)],
      )
    }
    /** What is told of the list once it was done, and what was made only to be told last. */
    const toldOfReview = async (me: string, act: () => Promise<unknown>): Promise<unknown[]> => {
      await settled()
      const listener = await listen((await makeKey(service, { role: 'agent', user_id: me })).headers)
      await act()
      const { contact: last } = await makeLead()
      const told: unknown[] = []
      await listener.until(({ review, contact = [] }) => {
        if (review !== undefined) told.push(review)
        return contact.includes(last)
      })
      await listener.close()
      return told
    }
    beforeEach(() => service.sql('delete from review_items'))

    it('where a candidate comes into sight', async () => {
      const me = randomUUID()
      const [mine, theirs] = [await makeLead(me), await makeLead('luis')]
      const call_id = (await callOf(mine.contact)).body.id
      await item({ call_id, candidates: [{ contact_id: mine.contact }, { contact_id: theirs.contact }] })
      const give = () => patch(`opportunities/${theirs.opportunity}`, { assigned_to: me })
      expect(await toldOfReview(me, give)).toEqual(['all'])
    })

    it('where the call of an item leaves it, which is named to nobody who could not see the item', async () => {
      const me = randomUUID()
      const [mine, theirs] = [await makeLead(me), await makeLead('luis')]
      const call_id = (await callOf(mine.contact)).body.id
      await item({ call_id, candidates: [{ contact_id: theirs.contact }] })
      const give = () => patch(`opportunities/${mine.opportunity}`, { assigned_to: 'luis' })
      expect(await toldOfReview(me, give)).toEqual(['all'])
    })

    it('where a contact has another number while an e-mail waits', async () => {
      const { contact } = await makeLead('luis')
      await item({ mail: { fields: { phone_number: '+34600000077' } } })
      const renumber = () => patch(`contacts/${contact}`, { phones: ['+34600000077'] })
      expect(await toldOfReview(randomUUID(), renumber)).toEqual(['all'])
    })

    it('and of nothing where no item names what has moved', async () => {
      const me = randomUUID()
      const { contact, opportunity } = await makeLead(me)
      await item({ call_id: (await callOf((await makeLead()).contact)).body.id })
      const act = async () => {
        await patch(`opportunities/${opportunity}`, { assigned_to: 'luis' })
        await patch(`contacts/${contact}`, { phones: ['+34600000078'] })
      }
      expect(await toldOfReview(me, act)).toEqual([])
    })
  })

  it('that a person was erased hears everybody who may show them, once nothing is left', async () => {
    const me = randomUUID()
    const { contact } = await makeLead(me)
    const call = (await callOf(contact)).body.id
    await settled()
    const agent = await makeKey(service, { role: 'agent', user_id: me })
    const listeners = await Promise.all(
      [agent, await makeKey(service, { role: 'viewer' })].map((key) => listen(key.headers)),
    )
    expect((await service.request('DELETE', `/api/crm/contacts/${contact}?erase=true`)).status).toBe(204)
    for (const listener of listeners) {
      const told = await listener.until(({ call: calls }) => (calls as unknown) === 'all')
      expect(told).toEqual({ contact: 'all', opportunity: 'all', call: 'all', review: 'all' })
      await listener.close()
    }
    const [entry] = await service.sql(
      "select who from audit where action = 'contact.erasure_done' and entity_id = $1",
      [contact],
    )
    expect(entry).toBeDefined()
    expect((await service.request('GET', `/api/crm/calls/${call}`)).status).toBe(200)
  })

  it('keys and people are the business of admins', async () => {
    const manager = await listen((await makeKey(service, { role: 'manager' })).headers)
    const admin = await listen((await makeKey(service, { role: 'admin' })).headers)
    const { body } = await service.request('POST', '/api/admin/keys', { name: 'x', role: 'viewer' })
    const { contact } = await makeLead()
    await admin.until(({ key = [] }) => key.includes(body.id))
    const told: unknown[] = []
    await manager.until((one) => {
      told.push(one)
      return one.contact?.includes(contact) === true
    })
    expect(JSON.stringify(told)).not.toContain(body.id)
    await manager.close()
    await admin.close()
  })

  it('whose key is revoked hears nothing more', async () => {
    const key = await makeKey(service, { role: 'viewer' })
    const listener = await listen(key.headers)
    await service.request('DELETE', `/api/admin/keys/${key.id}`)
    await listener.ended()
  })
})

it('a service that stops ends the streams', async () => {
  const stopping = await createTestService(database)
  const listener = await eventsOf(`${await addressOf(stopping)}/api/events`)
  await stopping.close()
  await listener.ended()
})

it('very many are told as all of their kind', async () => {
  const listener = await listen()
  const calls = Array.from({ length: 300 }, () => ({ direction: 'inbound' }))
  await service.request('POST', '/api/crm/calls/batch', { calls })
  expect(await listener.until(({ call }) => call !== undefined)).toEqual({ call: 'all' })
  await listener.close()
})

it('a number that never came is not waited for by whoever begins later', async () => {
  const written = (ago: string) =>
    `insert into audit (at, who, action, entity_id) values (now() - interval '${ago}', 'test', 'contact.changed', '${randomUUID()}')`
  await other.sql(written('3 minutes'))
  await other.sql(`select nextval(pg_get_serial_sequence('audit', 'id'))`)
  const lastEventId = async () => Number((await service.request('GET', '/api/me')).body.last_event_id)
  const highest = async () => Number((await other.sql('select max(id) as id from audit'))[0]?.id)
  await other.sql(written('1 second'))
  // It may come yet.
  expect(await lastEventId()).toBeLessThan((await highest()) - 1)
  await other.sql(written('2 minutes'))
  expect(await lastEventId()).toBe(await highest())
})

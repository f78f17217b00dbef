import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCESS } from '../src/auth/access.ts'
import { savedInSight } from '../src/calls/candidates.ts'
import { openDatabase } from '../src/database/database.ts'
import { makeKey, type TestKey } from './keys.ts'
import { type Answer, createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* S1: what an agent may see and change. Ana's and Luis's things, and nobody's. */

const CALLS = '/api/crm/calls'
const CONTACTS = '/api/crm/contacts'
const OPPORTUNITIES = '/api/crm/opportunities'

let database: TestDatabase
let service: TestService
const agents = {} as Record<'ana' | 'luis' | 'nobody', TestKey>

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
  agents.ana = await makeKey(service, { role: 'agent', user_id: 'ana' })
  agents.luis = await makeKey(service, { role: 'agent', user_id: 'luis' })
  agents.nobody = await makeKey(service, { role: 'agent' })
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

type Method = Parameters<TestService['request']>[0]
type Row = Answer['body']

const as = (key: TestKey, method: Method, url: string, body?: unknown, headers = {}) =>
  service.request(method, url, body, { ...key.headers, ...headers })

async function make(url: string, fields: object): Promise<Row> {
  const { status, body } = await service.request('POST', url, fields)
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

let numbers = 0
const newPhone = (): string => `+346${String(++numbers).padStart(8, '0')}`

/** A contact with an opportunity of that agent, an attempt, and a call that came in. */
async function lead(assigned_to: string | null) {
  const contact = await make(CONTACTS, { name: `Contact of ${assigned_to}`, phones: [newPhone()] })
  const opportunity = await make(OPPORTUNITIES, { contact_id: contact.id, assigned_to })
  const linked = { entity_type: 'contacts', entity_id: contact.id }
  const attempt = await make(CALLS, {
    ...linked,
    direction: 'outbound',
    provider: 'pbx',
    provider_call_id: randomUUID(),
  })
  const inbound = await make(CALLS, { ...linked, direction: 'inbound' })
  expect(attempt.attempt.opportunity_id).toBe(opportunity.id)
  return { contact, opportunity, attempt, inbound }
}

async function reviewItem(call: Row, candidates: object[] = []): Promise<string> {
  const id = randomUUID()
  await service.sql(
    `insert into review_items (id, kind, natural_key, call_id, reason, candidates)
     values ($1, 'doubtful_link', $2, $3, 'x', $4)`,
    [id, id, call.id, JSON.stringify(candidates)],
  )
  return id
}

describe('what is somebody else’s', () => {
  /** Each route with an id, and what may be asked for with it. */
  const BODIES: Record<string, object | undefined> = {
    'PATCH /api/crm/contacts/:id': { name: 'Mine' },
    'PATCH /api/crm/opportunities/:id': { title: 'Mine' },
    'PUT /api/crm/calls/:id': { call_status: 'busy' },
    'PATCH /api/crm/calls/:id': { call_status: 'busy' },
    'POST /api/crm/review/:id': { action: 'dismiss' },
  }
  const isForAgents = (route: string) => ACCESS[route]?.includes('agent') === true
  const routes = Object.keys(ACCESS).filter((route) => /^\w+ \/api\/crm\/.*:id/.test(route) && isForAgents(route))

  it.each(routes)('is not there by %s, and is for a manager', async (route) => {
    const [method, url = ''] = route.split(' ') as [Method, string]
    const { contact, opportunity, attempt, inbound } = await lead('luis')
    const recording = randomUUID()
    await service.sql("insert into recordings (id, call_id, provider, status) values ($1, $2, 'pbx', 'missing')", [
      recording,
      attempt.id,
    ])
    const things = { contacts: [contact.id], opportunities: [opportunity.id], calls: [attempt.id, inbound.id] }
    const ids = { ...things, review: [await reviewItem(attempt), await reviewItem(inbound)] }
    const kind = url.split('/')[3] as keyof typeof ids
    const body = BODIES[route]
    const before = await snapshot()
    for (const id of ids[kind]) {
      const address = url.replace(':id', id).replace(':recording_id', recording)
      for (const who of [agents.ana, agents.nobody]) {
        const answer = await as(who, method, address, body)
        expect(answer.status, address).toBe(404)
        const nothing = await as(who, method, address.replace(id, randomUUID()), body)
        // In the same words as what is nowhere.
        const plain = (text: string) => text.replace(/[0-9a-f-]{36}/, '')
        expect(plain(answer.body.detail)).toBe(plain(nothing.body.detail))
      }
    }
    expect(await snapshot()).toEqual(before)
    // A recording that is missing is a 404 for everybody, in other words.
    const control = url.replace(':id', ids[kind][0]).replace(':recording_id', recording)
    const seen = await as(agents.luis, method, control, body)
    if (url.includes('recording')) expect(seen.body.detail).toMatch(/missing|waits for a decision/)
    else expect([200, 204, 409]).toContain(seen.status)
  })

  const snapshot = () =>
    service.sql(`select (select json_agg(c order by id) from calls c) calls,
      (select json_agg(c order by id) from contacts c) contacts,
      (select json_agg(o order by id) from lead_opportunities o) opportunities,
      (select json_agg(i order by id) from review_items i) items`)

  it('may not be named by a write', async () => {
    const theirs = await lead('luis')
    const own = await lead('ana')
    const item = await reviewItem(own.attempt)
    const { provider, provider_call_id } = theirs.attempt
    const linked = { entity_type: 'contacts', entity_id: theirs.contact.id }
    const ofOpportunity = { entity_type: 'opportunities', entity_id: theirs.opportunity.id }
    const older = (call_id: string) => ({
      1: { status: 'orange', call_id, attempted_at: '2025-01-01T10:00:00Z' },
    })
    const free = await make(CONTACTS, { name: 'Free' })
    const foreign = `older ${randomUUID()}`
    await make(OPPORTUNITIES, {
      contact_id: theirs.contact.id,
      assigned_to: 'luis',
      first_call_attempts: older(foreign),
    })
    const before = await snapshot()
    const writes: [Method, string, object][] = [
      ['POST', CALLS, { ...linked, direction: 'outbound' }],
      ['POST', CALLS, { direction: 'outbound', provider, provider_call_id }],
      ['POST', CALLS, { direction: 'outbound', id: theirs.inbound.id }],
      ['POST', CALLS, { ...ofOpportunity, direction: 'outbound' }],
      ['PATCH', `${CALLS}/${own.attempt.id}`, ofOpportunity],
      ['PUT', `${CALLS}/${own.inbound.id}`, ofOpportunity],
      ['PATCH', `${CALLS}/${own.attempt.id}`, linked],
      ['PUT', `${CALLS}/${own.inbound.id}`, { entity_id: theirs.contact.id }],
      ['POST', `${CALLS}/dial`, { contact_id: theirs.contact.id, extension: '101' }],
      ['POST', CONTACTS, { id: theirs.contact.id, name: 'Mine' }],
      ['POST', OPPORTUNITIES, { contact_id: theirs.contact.id }],
      ['POST', OPPORTUNITIES, { contact_id: free.id, id: theirs.opportunity.id }],
      ['POST', OPPORTUNITIES, { contact_id: free.id, first_call_attempts: older(theirs.attempt.id) }],
      ['POST', OPPORTUNITIES, { contact_id: free.id, first_call_attempts: older(foreign) }],
      ['POST', `/api/crm/review/${item}`, { action: 'link', contact_id: theirs.contact.id }],
    ]
    for (const [method, url, body] of writes) {
      const answer = await as(agents.ana, method, url, body)
      expect(answer.status, `${method} ${url} ${JSON.stringify(body)}`).toBe(404)
    }
    expect(await snapshot()).toEqual(before)
  })

  it('is not told of beside a call that is seen, nor in its history', async () => {
    const [own, theirs] = [await lead('ana'), await lead('luis')]
    const { id } = own.inbound
    const link = { how: 'number', candidates: [own.contact.id, theirs.contact.id] }
    await service.sql('update calls set link = $2 where id = $1', [id, JSON.stringify(link)])
    const moved = { entity_type: 'contacts', entity_id: theirs.contact.id }
    expect((await service.request('PATCH', `${CALLS}/${own.attempt.id}`, moved)).status).toBe(200)
    const back = { entity_id: own.contact.id }
    expect((await service.request('PATCH', `${CALLS}/${own.attempt.id}`, back)).status).toBe(200)
    const addresses = [
      `${CALLS}/${id}`,
      `${CALLS}?entity_id=${own.contact.id}`,
      `${CALLS}/${own.attempt.id}/history`,
      `${CONTACTS}/${own.contact.id}/history`,
    ]
    for (const address of addresses) {
      const body = JSON.stringify((await as(agents.ana, 'GET', address)).body)
      for (const hidden of [theirs.contact.id, theirs.opportunity.id]) expect(body, address).not.toContain(hidden)
    }
    expect((await as(agents.ana, 'GET', `${CALLS}/${id}`)).body.link.candidates).toEqual([own.contact.id])
    const answer = await as(agents.ana, 'PATCH', `${CALLS}/${id}`, { call_status: 'busy' })
    expect(answer.body.link.candidates).toEqual([own.contact.id])
    expect((await service.request('GET', `${CALLS}/${id}`)).body.link).toEqual(link)
    const entries = (await as(agents.ana, 'GET', `${CALLS}/${own.attempt.id}/history`)).body.data
    expect(entries[0]).toMatchObject({
      after: { entity_id: own.contact.id },
      withheld: ['entity_id', 'opportunity_id'],
    })
  })

  it('harms no other call of a batch', async () => {
    const theirs = await lead('luis')
    const own = await lead('ana')
    const call = { direction: 'outbound', entity_type: 'contacts' }
    const { provider, provider_call_id } = theirs.attempt
    const { status, body } = await as(agents.ana, 'POST', `${CALLS}/batch`, {
      calls: [
        { ...call, entity_id: theirs.contact.id },
        { ...call, entity_id: own.contact.id },
        { direction: 'sideways' },
        { direction: 'outbound', provider, provider_call_id },
        { direction: 'inbound' },
        { direction: 'outbound', entity_type: 'opportunities', entity_id: theirs.opportunity.id },
        { direction: 'outbound', entity_type: 'opportunities', entity_id: own.opportunity.id },
      ],
    })
    expect(status).toBe(200)
    expect(body.results.map((result: Row) => result.status)).toEqual([404, 201, 422, 404, 201, 404, 201])
  })

  it('has calls that name its opportunity, which are hidden with it', async () => {
    const [theirs, own] = [await lead('luis'), await lead('ana')]
    const call = { direction: 'inbound', entity_type: 'opportunities' }
    const hidden = await make(CALLS, { ...call, entity_id: theirs.opportunity.id })
    const seen = await make(CALLS, { ...call, entity_id: own.opportunity.id })
    expect((await as(agents.ana, 'GET', `${CALLS}/${hidden.id}`)).status).toBe(404)
    expect((await as(agents.ana, 'PATCH', `${CALLS}/${hidden.id}`, { call_status: 'busy' })).status).toBe(404)
    expect((await as(agents.luis, 'GET', `${CALLS}/${hidden.id}`)).status).toBe(200)
    expect((await as(agents.ana, 'GET', `${CALLS}/${seen.id}`)).status).toBe(200)
    const listed = (await as(agents.ana, 'GET', `${CALLS}?limit=200`)).body.data.map(({ id }: Row) => id)
    expect([listed.includes(seen.id), listed.includes(hidden.id)]).toEqual([true, false])
  })

  it('is not named beside a call that is saved, where nobody can say in time whose it is', async () => {
    const own = await lead('ana')
    const link = { how: 'number', candidates: [own.contact.id] }
    const shown = { ...own.attempt, link: { ...link, candidates: [] } }
    const opened = openDatabase({ connection: database.connection, hasPooler: false, onIdleError: () => undefined })
    const seen = () => savedInSight(opened, { userId: 'ana' }, [{ ...own.attempt, link }])
    expect(await seen()).toEqual([{ ...own.attempt, link }])
    const holder = new pg.Client(database.connection)
    await holder.connect()
    await holder.query('begin; lock table lead_opportunities')
    const start = performance.now()
    expect(await seen()).toEqual([shown])
    expect(performance.now() - start).toBeLessThan(1_000)
    await holder.end()
    await opened.close()
    expect(await seen()).toEqual([shown])
  })

  it('keeps an opportunity that a call names, which would else be everybody’s', async () => {
    const { id: contact_id } = await make(CONTACTS, { name: 'Of Luis' })
    const { id } = await make(OPPORTUNITIES, { contact_id, assigned_to: 'luis' })
    const call = await make(CALLS, { direction: 'inbound', entity_type: 'opportunities', entity_id: id })
    expect(await as(agents.luis, 'DELETE', `${OPPORTUNITIES}/${id}`)).toMatchObject({
      status: 409,
      body: { detail: 'The opportunity has 0 attempts and 1 call, and stays.' },
    })
    expect((await as(agents.ana, 'GET', `${CALLS}/${call.id}`)).status).toBe(404)
    expect((await as(agents.luis, 'DELETE', `${CALLS}/${call.id}`)).status).toBe(204)
    expect((await as(agents.luis, 'DELETE', `${OPPORTUNITIES}/${id}`)).status).toBe(204)
  })

  it('is not become by a call that names its contact as something else first', async () => {
    const theirs = await lead('luis')
    const disguised = await make(CALLS, {
      direction: 'outbound',
      entity_type: 'companies',
      entity_id: theirs.contact.id,
    })
    const answer = await as(agents.ana, 'PATCH', `${CALLS}/${disguised.id}`, { entity_type: 'contacts' })
    expect(answer.status).toBe(404)
  })

  it('hides an item of the review list that names it beside what is seen', async () => {
    const theirs = await lead('luis')
    const own = await lead('ana')
    const candidates = [{ contact_id: own.contact.id }, { contact_id: theirs.contact.id }]
    const shared = await reviewItem(own.attempt, candidates)
    const plain = await reviewItem(own.attempt, candidates.slice(0, 1))
    const { body } = await as(agents.ana, 'GET', '/api/crm/review?limit=200')
    const ids = body.data.map(({ id }: Row) => id)
    expect([ids.includes(plain), ids.includes(shared)]).toEqual([true, false])
    expect((await as(agents.ana, 'POST', `/api/crm/review/${shared}`, { action: 'dismiss' })).status).toBe(404)
    expect((await service.request('POST', `/api/crm/review/${shared}`, { action: 'dismiss' })).status).toBe(200)
  })
})

describe('an agent', () => {
  it('does what is to be done with what is his or nobody’s', async () => {
    for (const owner of ['ana', null]) {
      const { contact, opportunity, attempt, inbound } = await lead(owner)
      expect((await as(agents.ana, 'PATCH', `${CONTACTS}/${contact.id}`, { name: 'Eva' })).status).toBe(200)
      expect((await as(agents.ana, 'PATCH', `${OPPORTUNITIES}/${opportunity.id}`, { title: 'x' })).status).toBe(200)
      expect((await as(agents.ana, 'PATCH', `${CALLS}/${attempt.id}`, { call_status: 'busy' })).status).toBe(200)
      expect((await as(agents.ana, 'DELETE', `${CALLS}/${inbound.id}`)).status).toBe(204)
      const call = { direction: 'outbound', entity_type: 'contacts', entity_id: contact.id }
      const made = await as(agents.ana, 'POST', CALLS, call)
      expect(made.body.attempt).toMatchObject({ outcome: 'registered', number: 2 })
    }
  })

  it('takes an opportunity that is nobody’s, gives it back, and gives it to nobody else', async () => {
    const { opportunity } = await lead(null)
    const url = `${OPPORTUNITIES}/${opportunity.id}`
    const assign = (key: TestKey, assigned_to: string | null) => as(key, 'PATCH', url, { assigned_to })
    expect((await assign(agents.ana, 'luis')).status).toBe(403)
    expect((await assign(agents.nobody, 'ana')).status).toBe(403)
    expect((await assign(agents.ana, 'ana')).body.assigned_to).toBe('ana')
    expect((await assign(agents.ana, 'luis')).status).toBe(403)
    expect((await assign(agents.luis, 'luis')).status).toBe(404)
    expect((await assign(agents.luis, 'ana')).status).toBe(404)
    expect((await assign(agents.ana, null)).body.assigned_to).toBeNull()
    const contact_id = (await make(CONTACTS, { name: 'New' })).id
    expect((await as(agents.ana, 'POST', OPPORTUNITIES, { contact_id, assigned_to: 'luis' })).status).toBe(403)
    expect((await as(agents.ana, 'POST', OPPORTUNITIES, { contact_id, assigned_to: 'ana' })).status).toBe(201)
  })

  it('is the same person in capitals and in small letters', async () => {
    const id = randomUUID()
    const key = await makeKey(service, { role: 'agent', user_id: id })
    const { body } = await service.request('POST', '/api/admin/keys', {
      name: 'In capitals',
      role: 'agent',
      user_id: id.toUpperCase(),
    })
    const inCapitals = { authorization: `Bearer ${body.key}` }
    const made = await lead(id.toUpperCase())
    const url = `${OPPORTUNITIES}/${made.opportunity.id}`
    for (const headers of [key.headers, inCapitals]) {
      expect((await service.request('GET', url, undefined, headers)).body.assigned_to).toBe(id)
      const mine = `${OPPORTUNITIES}?assigned_to=${id.toUpperCase()}`
      expect((await service.request('GET', mine, undefined, headers)).body.data).toHaveLength(1)
    }
    expect((await as(agents.ana, 'GET', url)).status).toBe(404)
    const taken = await as(key, 'PATCH', url, { assigned_to: id.toUpperCase() })
    expect([taken.status, taken.body.revision]).toEqual([200, made.opportunity.revision + 1])
  })

  it('finds what was assigned to them in capitals before ids were folded', async () => {
    const id = randomUUID()
    const key = await makeKey(service, { role: 'agent', user_id: id })
    const { opportunity } = await lead(id)
    const assign = (to: string) =>
      service.sql('update lead_opportunities set assigned_to = $2 where id = $1', [opportunity.id, to])
    const others = await lead('ANA')
    const see = async () => (await as(key, 'GET', `${OPPORTUNITIES}/${opportunity.id}`)).status
    await assign(id.toUpperCase())
    expect(await see()).toBe(404)
    await service.sql(await readFile(new URL('../migrations/0018_person_ids.sql', import.meta.url), 'utf8'))
    expect(await see()).toBe(200)
    const { body } = await service.request('GET', `${OPPORTUNITIES}/${others.opportunity.id}`)
    expect(body.assigned_to).toBe('ANA')
  })

  it('is one of two who take the same opportunity at the same moment', async () => {
    for (let round = 0; round < 10; round++) {
      const { opportunity } = await lead(null)
      const take = (key: TestKey, assigned_to: string) =>
        as(key, 'PATCH', `${OPPORTUNITIES}/${opportunity.id}`, { assigned_to })
      const answers = await Promise.all([take(agents.ana, 'ana'), take(agents.luis, 'luis')])
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 404])
    }
  })
})

describe('lists', () => {
  const OWNERS = ['ana', 'luis', 'eva', null]
  const world = { contacts: new Map<string, (string | null)[]>(), opportunities: [] as Row[] }

  /** What an agent may see, said a second time and naively. */
  const isSeen = (agent: string | null) => {
    const isOwn = (owner: string | null): boolean => owner === null || owner === agent
    const contact = (id: string): boolean => {
      const owners = world.contacts.get(id) ?? []
      return owners.length === 0 || owners.some(isOwn)
    }
    return {
      contacts: ({ id }: Row) => contact(id),
      opportunities: ({ assigned_to }: Row) => isOwn(assigned_to),
      calls: ({ attempt, entity_type, entity_id }: Row): boolean => {
        const holder = world.opportunities.find(({ id }) => id === attempt.opportunity_id)
        if (holder !== undefined) return isOwn(holder.assigned_to)
        return entity_type !== 'contacts' || entity_id === null || contact(entity_id)
      },
    }
  }

  beforeAll(async () => {
    await service.sql('truncate contacts, calls, lead_opportunities, listed_opportunities, foreign_attempts cascade')
    const calls: object[] = []
    for (let place = 0; place < 24; place++) {
      const { id } = await make(CONTACTS, { name: `García ${place}`, phones: [newPhone(), '+34699999999'] })
      // None, one or two opportunities, of every pair of owners.
      const owners = [OWNERS[place % 4], OWNERS[Math.floor(place / 4) % 4]].slice(0, place % 3) as (string | null)[]
      world.contacts.set(id, owners)
      for (const assigned_to of owners) {
        const status = place % 5 === 0 ? 'won' : 'pending'
        world.opportunities.push(await make(OPPORTUNITIES, { contact_id: id, assigned_to, status, title: `t${place}` }))
      }
      const linked = { entity_type: 'contacts', entity_id: id }
      const started_at = `2025-01-${String(1 + place).padStart(2, '0')}T10:00:00Z`
      calls.push(
        { ...linked, direction: 'outbound', started_at, call_status: place % 2 === 0 ? 'answered' : 'busy' },
        { ...linked, direction: 'outbound' },
        { ...linked, direction: 'inbound' },
        { direction: 'inbound' },
        { direction: 'outbound', entity_type: 'companies', entity_id: id },
      )
    }
    const made = await service.request('POST', `${CALLS}/batch`, { calls })
    expect(made.body.results.every(({ status }: Row) => status === 201)).toBe(true)
  })

  const QUERIES = {
    contacts: ['', 'q=garcia', 'q=ga', 'phone=%2B34699999999'],
    opportunities: ['', 'created_at', '-last_contact_attempt_at', 'last_contact_attempt_at']
      .map((sort) => (sort === '' ? '' : `sort=${sort}`))
      .flatMap((sort) =>
        [
          '',
          'status=won',
          'attempts=0',
          'last_status=green',
          'assigned_to=ana',
          'assigned_to=luis',
          'q=garcia',
          'q=t1',
        ].map((filter) => [sort, filter].filter((part) => part !== '').join('&')),
      ),
    calls: ['', 'direction=inbound', 'outcome=registered', 'outcome=not_a_contact', 'outcome=first_call_completed'],
  }

  const walk = async (key: TestKey | null, url: string, limit: number): Promise<Row[]> => {
    const rows: Row[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const address: string = `${url}&limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`
      const answer: Answer = await service.request('GET', address, undefined, key?.headers)
      expect(answer.status, JSON.stringify(answer.body)).toBe(200)
      rows.push(...answer.body.data)
      cursor = answer.body.next_cursor
      if (cursor !== null) expect(answer.body.data).toHaveLength(limit)
    }
    return rows
  }

  const cases = Object.entries(QUERIES).flatMap(([kind, queries]) =>
    queries.map((query) => [kind as keyof typeof QUERIES, query] as const),
  )
  it.each(cases)('of %s by "%s" have what may be seen, in the same order', async (kind, query) => {
    const url = `/api/crm/${kind}?${query}`
    const all = await walk(null, url, 200)
    for (const [agent, key] of Object.entries(agents)) {
      const seen = all.filter(isSeen(agent === 'nobody' ? null : agent)[kind])
      for (const limit of [200, 7]) expect(await walk(key, url, limit)).toEqual(seen)
    }
    expect(all.length).toBeGreaterThan(0)
  })

  it('have what is nobody’s any more, and what has become somebody’s no longer', async () => {
    const { id } = await make(CONTACTS, { name: 'Zoe', phones: [newPhone()] })
    const isListed = async () =>
      (await as(agents.ana, 'GET', `${CONTACTS}?limit=200`)).body.data.some((row: Row) => row.id === id)
    expect(await isListed()).toBe(true)
    const opportunity = await make(OPPORTUNITIES, { contact_id: id, assigned_to: 'luis' })
    expect(await isListed()).toBe(false)
    expect((await service.request('DELETE', `${OPPORTUNITIES}/${opportunity.id}`)).status).toBe(204)
    expect(await isListed()).toBe(true)
  })
})

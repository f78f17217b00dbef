import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeKey, type TestKey } from './keys.ts'
import { enter, loggedIn, openBrowser } from './people.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* Whom to call next, and that nobody else calls them at the same time. */

let database: TestDatabase
let service: TestService
let ana: TestKey
let eva: TestKey

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
  ;[ana, eva] = await Promise.all([makeKey(service, { name: 'Ana' }), makeKey(service, { name: 'Eva' })])
})
afterAll(async () => {
  await service.close()
  await database.drop()
})
beforeEach(() => service.sql('truncate claims, calls, foreign_attempts, lead_opportunities, contacts cascade'))

const MINUTE = 60_000
const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * MINUTE).toISOString()

interface Lead {
  status?: string
  assigned_to?: string
  /** Minutes ago. */
  made?: number
  tried?: number[]
  colour?: 'green' | 'orange' | 'red'
  contact?: object
}

/** An opportunity with its contact; the last try so many minutes ago. */
async function lead({
  made = 1_000,
  tried = [],
  colour = 'orange',
  contact = {},
  ...rest
}: Lead = {}): Promise<string> {
  const person = await service.request('POST', '/api/crm/contacts', {
    name: 'Ana García',
    phones: ['+34600000001'],
    ...contact,
  })
  const attempts = tried.map((minutes, place) => [
    place + 1,
    { status: colour, call_id: randomUUID(), attempted_at: minutesAgo(minutes), notes: '' },
  ])
  const { status, body } = await service.request('POST', '/api/crm/opportunities', {
    contact_id: person.body.id,
    created_at: minutesAgo(made),
    first_call_attempts: Object.fromEntries(attempts),
    ...rest,
  })
  expect(status, JSON.stringify(body)).toBe(201)
  return body.id
}

const queueOf = async (headers: Record<string, string> = {}, query = ''): Promise<string[]> => {
  const { body } = await service.request('GET', `/api/crm/queue${query}`, undefined, headers)
  return body.data.map(({ opportunity }: { opportunity: { id: string } }) => opportunity.id)
}

const claim = (by: TestKey, body: object = {}) => service.request('POST', '/api/crm/queue/claim', body, by.headers)
const claimedBy = async (by: TestKey, body: object = {}): Promise<string | null> =>
  (await claim(by, body)).body.claim?.opportunity.id ?? null

describe('the order', () => {
  it('is never tried, the newest first; then by fewest attempts and longest wait', async () => {
    const twice = await lead({ tried: [900, 300] })
    const onceLately = await lead({ tried: [70] })
    const onceLongAgo = await lead({ tried: [700] })
    const old = await lead({ made: 2_000 })
    const fresh = await lead({ made: 1 })
    expect(await queueOf()).toEqual([fresh, old, onceLongAgo, onceLately, twice])
    const pages: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await service.request('GET', `/api/crm/queue?limit=2${cursor && `&cursor=${cursor}`}`)
      pages.push(...body.data.map((row: { opportunity: { id: string } }) => row.opportunity.id))
      cursor = body.next_cursor
    }
    expect(pages).toEqual([fresh, old, onceLongAgo, onceLately, twice])
  })

  it('leaves out who was called within RETRY_MINUTES, closed, completed, full or opted out', async () => {
    const waits = await lead({ tried: [61] })
    await lead({ tried: [59] })
    await lead({ status: 'lost' })
    await lead({ tried: [500], colour: 'green' })
    await lead({ tried: [900, 800, 700, 600, 500] })
    await lead({ contact: { opt_out: true } })
    expect(await queueOf()).toEqual([waits])
    const { body } = await claim(ana)
    expect(body).toMatchObject({ waiting: 1, next_due_at: null, claim: { opportunity: { id: waits } } })
  })

  it('has of several opportunities of a contact the one that a call would count for', async () => {
    const older = await lead({ made: 500 })
    const [row] = await service.sql('select contact_id from lead_opportunities where id = $1', [older])
    const asked = { contact_id: row?.contact_id, created_at: minutesAgo(100) }
    const newer = (await service.request('POST', '/api/crm/opportunities', asked)).body.id
    expect(await queueOf()).toEqual([newer])
    await service.request('PATCH', `/api/crm/opportunities/${newer}`, { status: 'lost' })
    expect(await queueOf()).toEqual([older])
  })

  it('has a lead whose contact is kept elsewhere, without it', async () => {
    const { body } = await service.request('POST', '/api/crm/opportunities', { contact_id: randomUUID() })
    expect((await service.request('GET', '/api/crm/queue')).body).toEqual({
      data: [{ opportunity: body, contact: null, claim: null }],
      next_cursor: null,
    })
  })

  it('leaves a lead out once it is called, and says when the first may be called again', async () => {
    const called = await lead()
    const { opportunity } = (await claim(ana)).body.claim
    const call = { entity_type: 'contacts', entity_id: opportunity.contact_id, direction: 'outbound' }
    await service.request('POST', '/api/crm/calls', { ...call, call_status: 'busy' })
    const { body } = await claim(ana)
    const { last_contact_attempt_at: at } = (await service.request('GET', `/api/crm/opportunities/${called}`)).body
    expect(body).toEqual({
      claim: null,
      waiting: 0,
      next_due_at: new Date(Date.parse(at) + 60 * MINUTE).toISOString().replace('.000Z', 'Z'),
    })
  })

  it('refuses a cursor that is none', async () => {
    for (const cursor of ['', '0', '7abc', `5${'W10'}`]) {
      expect((await service.request('GET', `/api/crm/queue?cursor=${cursor}`)).status).toBe(422)
    }
  })
})

describe('a claim', () => {
  it('is for 15 minutes, and says who has it to everybody', async () => {
    const id = await lead()
    const { status, body } = await claim(ana)
    const opportunity = (await service.request('GET', `/api/crm/opportunities/${id}`)).body
    const contact = (await service.request('GET', `/api/crm/contacts/${opportunity.contact_id}`)).body
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        claim: { opportunity, contact, claimed_until: expect.any(String) },
        waiting: 1,
        next_due_at: null,
      },
    })
    const until = body.claim.claimed_until
    expect(Date.parse(until) - Date.now()).toBeGreaterThan(14 * MINUTE)
    expect(Date.parse(until) - Date.now()).toBeLessThanOrEqual(15 * MINUTE)
    for (const [by, mine] of [
      [ana, true],
      [eva, false],
    ] as const) {
      const { data } = (await service.request('GET', '/api/crm/queue', undefined, by.headers)).body
      expect(data).toEqual([{ opportunity, contact, claim: { name: 'Ana', until, mine } }])
    }
  })

  it('is the next one’s for the second who asks, and the first one’s own again', async () => {
    const [second, first] = [await lead({ made: 20 }), await lead({ made: 10 })]
    expect([await claimedBy(ana), await claimedBy(eva), await claimedBy(ana)]).toEqual([first, second, first])
    const third = await makeKey(service)
    expect((await claim(third)).body).toEqual({ claim: null, waiting: 0, next_due_at: null })
  })

  it('passes by those that were skipped, through both parts, and has at once what comes in meanwhile', async () => {
    const [tried, old, fresh] = [await lead({ tried: [500] }), await lead({ made: 20 }), await lead({ made: 10 })]
    const skipped: string[] = []
    for (const expected of [fresh, old]) {
      expect(await claimedBy(ana, { skipped_ids: skipped })).toBe(expected)
      skipped.push(expected)
    }
    const late = await lead({ made: 0 })
    for (const expected of [late, tried]) {
      expect(await claimedBy(ana, { skipped_ids: skipped })).toBe(expected)
      skipped.push(expected)
    }
    expect((await claim(ana, { skipped_ids: skipped })).body).toEqual({ claim: null, waiting: 4, next_due_at: null })
    expect(await service.sql('select owner from claims')).toEqual([])
    expect(await claimedBy(ana, { skipped_ids: [randomUUID()] })).toBe(late)
    const many = Array.from({ length: 201 }, () => randomUUID())
    expect(await claim(ana, { skipped_ids: many })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'skipped_ids' }] },
    })
  })

  it('is one window’s: the other has the next, and lets go of its own alone', async () => {
    const [second, first] = [await lead({ made: 20 }), await lead({ made: 10 })]
    const letGo = (id: string, desk: string) =>
      service.request('DELETE', `/api/crm/queue/claim/${id}?desk=${desk}`, undefined, ana.headers)
    expect([await claimedBy(ana, { desk: 'left' }), await claimedBy(ana, { desk: 'right' })]).toEqual([first, second])
    expect((await letGo(first, 'right')).status).toBe(204)
    expect(await service.sql('select opportunity_id, desk from claims order by desk')).toEqual([
      { opportunity_id: first, desk: 'left' },
      { opportunity_id: second, desk: 'right' },
    ])
    expect((await letGo(first, 'left')).status).toBe(204)
    expect(await service.sql('select desk from claims')).toEqual([{ desk: 'right' }])
  })

  it('of a lead that is open in the caller’s other window is refused as such, unless it is taken over', async () => {
    const id = await lead()
    const until = (await claim(ana, { opportunity_id: id, desk: 'left' })).body.claim.claimed_until
    const asked = { opportunity_id: id, desk: 'right' }
    expect(await claim(ana, asked)).toMatchObject({ status: 409, body: { claim: { name: 'Ana', until, mine: true } } })
    const taken = { name: 'Ana', until, mine: false }
    expect(await claim(eva, { ...asked, take_over: true })).toMatchObject({ status: 409, body: { claim: taken } })
    expect((await claim(ana, { ...asked, take_over: true })).status).toBe(200)
    expect((await claim(ana, { opportunity_id: id, desk: 'left' })).status).toBe(409)
  })

  it('of a certain lead is refused with who has it; it is free again when that one lets go, or it is over', async () => {
    const id = await lead()
    const asked = { opportunity_id: id }
    const until = (await claim(ana, asked)).body.claim.claimed_until
    expect(await claim(eva, asked)).toMatchObject({
      status: 409,
      body: { detail: `Ana is calling this lead, and has it until ${until}.` },
    })
    // Only one's own is let go of.
    const letGo = (by: TestKey) => service.request('DELETE', `/api/crm/queue/claim/${id}`, undefined, by.headers)
    expect((await letGo(eva)).status).toBe(204)
    expect((await claim(eva, asked)).status).toBe(409)
    expect((await letGo(ana)).status).toBe(204)
    expect((await letGo(ana)).status).toBe(204)
    expect((await claim(eva, asked)).status).toBe(200)
    await service.sql("update claims set claimed_until = now() - interval '1 second'")
    expect((await claim(ana, asked)).body.claim.opportunity.id).toBe(id)
    expect(await service.sql('select owner from claims')).toEqual([{ owner: ana.id }])
  })

  it('is renewed by asking for it again', async () => {
    const id = await lead()
    await claim(ana)
    await service.sql("update claims set claimed_until = now() + interval '1 minute'")
    const { claimed_until } = (await claim(ana, { opportunity_id: id })).body.claim
    expect(Date.parse(claimed_until) - Date.now()).toBeGreaterThan(14 * MINUTE)
  })

  it('goes with its opportunity', async () => {
    const id = await lead()
    await claim(ana)
    expect((await service.request('DELETE', `/api/crm/opportunities/${id}`)).status).toBe(204)
    expect(await service.sql('select owner from claims')).toEqual([])
  })

  it('of what is not there is a 404, and by a name of a window that is none a 422', async () => {
    expect((await claim(ana, { opportunity_id: randomUUID() })).status).toBe(404)
    expect(await claim(ana, { desk: 'x'.repeat(65) })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'desk' }] },
    })
  })

  it('that is over is gone with the next one, whichever window had it', async () => {
    await lead()
    await claim(ana, { desk: 'left' })
    await service.sql("update claims set claimed_until = now() - interval '1 second'")
    const skipped = (await service.sql<{ opportunity_id: string }>('select opportunity_id from claims'))[0]
    const next = await lead()
    expect(await claimedBy(ana, { desk: 'right', skipped_ids: [skipped?.opportunity_id] })).toBe(next)
    expect(await service.sql('select opportunity_id from claims')).toEqual([{ opportunity_id: next }])
  })

  it('is let go of with the last log-out of a person', async () => {
    const { person, browser } = await loggedIn(service, { role: 'agent' })
    const other = openBrowser(service.app)
    await enter(service, other, person)
    const id = await lead()
    expect((await browser.post('/api/crm/queue/claim', {})).body.claim.opportunity.id).toBe(id)
    const claims = () => service.sql('select owner from claims')
    expect((await browser.post('/api/auth/sign-out')).status).toBe(204)
    expect(await claims()).toEqual([{ owner: `user:${person.id}` }])
    expect((await other.post('/api/auth/sign-out')).status).toBe(204)
    expect(await claims()).toEqual([])
  })

  it('waits for its turn without a connection, and is a 503 where that does not come', async () => {
    const id = await lead()
    const client = new pg.Client(database.connection)
    await client.connect()
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock(4017, hashtext($1))', [JSON.stringify([ana.id, ''])])
    const answers = Promise.all(Array.from({ length: 12 }, () => claim(ana)))
    expect((await claim(eva)).body.claim.opportunity.id).toBe(id)
    for (const { status, headers } of await answers) expect([status, headers['retry-after']]).toEqual([503, '1'])
    await client.end()
  })

  it('is no change of state: the audit knows nothing of it', async () => {
    await lead()
    const count = async () => (await service.sql('select count(*) from audit'))[0]
    const before = await count()
    await claim(ana)
    expect(await count()).toEqual(before)
  })
})

describe('an agent', () => {
  it('has his own leads and nobody’s in the queue, in one order, and cannot claim another’s', async () => {
    const { person, browser } = await loggedIn(service, { role: 'agent' })
    const mine = await lead({ assigned_to: person.id, made: 30 })
    const free = await lead({ made: 20 })
    const others = await lead({ assigned_to: 'somebody', made: 10 })
    const mineTried = await lead({ assigned_to: person.id, tried: [300] })
    const freeTried = await lead({ tried: [400] })
    const { body } = await browser.get('/api/crm/queue')
    expect(body.data.map((row: { opportunity: { id: string } }) => row.opportunity.id)).toEqual([
      free,
      mine,
      freeTried,
      mineTried,
    ])
    expect((await browser.post('/api/crm/queue/claim', { opportunity_id: others })).status).toBe(404)
    const next = await browser.post('/api/crm/queue/claim', { skipped_ids: [others] })
    expect(next.body.claim.opportunity.id).toBe(free)
    expect(next.body.waiting).toBe(4)
    expect(await queueOf()).toHaveLength(5)
  })
})

describe('at the same moment', () => {
  const AGENTS = 20

  it('twenty who press at once get twenty leads', async () => {
    const agents = await Promise.all(Array.from({ length: AGENTS }, () => makeKey(service)))
    for (let place = 0; place < AGENTS; place++) await lead({ made: place + 1 })
    for (let round = 0; round < 5; round++) {
      const got = await Promise.all(agents.map((agent) => claimedBy(agent)))
      expect(new Set(got).size, String(got)).toBe(AGENTS)
      expect(got).not.toContain(null)
      await service.sql('truncate claims')
    }
  })

  it('without the key two of them would have got the same', async () => {
    for (let place = 0; place < 2; place++) await lead({ made: place + 1 })
    await service.sql('create table unkeyed_claims (opportunity_id uuid)')
    const clients = [new pg.Client(database.connection), new pg.Client(database.connection)]
    const got: string[] = []
    for (const client of clients) {
      await client.connect()
      await client.query('begin')
      const { rows } = await client.query(`insert into unkeyed_claims select id from lead_opportunities
        where not exists (select from unkeyed_claims where opportunity_id = id)
        order by created_at desc limit 1 returning opportunity_id`)
      got.push(rows[0].opportunity_id)
    }
    for (const client of clients) {
      await client.query('commit')
      await client.end()
    }
    expect(new Set(got).size).toBe(1)
  })

  it('who did not yet see that a lead was taken gets the next one', async () => {
    const [second, first] = [await lead({ made: 20 }), await lead({ made: 10 })]
    const client = new pg.Client(database.connection)
    await client.connect()
    await client.query('begin')
    await client.query("insert into claims values ($1, 'another', 'Another', now() + interval '15 minutes')", [first])
    const waiting = claimedBy(ana)
    const isBlocked = async () =>
      (
        await service.sql(
          "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
        )
      ).length > 0
    while (!(await isBlocked()));
    await client.query('commit')
    await client.end()
    expect(await waiting).toBe(second)
  })

  it('one person who asks twice has one lead; in two windows one in each', async () => {
    for (let place = 0; place < 6; place++) await lead({ made: place + 1 })
    const claims = () => service.sql<{ opportunity_id: string }>('select opportunity_id from claims')
    for (let round = 0; round < 20; round++) {
      await Promise.all([claimedBy(ana), claimedBy(ana), claimedBy(ana)])
      expect(await claims()).toHaveLength(1)
      const desks = ['left', 'right']
      const got = await Promise.all([...desks, ...desks].map((desk) => claimedBy(eva, { desk })))
      expect(new Set(got.slice(0, 2)).size).toBe(2)
      expect(await claims()).toHaveLength(3)
      await service.sql('truncate claims')
    }
  })

  it('of two who want a certain one, one has it', async () => {
    const id = await lead()
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all([ana, eva].map((agent) => claim(agent, { opportunity_id: id })))
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
      await service.sql('truncate claims')
    }
  })
})

it('GET /api/crm/settings tells how the service is set up', async () => {
  const settings = { can_dial: true, retry_minutes: 60, default_country: 'ES' }
  expect((await service.request('GET', '/api/crm/settings')).body).toEqual(settings)
})

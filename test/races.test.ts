import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Run } from '../src/attempts/read.ts'
import { tidy } from '../src/attempts/sweep.ts'
import { differencesFromAudit } from './audit-fold.ts'
import { tellFigures } from './figures.ts'
import {
  type Answer,
  createTestDatabase,
  createTestService,
  type TestDatabase,
  type TestService,
  untilTaken,
} from './service.ts'

/* R1, R10, and the mutant of R13: many servers write at once. */

const OPPORTUNITIES = 150
const CALLS_EACH = 8
const AT_ONCE = 96
const SEEDS = Array.from({ length: Number(process.env.R1_SEEDS ?? 2) }, (_, seed) => seed + 1)

let database: TestDatabase
let services: TestService[]
let direct: pg.Pool

beforeAll(async () => {
  database = await createTestDatabase()
  services = await Promise.all([1, 2, 3, 4].map(() => createTestService(database)))
  direct = new pg.Pool({ ...database.connection, max: 12 })
  direct.on('error', () => undefined)
})

afterAll(async () => {
  await Promise.all(services.map((service) => service.close()))
  await direct.end()
  await database.drop()
})

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Delivery {
  contactId: string
  /** The call's name: its provider's key or its Idempotency-Key. */
  name: string
  hasProvider: boolean
  startedAt: string
}

/** Every call of every contact twice, shuffled. */
function deliveriesTo(contactIds: readonly string[], random: () => number): Delivery[] {
  const calls = contactIds.flatMap((contactId) =>
    Array.from({ length: CALLS_EACH }, (_, place) => ({
      contactId,
      name: `${contactId}-${place}`,
      hasProvider: place % 2 === 0,
      startedAt: new Date(1_700_000_000_000 + Math.floor(random() * 1e9)).toISOString(),
    })),
  )
  return [...calls, ...calls]
    .map((delivery) => ({ delivery, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ delivery }) => delivery)
}

async function newLeads(): Promise<string[]> {
  const { rows } = await direct.query<{ contact_id: string }>(
    `insert into lead_opportunities (id, contact_id) select gen_random_uuid(), gen_random_uuid()
     from generate_series(1, ${OPPORTUNITIES}) returning contact_id`,
  )
  return rows.map((row) => row.contact_id)
}

function deliver(service: TestService, { contactId, name, hasProvider, startedAt }: Delivery): Promise<Answer> {
  const call = {
    direction: 'outbound',
    entity_type: 'contacts',
    entity_id: contactId,
    call_status: 'no_answer',
    started_at: startedAt,
  }
  if (hasProvider)
    return service.request('POST', '/api/crm/calls', { ...call, provider: 'pbx', provider_call_id: name })
  return service.request('POST', '/api/crm/calls', call, { 'idempotency-key': name })
}

const told = async <Row extends object>(text: string) => (await direct.query(text)).rows as Row[]

/** Works the list off, `AT_ONCE` at a time. */
async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item, place: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let place = next++; place < items.length; place = next++) {
      const item = items[place]
      if (item !== undefined) await work(item, place)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function drain(service: TestService): Promise<void> {
  const deadline = performance.now() + 20_000
  for (;;) {
    await service.sweepOnce()
    const pending = await service.sql('select from calls where due_at is not null')
    if (pending.length === 0) return
    if (performance.now() > deadline) throw new Error(`${pending.length} calls still wait`)
    await wait(20)
  }
}

/** What is wrong with what is stored about these contacts, a sentence each. */
async function wrongsOf(contactIds: readonly string[]): Promise<string[]> {
  const { rows } = await direct.query<{
    id: string
    attempts: Record<string, { call_id: string }>
    calls: { id: string; outcome: string; opportunity_id: string | null }[] | null
  }>(
    `select o.id, first_call_attempts as attempts,
       (select json_agg(json_build_object('id', c.id, 'outcome', c.outcome, 'opportunity_id', c.opportunity_id))
        from calls c where entity_id = contact_id) as calls
     from lead_opportunities o where contact_id = any($1::uuid[])`,
    [contactIds],
  )
  return rows.flatMap(({ id, attempts, calls }) => {
    const wrongs: string[] = []
    const numbers = Object.keys(attempts).map(Number)
    const registered = new Set(Object.values(attempts).map((attempt) => attempt.call_id))
    if (calls?.length !== CALLS_EACH) wrongs.push(`${id} has ${calls?.length} calls`)
    const expected = Math.min(5, CALLS_EACH)
    if (numbers.length !== expected) wrongs.push(`${id} has ${numbers.length} attempts`)
    if (numbers.some((number, place) => number !== place + 1)) wrongs.push(`${id} has the numbers ${numbers}`)
    if (registered.size !== numbers.length) wrongs.push(`${id} counts a call twice`)
    for (const call of calls ?? []) {
      const outcome = registered.has(call.id) ? 'registered' : 'limit_reached'
      if (call.outcome !== outcome) wrongs.push(`${call.id} says ${call.outcome} and is ${outcome}`)
      if (call.opportunity_id !== id) wrongs.push(`${call.id} names another opportunity`)
    }
    return wrongs
  })
}

/** Delivers everything to these servers at random. Gives what is wrong afterwards. */
async function race(servers: readonly TestService[], seed: number): Promise<string[]> {
  const random = randomOf(seed)
  const contactIds = await newLeads()
  const ids = new Map<string, string>()
  const wrongs: string[] = []
  await inParallel(deliveriesTo(contactIds, random), async (delivery) => {
    const server = servers[Math.floor(random() * servers.length)]
    if (server === undefined) throw new Error('there is no server')
    const { status, body } = await untilTaken(() => deliver(server, delivery))
    if (status !== 201 && status !== 200) wrongs.push(`${delivery.name} was answered ${status}`)
    const id = ids.get(delivery.name) ?? body.id
    if (id !== body.id) wrongs.push(`${delivery.name} became two calls`)
    ids.set(delivery.name, id)
  })
  const [first] = servers
  if (first !== undefined) await drain(first)
  return [...wrongs, ...(await wrongsOf(contactIds))]
}

describe('R1: 150 opportunities × 8 calls × 2 deliveries', () => {
  it.each(SEEDS)('come out right on four servers at once, seed %i', async (seed) => {
    const wrongs = await race(services, seed)
    tellFigures('R1', `seed ${seed}: ${OPPORTUNITIES} × ${CALLS_EACH} × 2 on 4 servers, ${wrongs.length} wrongs`)
    expect(wrongs).toEqual([])
    expect(await differencesFromAudit(told, { areMadeBySql: true })).toEqual([])
  })

  it('control: reading, counting and inserting comes out wrong', async () => {
    const contactIds = await newLeads()
    await inParallel(deliveriesTo(contactIds, randomOf(1)), registerNaively)
    const wrongs = await wrongsOf(contactIds)
    tellFigures('R1', `the naive way leaves ${wrongs.length} wrongs`, true)
    expect(wrongs.length).toBeGreaterThan(10)
  })

  it('control (R13): without the check of the revision it comes out wrong, and yet there is no sixth attempt', async () => {
    let mutated = 0
    const withoutCheck = (run: Run): Run => {
      return (name, text, values) => {
        const mutant = text.replaceAll(
          '(id, read_revision) not in (select id, revision from',
          'id not in (select id from',
        )
        if (mutant !== text) mutated++
        return run(name, mutant, values)
      }
    }
    const mutants = await Promise.all([1, 2, 3, 4].map(() => createTestService({ ...database, wrapRun: withoutCheck })))
    const wrongs = await race(mutants, 1)
    await Promise.all(mutants.map((mutant) => mutant.close()))
    tellFigures('R13', `without the check of the revision ${wrongs.length} wrongs`, true)
    expect(mutated).toBeGreaterThan(0)
    expect(wrongs.filter((wrong) => wrong.includes('says registered and is limit_reached')).length).toBeGreaterThan(10)
    // What was overwritten unseen does not fit what was written before (S10).
    const differences = await differencesFromAudit(told, { areMadeBySql: true })
    expect(differences.filter((one) => one.includes('it was otherwise')).length).toBeGreaterThan(10)
    const { rows } = await direct.query('select from lead_opportunities where attempts_made > 5')
    expect(rows).toEqual([])
  })
})

/** What one would write without thinking of others: is it there, how many are there, add one. */
async function registerNaively({ contactId, name, startedAt }: Delivery): Promise<void> {
  const known = await direct.query(`select from calls where provider = 'pbx' and provider_call_id = $1`, [name])
  if (known.rows.length > 0) return
  const { rows } = await direct.query(
    `select id, first_call_attempts as attempts, attempts_made, last_contact_attempt_at as last
     from lead_opportunities where contact_id = $1`,
    [contactId],
  )
  const [{ id, attempts, attempts_made, last }] = rows
  const callId = randomUUID()
  const isFull = attempts_made >= 5
  // In the order of their coming, so that only the counting is naive.
  const moment = new Date(Math.max(Date.parse(startedAt), last?.getTime() ?? 0)).toISOString()
  const attempt = { status: 'orange', call_id: callId, attempted_at: moment, notes: '' }
  await direct
    .query(
      `insert into calls (id, direction, entity_type, entity_id, provider, provider_call_id, outcome, opportunity_id)
       values ($1, 'outbound', 'contacts', $2, 'pbx', $3, $4, $5)`,
      [callId, contactId, name, isFull ? 'limit_reached' : 'registered', id],
    )
    .then(() =>
      isFull
        ? null
        : direct.query(
            `update lead_opportunities set first_call_attempts = $2, last_contact_attempt_at = $3,
               attempt_call_created_at = array_fill(now()::timestamptz(3), array[$4::int]) where id = $1`,
            [id, { ...attempts, [attempts_made + 1]: attempt }, moment, attempts_made + 1],
          ),
    )
    .catch((error: unknown) => {
      if (!(error instanceof pg.DatabaseError && error.code === '23505')) throw error
    })
}

describe('R10: an Idempotency-Key', () => {
  const ofTwo = (place: number): TestService => {
    const service = services[place % 2]
    if (service === undefined) throw new Error('there is no service')
    return service
  }

  async function lead(): Promise<{ contactId: string; call: object }> {
    const contactId = randomUUID()
    await ofTwo(0).request('POST', '/api/crm/opportunities', { contact_id: contactId })
    return { contactId, call: { direction: 'outbound', entity_type: 'contacts', entity_id: contactId } }
  }

  const post = (place: number, body: object, key: string, headers = {}): Promise<Answer> =>
    ofTwo(place).request('POST', '/api/crm/calls', body, { 'idempotency-key': key, ...headers })

  const storedOf = async (contactId: string): Promise<{ calls: number; attempts: number }> => {
    const { rows } = await direct.query(
      `select (select count(*)::int from calls where entity_id = $1) as calls, attempts_made as attempts
       from lead_opportunities where contact_id = $1`,
      [contactId],
    )
    return rows[0]
  }

  it('sent 50 times at once to two servers has one effect and one answer', async () => {
    const { contactId, call } = await lead()
    const key = randomUUID()
    const answers = await Promise.all(Array.from({ length: 50 }, (_, place) => post(place, call, key)))
    expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1)
    expect(answers[0]?.status).toBe(201)
    expect(await storedOf(contactId)).toEqual({ calls: 1, attempts: 1 })
    expect((await post(0, { ...call, call_status: 'busy' }, key)).status).toBe(409)
    expect(await storedOf(contactId)).toEqual({ calls: 1, attempts: 1 })
  })

  it('control: the same 50 requests without one are 50 calls', async () => {
    const { contactId, call } = await lead()
    const sent = Array.from({ length: 50 }, (_, place) => ofTwo(place).request('POST', '/api/crm/calls', call))
    expect(new Set((await Promise.all(sent)).map(({ status }) => status))).toEqual(new Set([201]))
    expect(await storedOf(contactId)).toEqual({ calls: 50, attempts: 5 })
  })

  it('belongs to its owner', async () => {
    const { contactId, call } = await lead()
    const key = randomUUID()
    const otherKey = `fc_${randomUUID()}`
    const hash = createHash('sha256').update(otherKey).digest()
    await direct.query(`insert into api_keys (id, name, role, key_sha256) values ($1, 'other', 'admin', $2)`, [
      randomUUID(),
      hash,
    ])
    const own = await post(0, call, key)
    const others = await post(1, call, key, { authorization: `Bearer ${otherKey}` })
    expect(own.status).toBe(201)
    expect(others.status).toBe(201)
    expect(others.body.id).not.toBe(own.body.id)
    expect(await storedOf(contactId)).toEqual({ calls: 2, attempts: 2 })
  })

  it('is not used up by a request that was refused', async () => {
    const { call } = await lead()
    const key = randomUUID()
    expect((await post(0, { ...call, direction: 'sideways' }, key)).status).toBe(422)
    expect((await post(0, call, key)).status).toBe(201)
  })

  it('of a batch takes what is there, whichever server was asked before', async () => {
    const { contactId, call } = await lead()
    const key = { 'idempotency-key': randomUUID() }
    const calls = [call, { ...call, direction: 'sideways' }, { ...call, call_status: 'busy' }]
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, place) => ofTwo(place).request('POST', '/api/crm/calls/batch', { calls }, key)),
    )
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect(answers[0]?.body.results.map(({ status }: { status: number }) => status)).toEqual([201, 422, 201])
    expect(await storedOf(contactId)).toEqual({ calls: 2, attempts: 2 })
  })

  it('of a batch is used up by any of its places, for every address', async () => {
    const { contactId, call } = await lead()
    const key = { 'idempotency-key': randomUUID() }
    const batch = { calls: [{ ...call, direction: 'sideways' }, call] }
    const first = await ofTwo(0).request('POST', '/api/crm/calls/batch', batch, key)
    expect(first.body.results.map(({ status }: { status: number }) => status)).toEqual([422, 201])
    const others: [string, object][] = [
      ['/api/crm/calls', call],
      ['/api/crm/contacts', { name: 'Ana' }],
      ['/api/crm/opportunities', { contact_id: randomUUID() }],
      ['/api/crm/calls/batch', { calls: [call] }],
    ]
    for (const [url, body] of others) expect((await ofTwo(1).request('POST', url, body, key)).status, url).toBe(409)
    const again = await ofTwo(1).request('POST', '/api/crm/calls/batch', batch, key)
    expect([again.status, again.body]).toEqual([200, first.body])
    expect(await storedOf(contactId)).toEqual({ calls: 1, attempts: 1 })
  })

  it.each([1, 2, 3, 4, 5])('sent with several requests at once is the key of one of them (%i)', async () => {
    const { contactId, call } = await lead()
    const key = { 'idempotency-key': randomUUID() }
    const requests: [string, object, number][] = [
      ...[2, 3, 4, 5].map((count): [string, object, number] => [
        '/api/crm/calls/batch',
        { calls: Array.from({ length: count }, () => call) },
        count,
      ]),
      ['/api/crm/calls', call, 1],
      ['/api/crm/contacts', { name: 'Ana' }, 0],
      ['/api/crm/opportunities', { contact_id: randomUUID() }, 0],
    ]
    const ask = () => Promise.all(requests.map(([url, body], place) => ofTwo(place).request('POST', url, body, key)))
    const answers = await ask()
    const winner = answers.findIndex(({ status }) => status < 300)
    const losers = answers.filter((_, place) => place !== winner)
    expect(losers.map(({ status }) => status)).toEqual(losers.map(() => 409))
    const count = requests[winner]?.[2]
    expect(await storedOf(contactId)).toEqual({ calls: count, attempts: count })
    const seen = ({ status, body }: Answer) => [status, body]
    expect((await ask()).map(seen)).toEqual(answers.map(seen))
    expect(await storedOf(contactId)).toEqual({ calls: count, attempts: count })
  })

  it('is forgotten after two days, with the request only once none of its answers is left', async () => {
    const { call } = await lead()
    const [old, used] = [randomUUID(), randomUUID()]
    const other = { ...call, call_status: 'busy' }
    for (const key of [old, used]) expect((await post(0, call, key)).status).toBe(201)
    const age = (table: string, key: string) =>
      direct.query(`update ${table} set created_at = now() - interval '49 hours' where key = $1`, [key])
    for (const key of [old, used]) await age('idempotency_requests', key)
    await age('idempotency_keys', old)
    await tidy(ofTwo(0).database, new AbortController().signal)
    expect((await post(1, other, used)).status).toBe(409)
    expect((await post(1, other, old)).status).toBe(201)
    expect((await post(1, call, old)).status).toBe(409)
  })
})

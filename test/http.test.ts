import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildApp } from '../src/app.ts'
import { createKeyCheck } from '../src/auth/keys.ts'
import { createMetrics } from '../src/metrics.ts'
import { doorsOf } from './doors.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'

let database: TestDatabase
let service: TestService
let port: number

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
  await service.app.listen({ host: '127.0.0.1', port: 0 })
  port = (service.app.server.address() as net.AddressInfo).port
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

type Fields = Record<string, unknown>
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS' | 'TRACE' | 'PROPFIND'

const CALLS = '/api/crm/calls'
const BATCH = '/api/crm/calls/batch'
const CONTACTS = '/api/crm/contacts'
const OPPORTUNITIES = '/api/crm/opportunities'
/** Of each kind; more in the long form. */
const DRAWN = Number(process.env.DRAWN_BODIES ?? 150)

const authorization = `Bearer ${KEY}`

/** A problem document (RFC 9457) that says nothing of how the service is made. */
function expectProblem(response: Pick<LightMyRequestResponse, 'statusCode' | 'headers' | 'body'>, status: number) {
  expect(response.statusCode, response.body).toBe(status)
  expect(response.headers['content-type']).toMatch(/^application\/problem\+json/)
  const problem = JSON.parse(response.body)
  expect(problem).toMatchObject({ type: 'about:blank', title: expect.any(String), status, detail: expect.any(String) })
  expect(Object.keys(problem).filter((name) => !PROBLEM_FIELDS.has(name))).toEqual([])
  for (const fault of problem.errors ?? []) {
    expect(fault).toEqual({ path: expect.any(String), message: expect.any(String) })
  }
  expect(response.body).not.toMatch(LEAK)
  return problem as { detail: string; errors?: { path: string; message: string }[] }
}

const PROBLEM_FIELDS = new Set(['type', 'title', 'status', 'detail', 'errors'])
const LEAK = /node_modules|\bat .+:\d+:\d+|\.ts:\d|\bselect .+ from\b|insert into|ZodError|FST_ERR|violates|\/src\//i

const JSON_TYPE = 'application/json'

/** A request as a stranger sends it: any bytes, any headers. What is answered has to be in the description. */
async function send(method: Method, url: string, payload?: string | Buffer, headers: Record<string, string> = {}) {
  const response = await service.app.inject({
    method,
    url,
    headers: { authorization, ...(payload === undefined ? {} : { 'content-type': JSON_TYPE }), ...headers },
    ...(payload === undefined ? {} : { payload }),
  } as InjectOptions)
  const address = url.replace(/\?.*/s, '').replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, '{id}')
  const operations = (service.app.swagger() as unknown as { paths: Paths }).paths[address] ?? {}
  const described = operations[method.toLowerCase()]?.responses
  if (described !== undefined) expect(Object.keys(described), `${method} ${url}`).toContain(`${response.statusCode}`)
  return response
}

type Paths = Record<string, Record<string, { responses: object }>>

const post = (url: string, body: unknown, headers?: Record<string, string>) =>
  send('POST', url, JSON.stringify(body), headers)

const pathsOf = (response: LightMyRequestResponse) =>
  expectProblem(response, 422)
    .errors?.map(({ path }) => path)
    .sort()

async function rows() {
  const [row] = await service.sql(`select
    (select count(*) from calls)::int as calls, (select count(*) from contacts)::int as contacts,
    (select count(*) from lead_opportunities)::int as opportunities,
    (select count(*) from idempotency_keys)::int as keys`)
  return row
}

const bodies: Record<string, Fields> = {
  [CALLS]: { direction: 'outbound' },
  [CONTACTS]: { name: 'Ana' },
  [OPPORTUNITIES]: { contact_id: '0190a6d2-7c3e-7bb0-8a54-6f1d7d1f2a11' },
}

async function make(url: string, fields: Fields = {}) {
  const response = await post(url, { ...bodies[url], ...fields })
  expect(response.statusCode, response.body).toBe(201)
  return response.json()
}

describe('a body that cannot be read is refused, and nothing is stored', () => {
  const broken: [string, string | Buffer, number][] = [
    ['cut short', '{"direction": "outb', 400],
    ['no JSON', 'direction=outbound', 400],
    ['empty', '', 400],
    [
      'bytes that are not UTF-8',
      Buffer.from([...Buffer.from('{"direction": "'), 0xff, 0xfe, ...Buffer.from('"}')]),
      400,
    ],
    ['an array', '[]', 422],
    ['null', 'null', 422],
    ['a number', '7', 422],
    ['a text', '"outbound"', 422],
    ['10 000 levels of arrays', '['.repeat(10_000) + ']'.repeat(10_000), 422],
    ['10 000 levels of objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, 422],
    ['one byte above 1 MiB', `${' '.repeat(1024 * 1024 - 1)}{}`, 413],
  ]
  it.each(broken)('%s', async (_, body, status) => {
    const before = await rows()
    for (const url of [CALLS, CONTACTS, OPPORTUNITIES]) {
      expectProblem(await send('POST', url, body), status)
      expectProblem(await send('PATCH', `${url}/${randomUUID()}`, body), status)
    }
    expect(await rows()).toEqual(before)
  })

  it('1 MiB is still read', async () => {
    expect((await send('POST', CONTACTS, '{"name":"x"}'.padEnd(1024 * 1024))).statusCode).toBe(201)
  })

  it('a batch is read up to 16 MiB', async () => {
    const body = JSON.stringify({ calls: [{ direction: 'inbound' }] })
    expect((await send('POST', BATCH, body.padEnd(16 * 1024 * 1024))).statusCode).toBe(200)
    expectProblem(await send('POST', BATCH, body.padEnd(16 * 1024 * 1024 + 1)), 413)
  })

  it('a call nested 90 000 levels deep harms no other of its batch, with a key too', async () => {
    const deep = `{"calls":[${'['.repeat(90_000)}${']'.repeat(90_000)},{"direction":"inbound"}]}`
    const response = await send('POST', BATCH, deep, { 'idempotency-key': randomUUID() })
    expect(response.statusCode).toBe(200)
    expect(response.json().results).toMatchObject([{ status: 422 }, { status: 201 }])
  })

  it('brackets without end are refused unread; in a text they are text', async () => {
    const levels = 8 * 1024 * 1024 - 20
    expectProblem(await send('POST', BATCH, `{"calls":[${'['.repeat(levels)}${']'.repeat(levels)}]}`), 422)
    expectProblem(await send('POST', BATCH, '{'.repeat(levels)), 422)
    const text = `${'\\"'.repeat(3)}${'['.repeat(200_000)}`
    expect(pathsOf(await post(CALLS, { direction: text }))).toEqual(['direction'])
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/xml', 'json', '*/*'])(
    'as %s: 415',
    async (type) => {
      for (const url of [CALLS, CONTACTS, OPPORTUNITIES, BATCH]) {
        expectProblem(await send('POST', url, '{}', { 'content-type': type }), 415)
      }
    },
  )

  it('without a content type: 415; without a body at all: 422', async () => {
    const headers = { authorization }
    const payload = Buffer.from('{"direction":"outbound"}')
    expectProblem(await service.app.inject({ method: 'POST', url: CALLS, headers, payload }), 415)
    expectProblem(await service.app.inject({ method: 'POST', url: CALLS, headers }), 422)
  })

  it('packed: 415, and not read as if it were not', async () => {
    const before = await rows()
    for (const encoding of ['gzip', 'br', 'deflate', 'GZIP', 'identity, gzip']) {
      const encoded = { 'content-encoding': encoding }
      for (const body of [gzipSync('{"direction":"outbound"}'), '{"direction":"outbound"}']) {
        expect(expectProblem(await send('POST', CALLS, body, encoded), 415).detail).toContain('Content-Encoding')
      }
    }
    expect(await rows()).toEqual(before)
    const identity = { 'content-encoding': 'Identity' }
    expect((await send('POST', CALLS, '{"direction":"outbound"}', identity)).statusCode).toBe(201)
  })

  it('the content type may name its charset, in any letter case', async () => {
    const type = { 'content-type': 'Application/JSON; charset=UTF-8' }
    expect((await send('POST', CALLS, '{"direction":"outbound"}', type)).statusCode).toBe(201)
  })

  it('DELETE may name the type of a body that it does not have', async () => {
    const address = `${CALLS}/${randomUUID()}`
    expectProblem(await send('DELETE', address, 'x', { 'content-type': 'text/plain' }), 415)
    expectProblem(await send('DELETE', address, `"${'x'.repeat(1024 * 1024)}"`), 413)
    const { id } = await make(CALLS)
    expect((await send('DELETE', `${CALLS}/${id}`, undefined, { 'content-type': JSON_TYPE })).statusCode).toBe(204)
  })

  it('so may whatever takes no body; where one is needed, an empty one is no JSON', async () => {
    const out = await send('POST', '/api/auth/sign-out', undefined, {
      'content-type': JSON_TYPE,
      host: '127.0.0.1',
      origin: 'http://127.0.0.1',
    })
    expect(out.statusCode).toBe(204)
    expectProblem(await send('POST', CALLS, undefined, { 'content-type': JSON_TYPE }), 400)
  })
})

describe('a fault in a field is told with its path', () => {
  const faults: [string, string, Fields, string[]][] = [
    ['no direction', CALLS, { direction: undefined }, ['direction']],
    ['a direction in other letters', CALLS, { direction: 'Outbound' }, ['direction']],
    ['a number for text', CALLS, { call_status: 5 }, ['call_status']],
    ['an object for text', CALLS, { call_result: {} }, ['call_result']],
    ['text for a number', CALLS, { duration_seconds: '5' }, ['duration_seconds']],
    ['a negative duration', CALLS, { duration_seconds: -1 }, ['duration_seconds']],
    ['half a second', CALLS, { duration_seconds: 0.5 }, ['duration_seconds']],
    ['a duration beyond the database', CALLS, { duration_seconds: 2 ** 31 }, ['duration_seconds']],
    ['text that is too long', CALLS, { call_result: 'x'.repeat(20_001) }, ['call_result']],
    ['a word that is too long once folded', CALLS, { entity_type: 'İ'.repeat(40) }, ['entity_type']],
    ['NUL', CALLS, { call_result: 'a\u0000b' }, ['call_result']],
    ['half a surrogate pair', CALLS, { call_status: '\ud83d' }, ['call_status']],
    ['an id that is none', CALLS, { id: '7' }, ['id']],
    ['a provider without its id', CALLS, { provider: 'pbx' }, ['provider_call_id']],
    ['a provider’s id without provider', CALLS, { provider_call_id: '7' }, ['provider_call_id']],
    ['the year 99999', CALLS, { started_at: '99999-01-01T00:00:00Z' }, ['started_at']],
    ['the year 0', CALLS, { started_at: '0000-01-01T00:00:00Z' }, ['started_at']],
    ['an offset that leads before the year 1', CALLS, { created_at: '0001-01-01T00:00:00+00:01' }, ['created_at']],
    ['29 February 2025', CALLS, { started_at: '2025-02-29T00:00:00Z' }, ['started_at']],
    ['31 April', CALLS, { answered_at: '2025-04-31T00:00:00Z' }, ['answered_at']],
    ['hour 24', CALLS, { ended_at: '2025-04-30T24:00:00Z' }, ['ended_at']],
    ['second 60 within a month', CALLS, { ended_at: '2016-12-30T23:59:60Z' }, ['ended_at']],
    ['second 60 within a day', CALLS, { ended_at: '2016-12-31T22:59:60Z' }, ['ended_at']],
    ['second 60 where it is not midnight in UTC', CALLS, { ended_at: '2016-12-31T23:59:60+01:00' }, ['ended_at']],
    ['second 60 at the end of time', CALLS, { ended_at: '9999-12-31T23:59:60Z' }, ['ended_at']],
    ['second 61', CALLS, { ended_at: '2016-12-31T23:59:61Z' }, ['ended_at']],
    ['a time without an offset', CALLS, { started_at: '2025-01-29T10:00:00' }, ['started_at']],
    ['a day', CALLS, { started_at: '2025-01-29' }, ['started_at']],
    ['a time as a number', CALLS, { started_at: 1738144800 }, ['started_at']],
    ['a misspelt field', CALLS, { call_stauts: 'busy' }, ['call_stauts']],
    ['a field of the server', CALLS, { attempt: {}, revision: 1 }, ['attempt', 'revision']],
    ['constructor', CALLS, { constructor: 1 }, ['constructor']],
    ['a number that can’t be a phone', CONTACTS, { phones: ['612345678', 'anonymous'] }, ['phones.1']],
    ['a sentence with a number in it', CONTACTS, { phones: ['call 612345678'] }, ['phones.0']],
    ['a number with an extension', CONTACTS, { phones: ['612345678 ext 5'] }, ['phones.0']],
    ['21 numbers', CONTACTS, { phones: Array.from({ length: 21 }, (_, n) => `6123456${n + 10}`) }, ['phones']],
    [
      '22 numbers, two of which can’t be phones',
      CONTACTS,
      { phones: Array.from({ length: 22 }, (_, n) => (n % 21 === 0 ? 'anonymous' : `6123456${n + 10}`)) },
      ['phones', 'phones.0', 'phones.21'],
    ],
    ['a blank name', CONTACTS, { name: ' \u00a0\t' }, ['name']],
    ['an e-mail that is none', CONTACTS, { email: 'ana' }, ['email']],
    ['an e-mail with NUL', CONTACTS, { email: 'a\u0000@b.es' }, ['email']],
    ['an e-mail with half a surrogate pair', CONTACTS, { email: 'a\ud800@b.es' }, ['email']],
    ['an e-mail with a blank', CONTACTS, { email: 'a b@c.es' }, ['email']],
    ['an e-mail that is too long', CONTACTS, { email: `${'a'.repeat(60)}@${'b'.repeat(194)}` }, ['email']],
    ['an offset as a time zone', CONTACTS, { timezone: '+01:00' }, ['timezone']],
    ['an unknown time zone', CONTACTS, { timezone: 'Europe/Alcorcon' }, ['timezone']],
    ['text for a boolean', CONTACTS, { opt_out: 'true' }, ['opt_out']],
    ['no contact', OPPORTUNITIES, { contact_id: null }, ['contact_id']],
    ['a blank status', OPPORTUNITIES, { status: ' ' }, ['status']],
    ['what follows from the attempts', OPPORTUNITIES, { last_contact_attempt_at: null }, ['last_contact_attempt_at']],
    ['attempts as an array', OPPORTUNITIES, { first_call_attempts: [] }, ['first_call_attempts']],
    [
      'an attempt with an unknown colour',
      OPPORTUNITIES,
      { first_call_attempts: { 1: { status: 'blue', call_id: '', attempted_at: 'x', extra: 1 } } },
      ['attempted_at', 'call_id', 'extra', 'status'].map((field) => `first_call_attempts.1.${field}`),
    ],
    [
      'whatever attempts contradict, beside a contact that is none',
      OPPORTUNITIES,
      {
        contact_id: 'x',
        first_call_attempts: {
          1: { status: 'green', call_id: 'a', attempted_at: '2025-01-29T10:00:00Z' },
          2: { status: 'blue', call_id: 'a', attempted_at: '2025-01-29T10:00:00Z' },
          ...Object.fromEntries(
            [3, 4, 5, 6].map((n) => [n, { status: 'red', call_id: `${n}`, attempted_at: '2025-01-29T10:00:00Z' }]),
          ),
          first: null,
        },
        first_call_completed: false,
      },
      [
        'contact_id',
        'first_call_attempts',
        'first_call_attempts.2.call_id',
        'first_call_attempts.2.status',
        'first_call_attempts.6',
        'first_call_attempts.first',
        'first_call_completed',
      ],
    ],
  ]
  it.each(faults)('%s', async (_, url, fields, paths) => {
    const before = await rows()
    expect(pathsOf(await post(url, { ...bodies[url], ...fields }, { 'idempotency-key': randomUUID() }))).toEqual(paths)
    expect(await rows()).toEqual(before)
  })

  it('__proto__ is a field that no address knows, at any depth', async () => {
    expect(pathsOf(await send('POST', CALLS, '{"direction":"outbound","__proto__":{"call_status":"busy"}}'))).toEqual([
      '__proto__',
    ])
    const attempts = '{"__proto__":{"status":"green","call_id":"x","attempted_at":"2025-01-01T00:00:00Z"}}'
    const body = `{"contact_id":"${randomUUID()}","first_call_attempts":${attempts}}`
    expect(pathsOf(await send('POST', OPPORTUNITIES, body))).toEqual(['first_call_attempts.__proto__'])
  })

  it('all faults are told at once, of body and query', async () => {
    const fields = { direction: 'up', provider: 'pbx', started_at: 'now', call_status: '\u0000', colour: 'red', id: 1 }
    const names = ['call_status', 'colour', 'direction', 'dry_run', 'id', 'provider_call_id', 'started_at']
    expect(pathsOf(await post(`${CALLS}?dry_run=true`, fields))).toEqual(names)
    const query = 'limit=0&direction=up&entity_id=7&started_from=now&outcome=none&phone=1&cursor=%00'
    const faults = expectProblem(await send('GET', `${CALLS}?${query.replace('&cursor=%00', '')}`), 422).errors
    expect(faults?.map(({ path }) => path).sort()).toEqual([
      'direction',
      'entity_id',
      'limit',
      'outcome',
      'phone',
      'started_from',
    ])
  })

  it('of more than a hundred faults the first are told, and how many there are', async () => {
    const fieldsOf = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`field_${n}`, n]))
    for (const [url, fields] of [
      [CALLS, { direction: 'outbound', ...fieldsOf(1_000) }],
      [CONTACTS, { name: 'Ana', ...fieldsOf(1_000) }],
      [`${OPPORTUNITIES}?first=1`, { ...bodies[OPPORTUNITIES], ...fieldsOf(999) }],
    ] as const) {
      const { detail, errors } = expectProblem(await post(url, fields), 422)
      expect(detail).toContain('1000 faults')
      expect(errors).toHaveLength(100)
      expect(errors?.[0]).toEqual({ path: 'field_0', message: expect.any(String) })
    }
    const { results } = (await post(BATCH, { calls: Array.from({ length: 1_000 }, () => fieldsOf(40)) })).json()
    for (const { problem } of results) {
      expect(problem.errors).toHaveLength(20)
      expect(problem.detail).toContain('41 faults')
    }
    const attempts = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`${n}`, {}]))
    const older = await post(OPPORTUNITIES, { contact_id: randomUUID(), first_call_attempts: attempts })
    expect(expectProblem(older, 422).errors).toHaveLength(100)
    const long = expectProblem(await post(CALLS, { direction: 'outbound', ['x'.repeat(500_000)]: 1 }), 422)
    expect(long.errors).toEqual([{ path: `${'x'.repeat(100)}…`, message: expect.any(String) }])
  })

  it('a million values are refused unread', async () => {
    const many = Array.from({ length: 1_000_000 }, (_, n) => `"${n}":1`).join(',')
    for (const body of [`{${many}}`, `{"calls":[{${many}}]}`, `{"calls":[${'1,'.repeat(1_000_000)}1]}`]) {
      const response = await send('POST', BATCH, body)
      expect(pathsOf(response)).toEqual([''])
      expect(response.body.length).toBeLessThan(1_000)
    }
  })

  it('a query name that nobody reads is refused by name, at every address', async () => {
    const urls: [Method, string][] = [CALLS, CONTACTS, OPPORTUNITIES].flatMap((url): [Method, string][] => [
      ['GET', url],
      ['POST', url],
      ['GET', `${url}/${randomUUID()}`],
      ['PATCH', `${url}/${randomUUID()}`],
      ['DELETE', `${url}/${randomUUID()}`],
    ])
    for (const [method, url] of [...urls, ['PUT', `${CALLS}/${randomUUID()}`] as [Method, string]]) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(bodies[url] ?? {})
      for (const name of ['filter', '__proto__', 'constructor']) {
        expect(pathsOf(await send(method, `${url}?${name}=1`, body)), `${method} ${url}`).toEqual([name])
      }
    }
    expect(pathsOf(await post(`${BATCH}?filter=1`, { calls: [{}] }))).toEqual(['filter'])
  })

  it('a query name that comes twice is refused', async () => {
    expect(pathsOf(await send('GET', `${CALLS}?limit=1&limit=2`))).toEqual(['limit'])
  })

  it('an id in the path that is none: 400', async () => {
    for (const url of [CALLS, CONTACTS, OPPORTUNITIES]) {
      for (const id of ['7', 'null', '%00', '..%2f', `${randomUUID()}0`, 'x'.repeat(150), 'x'.repeat(5_000), '%ff']) {
        expectProblem(await send('GET', `${url}/${id}`), 400)
        expectProblem(await send('PATCH', `${url}/${id}`, '{}'), 400)
        expectProblem(await send('DELETE', `${url}/${id}`), 400)
      }
    }
  })
})

describe('what is taken', () => {
  it('offsets, lower-case letters, fractions and leap days', async () => {
    const times: Record<string, string> = {
      '2024-02-29T23:59:59+14:00': '2024-02-29T09:59:59Z',
      '2025-01-29t10:00:00.5z': '2025-01-29T10:00:00.500Z',
      '2025-01-29T10:00:00-00:00': '2025-01-29T10:00:00Z',
      '0001-01-01T00:00:00Z': '0001-01-01T00:00:00Z',
      '9999-12-31T23:59:59.999Z': '9999-12-31T23:59:59.999Z',
      // A leap second.
      '2016-12-31T23:59:60Z': '2017-01-01T00:00:00Z',
      '2015-06-30T23:59:60.25Z': '2015-07-01T00:00:00.250Z',
      '1990-12-31T15:59:60-08:00': '1991-01-01T00:00:00Z',
    }
    for (const [given, kept] of Object.entries(times)) {
      const call = await make(CALLS, { started_at: given, created_at: given })
      expect(call).toMatchObject({ started_at: kept, created_at: kept })
      expect((await send('GET', `${CALLS}/${call.id}`)).json()).toMatchObject({ started_at: kept, created_at: kept })
    }
  })

  it('of a field that comes twice the last counts', async () => {
    const response = await send('POST', CALLS, '{"direction":"inbound","direction":"internal"}')
    expect(response.json()).toMatchObject({ direction: 'internal' })
  })

  it('a call keeps a number that can’t be read as it is, and reads every other one', async () => {
    for (const given of ['anonymous', '112', '612345678 ext 5', 'Ana 612345678', '+34']) {
      expect(await make(CALLS, { phone_number: given })).toMatchObject({ phone_number: given })
    }
    for (const given of ['612 34 56 78', '0034612345678', '+34 612-345-678', '34612345678', 'tel:+34612345678']) {
      expect(await make(CALLS, { phone_number: given })).toMatchObject({ phone_number: '+34612345678' })
    }
  })

  it('e-mail addresses as people have them', async () => {
    const emails = ['a&b@x.es', 'a!b@x.es', "o'neil@x.es", 'a#b@x.es', 'a/b@x.es', 'josé@x.es', 'ana@muñoz.es']
    for (const email of emails) expect(await make(CONTACTS, { email })).toMatchObject({ email })
  })

  it('blank texts are none where they name something; astral characters count once', async () => {
    const blank = { call_status: ' ', phone_number: '', entity_type: '\t', extension: '' }
    const none = { call_status: null, phone_number: null, entity_type: null, extension: null }
    expect(await make(CALLS, blank)).toMatchObject(none)
    expect((await make(CALLS, { call_status: '📞'.repeat(40) })).call_status).toBe('📞'.repeat(40))
  })

  it('a change of nothing changes nothing', async () => {
    for (const url of [CALLS, CONTACTS, OPPORTUNITIES]) {
      const made = await make(url)
      const address = `${url}/${made.id}`
      expect((await send('PATCH', address, '{}')).json()).toEqual(made)
      if (url === CALLS) expect((await send('PUT', address, '{}')).json()).toEqual(made)
      expect((await send('GET', address)).json()).toEqual(made)
    }
  })

  it('an id of the client’s own is kept in lower case, and taken once', async () => {
    for (const url of [CALLS, CONTACTS, OPPORTUNITIES]) {
      const id = randomUUID().toUpperCase()
      expect(await make(url, { id })).toMatchObject({ id: id.toLowerCase() })
      expectProblem(await post(url, { ...bodies[url], id }), 409)
      expect((await send('GET', `${url}/${id}`)).statusCode).toBe(200)
    }
  })
})

describe('the key is checked before anything else', () => {
  const wrong: [string, Record<string, string>][] = [
    ['missing', {}],
    ['empty', { authorization: '' }],
    ['a scheme without key', { authorization: 'Bearer' }],
    ['another', { authorization: 'Bearer another-key-that-is-long-enough-00000' }],
    ['half right', { authorization: `Bearer ${KEY.slice(0, -1)}` }],
    ['right and more', { authorization: `Bearer ${KEY}0` }],
    ['right by another scheme', { authorization: `Basic ${KEY}` }],
    ['without scheme', { authorization: KEY }],
    ['in other letters', { authorization: `Bearer ${KEY.toUpperCase()}` }],
    ['two in one header', { authorization: `Bearer ${KEY}, Bearer ${KEY}` }],
    ['in the query only', {}],
  ]
  it.each(wrong)('%s', async (_, headers) => {
    const requests: [Method, string, string?, string?][] = [
      ['GET', CALLS],
      ['GET', `${CALLS}?key=${KEY}`],
      ['GET', '/api/%63rm/calls'],
      ['GET', '/api/crm/%63alls'],
      ['GET', '/api/crm'],
      ['GET', '/api/crm/'],
      ['GET', '/api/crm/nothing/here'],
      ['GET', `${CALLS}/7`],
      ['GET', `${CALLS}/%zz`],
      ['GET', `${CALLS}/${'x'.repeat(5_000)}`],
      ['GET', '/api/crm/%ff'],
      ['GET', '/api/%63r%6d/%zz'],
      ['GET', '/api/admin'],
      ['POST', '/api/admin/keys', '{', JSON_TYPE],
      ['GET', '/api/admin/%zz'],
      ['POST', '/api/recordings/email', 'From: a@b.es', 'message/rfc822'],
      ['GET', '/api/recordings/email/'],
      ['PROPFIND', CALLS],
      ['TRACE', CALLS],
      ['OPTIONS', CALLS],
      ['HEAD', CALLS],
      ['DELETE', CALLS],
      ['POST', CALLS, '{', JSON_TYPE],
      ['POST', CALLS, '{}', 'text/plain'],
      ['POST', CALLS, ' '.repeat(1024 * 1024 + 1), JSON_TYPE],
      ['POST', CONTACTS, '{"surname":1}', JSON_TYPE],
    ]
    for (const [method, url, payload, type] of requests) {
      const all = { ...headers, ...(type === undefined ? {} : { 'content-type': type }) }
      const options = { method, url, headers: all, ...(payload === undefined ? {} : { payload }) } as InjectOptions
      const response = await service.app.inject(options)
      expect(response.statusCode, `${method} ${url}`).toBe(401)
      expect(response.headers['www-authenticate']).toBe('Bearer')
      if (method !== 'HEAD') expectProblem(response, 401)
    }
  })

  it('the scheme’s letter case does not count', async () => {
    for (const scheme of ['bearer', 'BEARER', 'Bearer ']) {
      expect((await send('GET', CALLS, undefined, { authorization: `${scheme} ${KEY}` })).statusCode).toBe(200)
    }
  })

  it('two headers are refused, whichever of them is right', async () => {
    for (const keys of [
      [authorization, 'Bearer x'],
      ['Bearer x', authorization],
    ]) {
      const request = http.request({ port, path: CALLS })
      request.setHeader('authorization', keys)
      request.end()
      const [response] = (await once(request, 'response')) as [http.IncomingMessage]
      response.resume()
      expect(response.statusCode).toBe(401)
    }
  })
})

describe('addresses and methods', () => {
  const known: [string, string][] = [
    ['/healthz', 'GET, HEAD'],
    ['/readyz', 'GET, HEAD'],
    ['/metrics', 'GET, HEAD'],
    ['/openapi.json', 'GET, HEAD'],
    ['/docs', 'GET, HEAD'],
    [CALLS, 'GET, HEAD, POST'],
    [BATCH, 'POST'],
    [`${CALLS}/${randomUUID()}`, 'DELETE, GET, HEAD, PATCH, PUT'],
    [CONTACTS, 'GET, HEAD, POST'],
    [`${CONTACTS}/${randomUUID()}`, 'DELETE, GET, HEAD, PATCH'],
    [OPPORTUNITIES, 'GET, HEAD, POST'],
    [`${OPPORTUNITIES}/${randomUUID()}`, 'DELETE, GET, HEAD, PATCH'],
  ]
  it.each(known)('%s allows %s, and says so to every other method', async (url, allow) => {
    const others = http.METHODS.filter((name) => name !== 'CONNECT' && !allow.split(', ').includes(name))
    expect(others).toEqual(expect.arrayContaining(['OPTIONS', 'TRACE', 'PROPFIND', 'LOCK', 'PURGE', 'SEARCH']))
    for (const method of others) {
      const response = await send(method as Method, url)
      expect(response.statusCode, `${method} ${url}`).toBe(405)
      expect(response.headers.allow).toBe(allow)
      if (method !== 'HEAD') expectProblem(response, 405)
    }
  })

  it('there is nothing elsewhere: 404', async () => {
    for (const url of [
      '/nothing',
      '/call/nothing',
      '/api',
      '/api/crm',
      '/api/crm/',
      '/api/crm/leads',
      `${CALLS}/`,
      '/docs/nothing',
      '/api/admin',
      '/api/admin/key',
      '/api/recordings',
      '/api/recordings/email/x',
    ]) {
      for (const method of ['GET', 'POST', 'OPTIONS'] as const) {
        const response = await send(method, url)
        if (url !== `${CALLS}/`) expectProblem(response, 404)
        else expect([400, 404, 405]).toContain(response.statusCode)
      }
    }
  })

  it('an id that we don’t have: 404', async () => {
    for (const url of [CALLS, CONTACTS, OPPORTUNITIES]) {
      const address = `${url}/${randomUUID()}`
      expectProblem(await send('GET', address), 404)
      expectProblem(await send('PATCH', address, '{}'), 404)
      expectProblem(await send('DELETE', address), 404)
    }
    expectProblem(await send('PUT', `${CALLS}/${randomUUID()}`, '{}'), 404)
  })

  it('an address that cannot be decoded: 400', async () => {
    for (const url of ['/%zz', `${CALLS}/%zz`, '/api/admin/%ff']) expectProblem(await send('GET', url), 400)
    // Nobody's: no key is asked for.
    for (const url of ['/%zz', '/api/crmx/%zz', '/api/%63rmx/%zz']) {
      expectProblem(await service.app.inject({ url }), 400)
    }
  })

  it('what is no HTTP is answered as a problem too', async () => {
    const long = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`
    const close = 'connection: close\r\n'
    for (const [text, status] of [
      ['rubbish\r\n\r\n', 400],
      [long, 431],
      [`GET /healthz HTTP/1.1\r\n${close}\r\n`, 400],
      [`GET ${CALLS} HTTP/1.1\r\nauthorization: ${authorization}\r\n${close}\r\n`, 400],
      [`GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: foo\r\n${close}\r\n`, 417],
    ] as const) {
      const { head, body } = await exchange(port, text)
      expect(head).toContain(`HTTP/1.1 ${status} `)
      expect(head).toContain('application/problem+json')
      expect(JSON.parse(body)).toMatchObject({ type: 'about:blank', status, detail: expect.any(String) })
    }
    expect((await exchange(port, `GET /healthz HTTP/1.0\r\n\r\n`)).head).toContain('HTTP/1.1 200 ')
  })
})

/** What is answered to bytes, on a connection of their own. */
async function exchange(to: number, text: string): Promise<{ head: string; body: string }> {
  const socket = net.connect(to, '127.0.0.1', () => socket.write(text))
  let answer = ''
  for await (const chunk of socket) answer += chunk
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  return { head, body }
}

describe('a service of its own', () => {
  const build = (log: pino.Logger) => {
    const parts = { database: service.database, register: service.register, metrics: createMetrics(), log }
    const findCaller = createKeyCheck(service.database, KEY)
    const isReady = async () => true
    return buildApp({ ...parts, ...doorsOf(parts), findCaller, country: 'ES', host: '127.0.0.1', isReady })
  }

  it('that stops still answers what comes on an open connection, by the contract, and closes it', async () => {
    const app = await build(pino({ level: 'silent' }))
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port: ownPort } = app.server.address() as net.AddressInfo
    const socket = net.connect(ownPort, '127.0.0.1')
    const body = '{"name":"Ana"}'
    const head = `POST ${CONTACTS} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n`
    socket.write(`${head}content-type: ${JSON_TYPE}\r\ncontent-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`)
    let answers = ''
    socket.setEncoding('utf8').on('data', (text) => {
      answers += text
    })
    await once(socket, 'data')
    const closed = app.close()
    // The stop is under way once nobody may connect any more.
    while (app.server.listening) await new Promise(setImmediate)
    socket.write(`${body}GET ${CONTACTS} HTTP/1.1\r\nhost: x\r\n\r\n`)
    await once(socket, 'close')
    await closed
    const [, made = '', unasked = ''] = answers.split(/(?=HTTP\/1\.1 )/)
    expect(made).toMatch(/^HTTP\/1\.1 201 /)
    expect(unasked).toMatch(/^HTTP\/1\.1 401 [\s\S]*application\/problem\+json/)
    expect(unasked.toLowerCase()).toContain('connection: close')
  })

  it('whose client hangs up does not blame the database', async () => {
    const lines: string[] = []
    const app = await build(pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }))
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port: ownPort } = app.server.address() as net.AddressInfo
    const asked = new Promise<{ req: http.IncomingMessage }>((resolve) =>
      app.server.once('request', (req) => resolve({ req })),
    )
    const socket = net.connect(ownPort, '127.0.0.1')
    const head = `POST ${CONTACTS} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n`
    socket.write(`${head}content-type: ${JSON_TYPE}\r\ncontent-length: 100\r\n\r\n{"name":`)
    // Its body is being read once somebody listens to it.
    const { req } = await asked
    while (req.listenerCount('data') === 0) await new Promise(setImmediate)
    const lost = new Promise((resolve) => req.once('close', resolve))
    socket.resetAndDestroy()
    await lost
    await app.close()
    expect(lines).toEqual([])
  })
})

describe('revisions', () => {
  const change: Record<string, Fields> = {
    [CALLS]: { call_result: 'x' },
    [CONTACTS]: { name: 'Eva' },
    [OPPORTUNITIES]: { title: 'x' },
  }
  const doors: [Method, string][] = [
    ['PATCH', CALLS],
    ['PUT', CALLS],
    ['DELETE', CALLS],
    ['PATCH', CONTACTS],
    ['DELETE', CONTACTS],
    ['PATCH', OPPORTUNITIES],
    ['DELETE', OPPORTUNITIES],
  ]
  it.each(doors)('%s %s with If-Match', async (method, url) => {
    const body = method === 'DELETE' ? undefined : JSON.stringify(change[url])
    for (const tag of ['"2"', 'W/"1"', '1', '"1', '""', '"0", "2"', 'rubbish', '"01"']) {
      const made = await make(url)
      expectProblem(await send(method, `${url}/${made.id}`, body, { 'if-match': tag }), 412)
      expect((await send('GET', `${url}/${made.id}`)).json()).toEqual(made)
    }
    for (const tag of ['"1"', '*', '"7" , "1"', 'W/"1", "1"']) {
      const { id } = await make(url)
      const response = await send(method, `${url}/${id}`, body, { 'if-match': tag })
      expect(response.statusCode).toBe(method === 'DELETE' ? 204 : 200)
      if (method !== 'DELETE') expect(response.headers.etag).toBe('"2"')
    }
    expectProblem(await send(method, `${url}/${randomUUID()}`, body, { 'if-match': '*' }), 404)
  })

  it('every answer with a row has its ETag, and never becomes a 304', async () => {
    for (const url of [CALLS, CONTACTS, OPPORTUNITIES]) {
      const made = await post(url, bodies[url])
      const address = `${url}/${made.json().id}`
      expect(made.headers).toMatchObject({ etag: '"1"', location: address })
      for (const tag of ['"1"', '*', 'W/"1"']) {
        const got = await send('GET', address, undefined, { 'if-none-match': tag })
        expect(got.statusCode).toBe(200)
        expect(got.headers.etag).toBe('"1"')
      }
      expect((await send('PATCH', address, '{}')).headers.etag).toBe('"1"')
    }
  })
})

describe('Idempotency-Key', () => {
  const table: Record<string, string> = { [CALLS]: 'calls', [CONTACTS]: 'contacts', [OPPORTUNITIES]: 'opportunities' }

  describe.each([CALLS, CONTACTS, OPPORTUNITIES])('POST %s', (url) => {
    const body = { ...bodies[url], id: undefined }

    it('the same request is answered as the first time, and made once', async () => {
      const headers = { 'idempotency-key': randomUUID() }
      const before = await rows()
      const first = await post(url, body, headers)
      expect(first.statusCode).toBe(201)
      await send('PATCH', `${url}/${first.json().id}`, '{}')
      // Blanks and the order of fields are no difference.
      const again = await send('POST', url, JSON.stringify(body, null, 2), headers)
      expect([again.statusCode, again.json()]).toEqual([201, first.json()])
      expect(again.headers).toMatchObject({ etag: first.headers.etag, location: first.headers.location })
      const name = table[url] as string
      expect((await rows())?.[name]).toBe(before?.[name] + 1)
    })

    it('twenty at once make one', async () => {
      const headers = { 'idempotency-key': randomUUID() }
      for (const id of [undefined, randomUUID()]) {
        headers['idempotency-key'] = randomUUID()
        const answers = await Promise.all(Array.from({ length: 20 }, () => post(url, { ...body, id }, headers)))
        expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1)
        expect(answers[0]?.statusCode).toBe(201)
      }
    })

    it('another body: 409; another key: another row', async () => {
      const headers = { 'idempotency-key': randomUUID() }
      const first = await post(url, body, headers)
      const before = await rows()
      expectProblem(await post(url, { ...body, id: randomUUID() }, headers), 409)
      expect(await rows()).toEqual(before)
      const other = await post(url, body, { 'idempotency-key': randomUUID() })
      expect(other.json().id).not.toBe(first.json().id)
    })

    it('the same body at another address is another request', async () => {
      const headers = { 'idempotency-key': randomUUID() }
      expect((await post(url, body, headers)).statusCode).toBe(201)
      const other = url === CALLS ? CONTACTS : CALLS
      expectProblem(await post(other, bodies[other], headers), 409)
    })

    it('a refusal is not remembered', async () => {
      const headers = { 'idempotency-key': randomUUID() }
      expectProblem(await post(url, { ...body, misspelt: 1 }, headers), 422)
      const id = (await make(url)).id
      expectProblem(await post(url, { ...body, id }, headers), 409)
      expect((await post(url, body, headers)).statusCode).toBe(201)
    })

    it('has 1 to 255 characters', async () => {
      expect((await post(url, body, { 'idempotency-key': randomUUID().padEnd(255, 'x') })).statusCode).toBe(201)
      const before = await rows()
      for (const key of ['', 'x'.repeat(256)]) expectProblem(await post(url, body, { 'idempotency-key': key }), 400)
      expect(await rows()).toEqual(before)
    })
  })

  it('on a batch answers as the first time, place by place; what was refused is tried again', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const calls = [{ direction: 'outbound' }, { direction: 'up' }, { direction: 'inbound' }]
    const first = (await post(BATCH, { calls }, headers)).json().results
    expect(first).toMatchObject([{ status: 201 }, { status: 422 }, { status: 201 }])
    const before = await rows()
    expect((await post(BATCH, { calls }, headers)).json().results).toEqual(first)
    expect(await rows()).toEqual(before)
  })

  it('a thousand calls with long texts and a key are saved, at the latest when they are sent again', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const longText = () => randomBytes(6_000).toString('hex')
    const calls = Array.from({ length: 1_000 }, () => ({ direction: 'outbound', call_result: longText() }))
    let saved = 0
    while (saved < calls.length) {
      const response = await post(BATCH, { calls }, headers)
      expect([200, 503]).toContain(response.statusCode)
      const { results = [] } = response.json()
      const savedNow = results.filter(({ status }: { status: number }) => status === 201).length
      expect(savedNow).toBeGreaterThan(saved)
      saved = savedNow
    }
    const before = await rows()
    expect((await post(BATCH, { calls }, headers)).statusCode).toBe(200)
    expect(await rows()).toEqual(before)
  })

  it('on a batch with other calls: 409, and none of them is saved', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    await post(BATCH, { calls: [{ direction: 'outbound' }] }, headers)
    const before = await rows()
    const longer = { calls: [{ direction: 'outbound' }, { direction: 'inbound' }] }
    expectProblem(await post(BATCH, longer, headers), 409)
    expect(await rows()).toEqual(before)
  })
})

describe('pages beside the API', () => {
  const open = ['/healthz', '/readyz']
  const local = ['/metrics', '/docs', '/docs/static/index.html', '/openapi.json']

  it('are open on loopback; only life signs are open behind a proxy', async () => {
    for (const url of [...open, ...local]) {
      expect([200, 302]).toContain((await service.app.inject(url)).statusCode)
      for (const headers of [
        { 'x-forwarded-for': '10.0.0.1' },
        { forwarded: 'for=10.0.0.1' },
        { 'x-forwarded-proto': '' },
      ]) {
        const response = await service.app.inject({ url, headers })
        if (open.includes(url)) expect(response.statusCode).toBe(200)
        else expectProblem(response, 401)
        expect([200, 302]).toContain(
          (await service.app.inject({ url, headers: { ...headers, authorization } })).statusCode,
        )
      }
    }
  })

  it('say no more than that the service lives and can serve', async () => {
    expect((await service.app.inject('/healthz')).json()).toEqual({ status: 'alive' })
    expect((await service.app.inject('/readyz')).json()).toEqual({ status: 'ready' })
  })

  it('/metrics counts what became of calls, and how long it took, whichever way they come', async () => {
    const count = async (line: string) => {
      const { body } = await service.app.inject('/metrics')
      return Number(
        body
          .split('\n')
          .find((text) => text.startsWith(`${line} `))
          ?.slice(line.length) ?? 0,
      )
    }
    const lines = [
      'first_call_outcomes_total{outcome="not_outbound"}',
      'first_call_outcomes_total{outcome="not_a_contact"}',
      'first_call_registering_seconds_count{door="rest"}',
      'first_call_registering_seconds_count{door="batch"}',
    ]
    const before = await Promise.all(lines.map(count))
    const [inbound, outbound] = [{ direction: 'inbound' }, { direction: 'outbound' }]
    await make(CALLS, inbound)
    await post(BATCH, { calls: [inbound, { direction: 'up' }, outbound, inbound] })
    const after = await Promise.all(lines.map(count))
    expect(after.map((value, place) => value - (before[place] ?? 0))).toEqual([3, 1, 1, 3])
  })

  it.each(['0.0.0.0', '::', '192.168.1.7', 'crm.example.com', '127.evil.example'])(
    'ask for a key on %s',
    async (host) => {
      const { database, register } = service
      const parts = { database, register, metrics: createMetrics(), log: pino({ level: 'silent' }) }
      const app = await buildApp({
        ...parts,
        ...doorsOf(parts),
        findCaller: createKeyCheck(service.database, KEY),
        country: 'ES',
        host,
        isReady: async () => {
          throw new Error('no connection to 10.0.0.7')
        },
      })
      for (const url of local) expectProblem(await app.inject(url), 401)
      expect((await app.inject('/healthz')).statusCode).toBe(200)
      const unready = await app.inject('/readyz')
      expectProblem(unready, 503)
      expect(unready.headers['retry-after']).toBe('1')
      expect(unready.body).not.toContain('10.0.0.7')
      await app.close()
    },
  )

  it('/docs and its files come from here, and may ask no other host', async () => {
    const page = await service.app.inject('/docs')
    expect(page.statusCode).toBe(200)
    const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address)
    expect(files.length).toBeGreaterThan(3)
    for (const file of files) {
      const { pathname, host } = new URL(file, 'http://here/docs')
      expect(host).toBe('here')
      expect((await service.app.inject(pathname)).statusCode, pathname).toBe(200)
    }
    expect(page.body).not.toMatch(/https?:\/\//)
    // The scripts name other hosts (name spaces of SVG, their authors); the browser is told to ask none of them.
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/)
    expect(page.headers['content-security-policy']).not.toMatch(/https?:|\*|\w+\.\w+/)
    expect(page.headers['content-security-policy']).not.toContain('unsafe')
  })
})

describe('whatever comes, the answer is the contract’s', () => {
  const names = [
    ...['id', 'direction', 'entity_type', 'entity_id', 'call_status', 'call_result', 'phone_number', 'started_at'],
    ...['duration_seconds', 'provider', 'provider_call_id', 'created_at', 'name', 'phones', 'email', 'timezone'],
    ...[
      'opt_out',
      'contact_id',
      'title',
      'status',
      'first_call_attempts',
      'first_call_completed',
      'calls',
      '__proto__',
    ],
    ...['limit', 'cursor', 'q', 'sort', 'attempts', 'phone', 'outcome', 'started_from', 'last_status', 'assigned_to'],
  ]
  const attempt = fc.record(
    {
      status: fc.constantFrom('green', 'orange', 'red', 'blue'),
      call_id: fc.oneof(fc.uuid(), fc.string({ unit: 'binary' })),
      attempted_at: fc.constantFrom('2025-01-29T10:00:00', '2025-01-29T10:00:00Z', '0000-01-01T00:00:00Z', ''),
      notes: fc.option(fc.string({ unit: 'binary' })),
    },
    { requiredKeys: [] },
  )
  const value = fc.oneof(
    fc.constantFrom('outbound', 'inbound', 'contacts', 'busy', '612345678', '+34612345678', 'a@b.es', 'Europe/Madrid'),
    fc.constantFrom('2025-01-29T10:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '2025-02-29T10:00:00Z'),
    fc.constantFrom<unknown>(null, true, 0, -1, 1e308, 2 ** 31, '', ' ', '\u0000', '\ud800', 'İ'.repeat(40), '_%\\'),
    fc.uuid(),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.integer(),
    fc.dictionary(fc.oneof(fc.constantFrom('1', '2', '6', '__proto__'), fc.string()), attempt, { maxKeys: 6 }),
    fc.jsonValue(),
    fc.array(fc.oneof(fc.constant('612345678'), fc.jsonValue()), { maxLength: 3 }),
  )
  const some = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 5 })
  const body = fc.oneof(
    { weight: 8, arbitrary: some },
    { weight: 1, arbitrary: fc.jsonValue() as fc.Arbitrary<unknown> },
    { weight: 1, arbitrary: fc.record({ calls: fc.array(some, { maxLength: 4 }) }) as fc.Arbitrary<unknown> },
  )

  const expectSound = (response: LightMyRequestResponse, request: string) => {
    expect(response.statusCode, request).toBeLessThan(500)
    if (response.statusCode >= 300) expectProblem(response, response.statusCode)
    for (const { status } of response.json().results ?? []) expect(status, request).toBeLessThan(500)
  }

  const routes: [Method, string][] = [
    ['POST', CALLS],
    ['POST', BATCH],
    ['POST', CONTACTS],
    ['POST', OPPORTUNITIES],
    ['PATCH', CALLS],
    ['PUT', CALLS],
    ['PATCH', CONTACTS],
    ['PATCH', OPPORTUNITIES],
  ]
  it.each(routes)(`${DRAWN} bodies to %s %s`, async (method, url) => {
    const address = method === 'POST' ? url : `${url}/${(await make(url)).id}`
    // What has to be there is there half of the time, so that the rest is looked at too.
    const base = method === 'POST' ? (bodies[url] ?? {}) : {}
    const bodiesToSend = fc.sample(fc.tuple(body, fc.boolean()), DRAWN).map(([given, isWhole]) => {
      if (!isWhole || typeof given !== 'object' || given === null || Array.isArray(given)) return JSON.stringify(given)
      return JSON.stringify({ ...given, ...base })
    })
    await inTurns(bodiesToSend, async (text) => expectSound(await send(method, address, text), text))
  })

  it.each([CALLS, CONTACTS, OPPORTUNITIES])(`${DRAWN} queries to GET %s`, async (url) => {
    const text = fc.oneof(
      value.map((given) => (typeof given === 'string' ? given : JSON.stringify(given))),
      value.map((given) => Buffer.from(JSON.stringify([given, randomUUID()]) ?? '').toString('base64url')),
    )
    const query = fc.dictionary(fc.constantFrom(...names), text, { maxKeys: 3 }).map((pairs) =>
      Object.entries(pairs)
        .map(([name, given]) => `${name}=${encodeURIComponent(given.toWellFormed())}`)
        .join('&'),
    )
    await inTurns(fc.sample(query, DRAWN), async (given) => expectSound(await send('GET', `${url}?${given}`), given))
  })
})

/** Twenty at a time. */
async function inTurns<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]()
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      for (const item of rest) await work(item)
    }),
  )
}

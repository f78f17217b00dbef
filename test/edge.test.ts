import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EdgeConfig, PLAIN_EDGE } from '../src/http/edge.ts'
import { limitRates } from '../src/http/rate-limits.ts'
import { createMetrics } from '../src/metrics.ts'
import { loggedIn, PASSWORD } from './people.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'
import { outId, outStart } from './zadarma-door.ts'
import { signedNotification } from './zadarma-server.ts'

/* What stands between the service and those who ask: rates, proxies, headers, other origins (S6, S9). */

let database: TestDatabase
const services: TestService[] = []

beforeAll(async () => {
  database = await createTestDatabase()
})

afterAll(async () => {
  for (const service of services) await service.close()
  await database.drop()
})

const CALLS = '/api/crm/calls'
const authorization = `Bearer ${KEY}`

async function serve(edge: Partial<EdgeConfig> = {}, allowedIps: string[] | null = null, publicUrl: URL | null = null) {
  const { refusedPerAddress } = PLAIN_EDGE
  const service = await createTestService({
    ...database,
    edge: { refusedPerAddress, ...edge },
    zadarma: { allowedIps },
    people: { publicUrl },
  })
  services.push(service)
  const ask = async (from: string, headers: Record<string, string> = {}, url = CALLS) =>
    service.app.inject({ url, remoteAddress: from, headers })
  return { service, app: service.app, ask }
}

/** What the page of somebody who is logged in sends, from any address. */
async function pageOf(service: TestService) {
  const { person, browser } = await loggedIn(service, { role: 'admin' })
  const cookie = `first_call=${browser.cookies.get('first_call')}`
  const headers = { host: '127.0.0.1', origin: 'http://127.0.0.1', 'sec-fetch-site': 'same-origin', cookie }
  return { person, headers }
}

/** So many requests, one after the other, and what each was answered. */
async function statuses(count: number, ask: () => Promise<{ statusCode: number }>): Promise<number[]> {
  const answers: number[] = []
  for (let number = 0; number < count; number++) answers.push((await ask()).statusCode)
  return answers
}

const times = (count: number, status: number): number[] => Array.from({ length: count }, () => status)

describe('requests without a valid key (S6)', () => {
  it('are told so a hundred times a minute, then only when to come again; a valid key is never stopped', async () => {
    const { ask } = await serve()
    const wrong = () => ask('203.0.113.7', { authorization: `Bearer ${randomUUID()}` })
    expect(await statuses(100, wrong)).toEqual(times(100, 401))
    const tooMany = await wrong()
    expect(tooMany.statusCode).toBe(429)
    expect(tooMany.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(Number(tooMany.headers['retry-after'])).toBeGreaterThan(0)
    expect(Number(tooMany.headers['retry-after'])).toBeLessThanOrEqual(60)
    expect(tooMany.json()).toMatchObject({ type: 'about:blank', status: 429, title: 'Too Many Requests' })
    // From the same address, by the same proxy, and all others.
    expect(await statuses(150, () => ask('203.0.113.7', { authorization }))).toEqual(times(150, 200))
    expect((await ask('203.0.113.8', { authorization: 'Bearer x' })).statusCode).toBe(401)
  })

  it('never stop a person who is logged in; a cookie that is not whole counts as none', async () => {
    const { service, app, ask } = await serve()
    const { headers } = await pageOf(service)
    const broken = { ...headers, cookie: headers.cookie.replace(/first_call=./, 'first_call=-') }
    expect(await statuses(100, () => ask('203.0.113.7', broken))).toEqual(times(100, 401))
    expect((await ask('203.0.113.7', broken)).statusCode).toBe(429)
    expect(await statuses(150, () => ask('203.0.113.7', headers))).toEqual(times(150, 200))
    const made = { method: 'POST', url: '/api/crm/contacts', payload: { name: 'Ana' }, headers } as const
    expect((await app.inject({ ...made, remoteAddress: '203.0.113.7' })).statusCode).toBe(201)
  })

  it('are counted wherever a key is asked for, and whatever else is wrong', async () => {
    const { app, ask } = await serve()
    const asked = ['/metrics', '/docs', '/openapi.json'].map((url) => () => ask('203.0.113.7', { forwarded: 'x' }, url))
    const others = ['/api/admin/none', '/api/crm/none', '/api/crm/%ff', '/api/recordings/email'].map(
      (url) => () => ask('203.0.113.7', {}, url),
    )
    const kinds = [...asked, ...others]
    const answers: number[] = []
    for (let number = 0; number < 14; number++) for (const kind of kinds) answers.push((await kind()).statusCode)
    expect(answers).toEqual(times(98, 401))
    const late = await app.inject({ method: 'DELETE', url: CALLS, remoteAddress: '203.0.113.7', payload: '{' })
    expect(late.statusCode).toBe(401)
    expect((await ask('203.0.113.7')).statusCode).toBe(401)
    for (const kind of kinds) expect((await kind()).statusCode).toBe(429)
  })

  it('of a network of version 6 are one client’s, and an address is one in both writings', async () => {
    const { ask } = await serve()
    let number = 0
    expect(await statuses(100, () => ask(`2001:db8:1:2::${(++number).toString(16)}`))).toEqual(times(100, 401))
    expect((await ask('2001:db8:1:2:ffff::1')).statusCode).toBe(429)
    expect((await ask('2001:db8:1:3::1')).statusCode).toBe(401)
    expect(await statuses(100, () => ask('::ffff:203.0.113.9'))).toEqual(times(100, 401))
    expect((await ask('203.0.113.9')).statusCode).toBe(429)
  })
})

describe('notifications', () => {
  it('without a signature that fits are counted for themselves; a genuine one is never stopped', async () => {
    const { app, ask } = await serve()
    const form = outStart(outId(), '+34600000001')
    const { body, headers } = signedNotification(form, 'another secret')
    const knock = (more: object) =>
      app.inject({ method: 'POST', url: '/api/zadarma/webhook', payload: body, remoteAddress: '203.0.113.7', ...more })
    expect(await statuses(100, () => knock({ headers }))).toEqual(times(100, 401))
    const tooMany = await knock({ headers })
    expect([tooMany.statusCode, Number(tooMany.headers['retry-after']) > 0]).toEqual([429, true])
    const genuine = signedNotification(form, 'test-secret')
    const { body: payload } = genuine
    expect(await statuses(5, () => knock({ headers: genuine.headers, payload }))).toEqual(times(5, 200))
    expect((await ask('203.0.113.7')).statusCode).toBe(401)
  })
})

describe('a key', () => {
  it('is not limited by default, and by RATE_LIMIT_PER_KEY wherever it asks from', async () => {
    const free = await serve()
    expect(await statuses(120, () => free.ask('203.0.113.7', { authorization }))).toEqual(times(120, 200))
    const { ask } = await serve({ rateLimitPerKey: 10 })
    let number = 0
    const answers = await statuses(12, () => ask(`203.0.113.${++number}`, { authorization }))
    expect(answers).toEqual([...times(10, 200), 429, 429])
    const tooMany = await ask('203.0.113.7', { authorization })
    expect(Number(tooMany.headers['retry-after'])).toBeGreaterThan(0)
    // What needs no key goes on.
    expect((await ask('203.0.113.7', {}, '/healthz')).statusCode).toBe(200)
  })
})

describe('requests to log in', () => {
  it('are taken a hundred times a minute from an address', async () => {
    const app = Fastify()
    await limitRates(app, PLAIN_EDGE, { metrics: createMetrics(), findSession: async () => null })
    app.route({ method: ['GET', 'POST'], url: '/api/auth/*', handler: async () => 'in' })
    const ask = (method: 'GET' | 'POST', remoteAddress: string) =>
      app.inject({ method, url: '/api/%61uth/sign-in/email', remoteAddress })
    expect(await statuses(100, () => ask('POST', '203.0.113.7'))).toEqual(times(100, 200))
    const tooMany = await ask('POST', '203.0.113.7')
    expect([tooMany.statusCode, Number(tooMany.headers['retry-after']) > 0]).toEqual([429, true])
    expect((await ask('GET', '203.0.113.7')).statusCode).toBe(200)
    expect((await ask('POST', '203.0.113.8')).statusCode).toBe(200)
  })

  it('of every kind count together; a person who is logged in is never stopped', async () => {
    const { service, app } = await serve({ logInsPerAddress: 4 })
    const { headers } = await pageOf(service)
    const { cookie: _, ...page } = headers
    const post = async (url: string, payload: object, more: Record<string, string>) =>
      (
        await app.inject({
          method: 'POST',
          url: `/api/auth/${url}`,
          payload,
          remoteAddress: '203.0.113.7',
          headers: { ...page, ...more },
        })
      ).statusCode
    const kinds = [
      ['accept', { token: 'x', password: PASSWORD }],
      ['two-factor/verify-totp', { code: '000000' }],
      ['two-factor/verify-backup-code', { code: '000000' }],
      ['sign-in/email', { email: 'nobody@example.com', password: PASSWORD }],
    ] as const
    for (const [url, payload] of kinds) expect([401, 422], url).toContain(await post(url, payload, {}))
    for (const [url, payload] of kinds) {
      expect(await post(url, payload, {}), url).toBe(429)
      expect(await post(url, payload, { 'x-request-id': 'other' }), url).toBe(429)
      expect(await post(url, payload, headers), url).not.toBe(429)
    }
    for (const url of ['change-password', 'two-factor/enable', 'sign-out']) {
      expect(await post(url, { password: 'wrong' }, headers), url).not.toBe(429)
    }
  })

  it('count for the address that a trusted proxy tells, and not for one that somebody else does', async () => {
    const publicUrl = new URL('https://crm.example.com')
    const { app } = await serve({ logInsPerAddress: 2, trustedProxies: ['10.0.0.1'] }, null, publicUrl)
    const logIn = async (remoteAddress: string, chain: string) => {
      const page = { origin: publicUrl.origin, 'sec-fetch-site': 'same-origin', 'x-forwarded-for': chain }
      const asked = { method: 'POST', url: '/api/auth/accept', payload: { token: 'x', password: PASSWORD } } as const
      return (await app.inject({ ...asked, remoteAddress, headers: page })).statusCode
    }
    expect(await statuses(2, async () => ({ statusCode: await logIn('10.0.0.1', '203.0.113.7') }))).toEqual([422, 422])
    expect(await logIn('10.0.0.1', '203.0.113.7')).toBe(429)
    expect(await logIn('10.0.0.1', '198.51.100.1, 203.0.113.7')).toBe(429)
    expect(await logIn('10.0.0.1', '203.0.113.8')).toBe(422)
    let number = 0
    const forged = async () => ({ statusCode: await logIn('203.0.113.9', `198.51.100.${++number}`) })
    expect(await statuses(3, forged)).toEqual([422, 422, 429])
  })
})

describe('the client’s address (S6)', () => {
  const forged = { 'x-forwarded-for': '198.51.100.1', 'x-real-ip': '198.51.100.1', forwarded: 'for=198.51.100.1' }

  it('is that of the connection where no proxy is trusted, whatever is said', async () => {
    const { ask } = await serve()
    let number = 0
    const answers = await statuses(101, () => ask('203.0.113.7', { 'x-forwarded-for': `198.51.100.${++number}` }))
    expect(answers).toEqual([...times(100, 401), 429])
    expect((await ask('203.0.113.8', forged)).statusCode).toBe(401)
  })

  it('is the one that a trusted proxy tells, and of a chain the last that nobody trusts', async () => {
    const { ask } = await serve({ trustedProxies: ['10.0.0.1', '10.1.0.0/16'] })
    const by = (proxy: string, chain: string) => ask(proxy, { 'x-forwarded-for': chain })
    expect(await statuses(100, () => by('10.0.0.1', '203.0.113.7'))).toEqual(times(100, 401))
    for (const [proxy, chain, status] of [
      ['10.0.0.1', '203.0.113.7', 429],
      ['::ffff:10.0.0.1', '203.0.113.7', 429],
      ['10.0.0.1', '198.51.100.9, 203.0.113.7', 429],
      ['10.0.0.1', '198.51.100.9, 203.0.113.7, 10.1.2.3', 429],
      ['203.0.113.7', '198.51.100.9', 429],
      ['10.0.0.1', '203.0.113.8', 401],
      ['10.0.0.2', '203.0.113.7', 401],
      ['10.0.0.1', '203.0.113.7, 198.51.100.9', 401],
      ['10.0.0.1', '', 401],
      ['10.0.0.1', 'unknown, , ::1%eth0, <script>', 401],
    ] as const) {
      expect((await by(proxy, chain)).statusCode, `${proxy} for ${chain}`).toBe(status)
    }
  })

  it('is what the PBX’s addresses are compared with, and what is no address is none of them', async () => {
    const { app } = await serve({ trustedProxies: ['10.0.0.1'] }, ['185.45.152.40/30'])
    const { body, headers } = signedNotification(outStart(outId(), '+34600000002'), 'test-secret')
    const from = async (remoteAddress: string, chain: string) => {
      const forwarded = { ...headers, 'x-forwarded-for': chain }
      const asked = { method: 'POST', url: '/api/zadarma/webhook', payload: body, headers: forwarded } as const
      return (await app.inject({ ...asked, remoteAddress })).statusCode
    }
    expect(await from('10.0.0.1', '185.45.152.42')).toBe(200)
    expect(await from('10.0.0.1', '185.45.152.42, 203.0.113.7')).toBe(401)
    expect(await from('10.0.0.1', '185.45.152.42, rubbish')).toBe(401)
    expect(await from('203.0.113.7', '185.45.152.42')).toBe(401)
  })
})

describe('pages that say how the service works', () => {
  const pages = ['/docs', '/docs/json', '/openapi.json', '/metrics']

  it('need the key as soon as a proxy is trusted, though none is before this request', async () => {
    const { ask } = await serve({ trustedProxies: ['127.0.0.1'] })
    for (const page of pages) {
      expect((await ask('127.0.0.1', {}, page)).statusCode).toBe(401)
      expect((await ask('127.0.0.1', { authorization }, page)).statusCode).toBe(200)
    }
  })

  it('need the key where a browser was led here by a name of somebody else’s', async () => {
    const { ask } = await serve()
    for (const host of ['evil.example', 'evil.example:3000', '127.0.0.1.evil.example', 'localhost.evil.example']) {
      for (const page of pages) expect((await ask('127.0.0.1', { host }, page)).statusCode, host).toBe(401)
    }
    for (const host of ['localhost', 'LOCALHOST:3000', '127.0.0.1', '127.0.0.1:3000', '[::1]:3000']) {
      for (const page of pages) expect((await ask('127.0.0.1', { host }, page)).statusCode, host).toBe(200)
    }
  })
})

describe('every answer', () => {
  const expected = {
    'content-security-policy': expect.stringMatching(/^default-src 'none'; /),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'cache-control': 'no-store',
  }

  it('says what the request is called, as its client does, where that is a name', async () => {
    const { ask } = await serve()
    for (const url of [CALLS, '/nothing', '/%zz', '/api/crm/%zz', '/api/crm/nothing', '/healthz', '/docs']) {
      expect((await ask('127.0.0.1', {}, url)).headers['x-request-id'], url).toMatch(/^[\w-]{36}$/)
      const named = await ask('127.0.0.1', { 'x-request-id': 'visit-7_a' }, url)
      expect(named.headers['x-request-id'], url).toBe('visit-7_a')
      for (const odd of ['', 'x'.repeat(65), '<script>', 'a b', 'ñ']) {
        expect((await ask('127.0.0.1', { 'x-request-id': odd }, url)).headers['x-request-id'], odd).toMatch(
          /^[\w-]{36}$/,
        )
      }
    }
  })

  it('has the headers that keep a browser from running it, showing it elsewhere, or keeping it', async () => {
    const { app, ask } = await serve()
    for (const [url, headers] of [
      [CALLS, { authorization }],
      [`${CALLS}?limit=0`, { authorization }],
      [`${CALLS}/${randomUUID()}`, { authorization }],
      [CALLS, {}],
      ['/nothing', {}],
      ['/%zz', {}],
      ['/api/crm/%zz', {}],
      ['/healthz', {}],
      ['/openapi.json', {}],
      ['/docs', {}],
      ['/docs/static/swagger-ui.css', {}],
      ['/api/zadarma/webhook?zd_echo=<script>alert(1)</script>', {}],
    ] as const) {
      const answer = await ask('127.0.0.1', headers, url)
      expect(answer.headers, url).toMatchObject(
        url.includes('swagger-ui') ? { ...expected, 'cache-control': expect.any(String) } : expected,
      )
      expect(answer.headers['content-security-policy']).not.toMatch(/unsafe|\*|https?:/)
      for (const name of ['x-powered-by', 'server', 'access-control-allow-origin', 'set-cookie']) {
        expect(answer.headers).not.toHaveProperty(name)
      }
    }
    const other = await app.inject({ method: 'PROPFIND', url: CALLS, headers: { authorization } })
    expect(other.headers).toMatchObject(expected)
  })

  it('has them where Node’s parser refuses, too', async () => {
    const { app } = await serve()
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as net.AddressInfo
    for (const text of ['rubbish\r\n\r\n', 'GET / HTTP/1.1\r\nhost: x\r\nexpect: x\r\nconnection: close\r\n\r\n']) {
      const socket = net.connect(port, '127.0.0.1', () => socket.write(text))
      let answer = ''
      for await (const chunk of socket) answer += chunk
      for (const [name, value] of Object.entries(expected)) {
        if (typeof value === 'string') expect(answer).toContain(`${name}: ${value}\r\n`)
      }
    }
  })
})

it('a body that is too large is told so to a client that sends it all before it listens', async () => {
  const { app } = await serve()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as net.AddressInfo
  const head = `POST ${CALLS} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-type: application/json\r\n`
  const body = Buffer.alloc(2_000_000, ' ')
  for (const [length, sent] of [
    [`content-length: ${body.length}`, body],
    [
      'transfer-encoding: chunked',
      Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]),
    ],
  ] as const) {
    const socket = net.connect(port, '127.0.0.1')
    socket.write(`${head}${length}\r\n\r\n`)
    await new Promise((resolve) => socket.write(sent, resolve))
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 413 /)
    socket.destroy()
  }
})

it('a request whose end can be read in two ways is refused, and nothing that hides in it is done', async () => {
  const { app, ask } = await serve()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as net.AddressInfo
  const hidden = `POST ${CALLS} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-type: application/json\r\ncontent-length: 23\r\n\r\n{"direction":"inbound"}`
  const chunks = `0\r\n\r\n${hidden}`
  for (const lines of [
    `content-length: ${chunks.length}\r\ntransfer-encoding: chunked`,
    `transfer-encoding: chunked\r\ncontent-length: ${chunks.length}`,
    `content-length: 5\r\ncontent-length: ${chunks.length}`,
    `content-length: +5`,
    `content-length: 5, ${chunks.length}`,
    `transfer-encoding: chunked, identity`,
    `transfer-encoding: xchunked`,
    `transfer-encoding : chunked`,
    `transfer-encoding:\u000bchunked`,
    `x: y\ntransfer-encoding: chunked`,
  ]) {
    const socket = net.connect(port, '127.0.0.1', () =>
      socket.write(`POST /healthz HTTP/1.1\r\nhost: x\r\n${lines}\r\n\r\n${chunks}`, 'latin1'),
    )
    let answer = ''
    for await (const chunk of socket) answer += chunk
    // Where the head itself could be read, its address answers it; what comes after it is refused all the same.
    expect(answer.match(/HTTP\/1\.1 \d+/g)?.at(-1), lines).toBe('HTTP/1.1 400')
    expect(answer, lines).not.toContain('HTTP/1.1 20')
  }
  const inbound = await ask('127.0.0.1', { authorization }, `${CALLS}?direction=inbound`)
  expect(inbound.json().data).toEqual([])
  // The control: on its own, what was hidden is done.
  const socket = net.connect(port, '127.0.0.1', () => socket.write(hidden))
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 201 /)
  socket.destroy()
})

describe('pages of other origins', () => {
  const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }
  const crm = 'https://crm.example.com'

  it('may not ask, by default', async () => {
    const { app, ask } = await serve()
    const headers = { origin: crm, ...preflight }
    const asked = await app.inject({ method: 'OPTIONS', url: CALLS, headers })
    expect(asked.statusCode).toBe(401)
    for (const answer of [asked, await ask('127.0.0.1', { authorization, origin: crm })]) {
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })

  it('may where they are named, with a key, and without a cookie', async () => {
    const { app, ask } = await serve({ corsOrigins: [crm] })
    const asked = await app.inject({ method: 'OPTIONS', url: CALLS, headers: { origin: crm, ...preflight } })
    expect(asked.statusCode).toBe(204)
    expect(asked.headers).toMatchObject({ 'access-control-allow-origin': crm, vary: 'Origin' })
    for (const name of ['authorization', 'idempotency-key', 'x-request-id']) {
      expect(asked.headers['access-control-allow-headers']).toContain(name)
    }
    expect(asked.headers['access-control-allow-methods']).toContain('PATCH')
    expect(asked.headers).not.toHaveProperty('access-control-allow-credentials')
    const answer = await ask('127.0.0.1', { authorization, origin: crm })
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': crm, vary: 'Origin' })
    expect(answer.headers['access-control-expose-headers']).toContain('x-request-id')
    // An origin says who shows the page, and not that it has a key.
    expect((await ask('127.0.0.1', { origin: crm })).statusCode).toBe(401)
    for (const origin of [
      'https://crm.example.com.evil.example',
      'http://crm.example.com',
      'null',
      '*',
      `${crm}:444`,
    ]) {
      const other = await ask('127.0.0.1', { authorization, origin })
      expect(other.headers).not.toHaveProperty('access-control-allow-origin')
      const before = await app.inject({ method: 'OPTIONS', url: CALLS, headers: { origin, ...preflight } })
      expect(before.statusCode).toBe(401)
    }
    // A question that is none.
    const plain = await app.inject({ method: 'OPTIONS', url: CALLS, headers: { origin: crm, authorization } })
    expect(plain.statusCode).toBe(405)
  })
})

import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import Fastify, { type HTTPMethods } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withAccessTable } from '../scripts/access-table.ts'
import { ACCESS, ROLES, requireAccess } from '../src/auth/access.ts'
import type { Role } from '../src/auth/caller.ts'
import { makeKey, type TestKey } from './keys.ts'
import { type Browser, loggedIn } from './people.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* S1: every route × every way to ask. What each may do is said here a second time, and not read from the service. */

let database: TestDatabase
let service: TestService
let keys: Record<Role, TestKey>
/** Of a page at which somebody with this role is logged in. */
let pages: Record<Role, Record<string, string>>
let refused: Record<string, Record<string, string>>

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
  const made = await Promise.all(ROLES.map(async (role) => [role, await makeKey(service, { role })] as const))
  keys = Object.fromEntries(made) as Record<Role, TestKey>
  const people = await Promise.all(ROLES.map(async (role) => [role, await pageOf(role)] as const))
  pages = Object.fromEntries(people) as Record<Role, Record<string, string>>
  const [revoked, expired] = await Promise.all([makeKey(service), makeKey(service)])
  await service.sql("update api_keys set revoked_at = now() - interval '1 second' where id = $1", [revoked.id])
  await service.sql("update api_keys set expires_at = now() - interval '1 second' where id = $1", [expired.id])
  const { key } = keys.admin
  const lastOf = (text: string): string => (text.endsWith('0') ? '1' : '0')
  refused = {
    'no key': {},
    'a key of nobody': { authorization: `Bearer fc_${'0'.repeat(8)}_${'0'.repeat(43)}_000000` },
    'another secret with the same id': {
      authorization: `Bearer ${key.slice(0, 20)}${lastOf(key[20] ?? '')}${key.slice(21)}`,
    },
    'a checksum that is wrong': { authorization: `Bearer ${key.slice(0, -1)}${lastOf(key)}` },
    'a revoked key': revoked.headers,
    'a key that is over': expired.headers,
    'a cookie that nobody signed': { ...OURS, cookie: pages.admin.cookie?.replace(/.{8}$/, 'AAAAAA%3D') ?? '' },
    'the cookie of a session that is over': { ...OURS, cookie: await loggedOut() },
    'the cookie of somebody disabled': { ...OURS, cookie: await disabled() },
  }
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

const OURS = { host: '127.0.0.1', origin: 'http://127.0.0.1', 'sec-fetch-site': 'same-origin' }

const cookieOf = ({ browser }: { browser: Browser }): string => `first_call=${browser.cookies.get('first_call')}`

const pageOf = async (role: Role): Promise<Record<string, string>> => ({
  ...OURS,
  cookie: cookieOf(await loggedIn(service, { role })),
})

async function loggedOut(): Promise<string> {
  const found = await loggedIn(service, { role: 'admin' })
  const cookie = cookieOf(found)
  await found.browser.post('/api/auth/sign-out')
  return cookie
}

async function disabled(): Promise<string> {
  const found = await loggedIn(service, { role: 'manager' })
  await service.request('PATCH', `/api/admin/users/${found.person.id}`, { disabled: true })
  return cookieOf(found)
}

const ROUTES = Object.keys(ACCESS).map((route) => route.split(' ') as [HTTPMethods, string])
/** What a person alone may do, for themselves. */
const OWN = ROUTES.filter(([, url]) => /^\/api\/auth\/(change-password|two-factor\/(enable|disable|gen.+))$/.test(url))
const GUARDED = ROUTES.filter(([, url]) => /^\/api\/((crm|admin|recordings)\/|me$|events$)/.test(url))

function rolesFor(method: string, url: string): readonly Role[] {
  if (url.startsWith('/api/admin/')) return ['admin']
  if (/^\/api\/(recordings\/|crm\/sync)|\/export$/.test(url)) return ['admin', 'manager']
  if (/^\/api\/crm\/(coverage|state)/.test(url)) return ['admin', 'manager', 'viewer']
  if (url.startsWith('/api/crm/queue')) return ['admin', 'manager', 'agent']
  return method === 'GET' ? ROLES : ['admin', 'manager', 'agent']
}

/** Where a page of somebody else's is, or says nothing of. */
const ELSEWHERE = [
  {},
  { origin: 'https://evil.example' },
  { ...{ origin: OURS.origin }, 'sec-fetch-site': 'cross-site' },
]
const BY_PAGES = 'With a cookie this is done by pages of http://127.0.0.1 only. Programs use a key.'

async function ask(method: HTTPMethods, url: string, headers: Record<string, string>) {
  // One of them goes on for as long as somebody listens.
  const response = await service.app.inject({
    method: method as 'GET',
    url: url.replace(/:\w+/g, () => randomUUID()),
    headers,
    payloadAsStream: true,
  })
  const stream = response.stream()
  if (String(response.headers['content-type']).startsWith('text/event-stream')) {
    stream.destroy()
    return { statusCode: response.statusCode, headers: response.headers, body: '', json: () => null }
  }
  const body = await new Response(Readable.toWeb(stream) as ReadableStream).text()
  return { statusCode: response.statusCode, headers: response.headers, body, json: () => JSON.parse(body) }
}

describe('S1: the table', () => {
  it('has nothing but routes that there are', () => {
    for (const [method, url] of ROUTES) expect(service.app.hasRoute({ method, url }), `${method} ${url}`).toBe(true)
  })

  it('has every route: one that is not in it keeps the service from starting', async () => {
    const app = Fastify()
    requireAccess(app)
    const handler = async () => ({})
    app.get('/api/crm/calls', handler)
    expect(() => app.get('/api/crm/secrets', handler)).toThrow('Nobody has said who may GET /api/crm/secrets')
    expect(() => app.delete('/api/crm/calls', handler)).toThrow('Nobody has said who may DELETE /api/crm/calls')
    // Without it, nobody would notice.
    expect(() => Fastify().get('/api/crm/secrets', handler)).not.toThrow()
    const nested = Fastify()
    requireAccess(nested)
    nested.register(async (scope) => void scope.get('/secrets', handler), { prefix: '/api/crm' })
    await expect(nested.ready()).rejects.toThrow('Nobody has said who may GET /api/crm/secrets')
  })

  it('is the one of docs/security.md; `npm run access` writes it', async () => {
    const committed = await readFile(path.resolve(import.meta.dirname, '../docs/security.md'), 'utf8')
    expect(withAccessTable(committed)).toBe(committed)
  })

  it('has roles for whatever is guarded, and for nothing else', () => {
    const withRoles = Object.entries(ACCESS).filter(([, access]) => Array.isArray(access))
    expect(withRoles.map(([route]) => route)).toEqual(GUARDED.map((route) => route.join(' ')))
  })
})

describe('S1: every guarded route', () => {
  it.each(GUARDED)('%s %s is closed without a key that is alive', async (method, url) => {
    for (const [what, headers] of Object.entries(refused)) {
      const response = await ask(method, url, headers)
      expect(response.statusCode, what).toBe(401)
      expect(response.headers['www-authenticate'], what).toBe('Bearer')
    }
  })

  it.each(GUARDED)('%s %s is open to the roles that it is for', async (method, url) => {
    for (const role of ROLES) {
      const { statusCode, body } = await ask(method, url, keys[role].headers)
      if (rolesFor(method, url).includes(role)) expect([401, 403], `${role}: ${body}`).not.toContain(statusCode)
      else expect(statusCode, `${role}: ${body}`).toBe(403)
    }
  })

  it.each(GUARDED)('%s %s is open to people with these roles, from pages of ours', async (method, url) => {
    for (const role of ROLES) {
      const { cookie = '', ...page } = pages[role]
      const { statusCode, body } = await ask(method, url, { cookie, ...page })
      if (rolesFor(method, url).includes(role)) expect([401, 403], `${role}: ${body}`).not.toContain(statusCode)
      else expect(statusCode, `${role}: ${body}`).toBe(403)
      for (const headers of method === 'GET' ? [] : ELSEWHERE) {
        const forged = await ask(method, url, { cookie, host: '127.0.0.1', ...headers })
        expect(forged.statusCode, `${role}, ${JSON.stringify(headers)}`).toBe(403)
        expect(forged.json().detail).toBe(BY_PAGES)
      }
    }
  })

  it.each(OWN)('%s %s is for whoever is logged in, and for no key', async (method, url) => {
    for (const headers of Object.values(refused)) {
      expect((await ask(method, url, { ...headers, ...OURS })).statusCode).toBe(401)
    }
    for (const role of ROLES) {
      const { cookie = '' } = pages[role]
      // The password is not there.
      expect((await ask(method, url, { cookie, ...OURS })).statusCode).toBe(422)
      for (const headers of ELSEWHERE) {
        expect((await ask(method, url, { cookie, host: '127.0.0.1', ...headers })).statusCode).toBe(403)
      }
      const byKey = await ask(method, url, { ...keys[role].headers, ...OURS })
      expect([byKey.statusCode, byKey.json().detail]).toEqual([403, 'Only a person who is logged in may do this.'])
    }
  })

  it('HEAD may do what GET may, another method nothing, and what is nowhere is nowhere for everybody', async () => {
    for (const role of ROLES) {
      const { headers } = keys[role]
      expect((await ask('HEAD', '/api/crm/calls', headers)).statusCode).toBe(200)
      expect((await ask('HEAD', '/api/admin/keys', headers)).statusCode).toBe(role === 'admin' ? 200 : 403)
      expect((await ask('DELETE', '/api/crm/calls', headers)).statusCode).toBe(405)
      expect((await ask('GET', '/api/crm/nothing', headers)).statusCode).toBe(404)
    }
  })

  it('says who it is for', async () => {
    const { statusCode, headers, body } = await ask('GET', '/api/admin/keys', keys.viewer.headers)
    expect(statusCode).toBe(403)
    expect(headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(JSON.parse(body)).toMatchObject({
      title: 'Forbidden',
      detail: 'The role viewer does not allow this. It is for: admin.',
    })
  })
})

describe('what is not guarded', () => {
  it('the webhook asks for a signature, whatever key there is', async () => {
    for (const headers of [{}, keys.admin.headers]) {
      const url = '/api/zadarma/webhook'
      const response = await service.app.inject({ method: 'POST', url, headers, payload: 'event=NOTIFY_START' })
      expect(response.statusCode).toBe(401)
    }
  })

  it.each(['/metrics', '/openapi.json', '/docs'])(
    '%s is open to every role behind a proxy, and else to nobody',
    async (url) => {
      const proxy = { 'x-forwarded-for': '192.0.2.1' }
      for (const role of ROLES) {
        expect((await ask('GET', url, { ...proxy, ...keys[role].headers })).statusCode).toBeLessThan(400)
      }
      for (const headers of Object.values(refused)) {
        expect((await ask('GET', url, { ...proxy, ...headers })).statusCode).toBe(401)
      }
    },
  )
})

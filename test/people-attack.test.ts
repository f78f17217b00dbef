import { fastifyCookie } from '@fastify/cookie'
import Fastify, { type FastifyRequest } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireCaller } from '../src/http/guard.ts'
import { originFault } from '../src/people/origin.ts'
import { openSessions } from '../src/people/sessions.ts'
import { SECRET } from './doors.ts'
import { enter, invite, invited, loggedIn, logIn, openBrowser, PASSWORD, tokenOf } from './people.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* S8, S7: what somebody tries who is none of the people. */

let database: TestDatabase
let service: TestService
/** Another server on the same database. */
let other: TestService

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
  other = await createTestService(database)
})

afterAll(async () => {
  await service.close()
  await other.close()
  await database.drop()
})

describe('who tries to find a way in', () => {
  it('is told the same, in about the same time, of whoever it is', async () => {
    const known = await invited(service)
    const disabled = await invited(service)
    await service.request('PATCH', `/api/admin/users/${disabled.id}`, { disabled: true })
    const waiting = await invite(service)
    const cases = {
      wrong: () => logIn(openBrowser(service.app), known.email, 'not the password at all'),
      unknown: () => logIn(openBrowser(service.app), 'nobody@example.com'),
      invited: () => logIn(openBrowser(service.app), waiting.email),
      disabled: () => logIn(openBrowser(service.app), disabled.email),
      noAddress: () => logIn(openBrowser(service.app), 'no address'),
    }
    const answers: unknown[] = []
    // Of the processor, which is what it takes: others may be at work beside it.
    const times: Record<string, number[]> = {}
    for (let round = 0; round < 2; round++) {
      for (const [name, ask] of Object.entries(cases)) {
        const before = process.cpuUsage()
        const { status, body, headers } = await ask()
        const { user, system } = process.cpuUsage(before)
        times[name] = [...(times[name] ?? []), user + system]
        answers.push({ status, body, names: Object.keys(headers) })
      }
    }
    expect(answers).toEqual(answers.map(() => answers[0]))
    expect(answers[0]).toMatchObject({ status: 401 })
    const fastest = (name: string) => Math.min(...(times[name] ?? []))
    for (const name of ['unknown', 'invited', 'disabled']) {
      expect(fastest(name) / fastest('wrong')).toBeGreaterThan(0.5)
      expect(fastest(name) / fastest('wrong')).toBeLessThan(2)
    }
    // A control: without a password to hash it takes nowhere near as long, and would show.
    const before = process.cpuUsage()
    await openBrowser(service.app).get('/api/me')
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / fastest('wrong')).toBeLessThan(0.5)
  })

  it('has ten tries at an account in a quarter of an hour, on all servers together, and from everywhere', async () => {
    const { email } = await invited(service)
    await logIn(openBrowser(service.app), email, 'wrong password')
    // Seven more, which need not all be hashed.
    await service.sql('update log_in_tries set tries = 8 where tries = 1')
    const tries = Array.from({ length: 5 }, (_, place) =>
      logIn(openBrowser(place % 2 === 0 ? service.app : other.app, `192.0.2.${place}`), email, `wrong ${place}`),
    )
    const answers = await Promise.all(tries)
    expect(answers.map(({ status }) => status).sort()).toEqual([401, 401, 429, 429, 429])
    const right = await logIn(openBrowser(service.app), email)
    expect(right.status).toBe(429)
    expect(Number(right.headers['retry-after'])).toBeGreaterThan(800)
    // Others go on, and so does this one after that time.
    await loggedIn(service)
    await service.sql(`update log_in_tries set since = since - interval '15 minutes 1 second'`)
    expect((await logIn(openBrowser(service.app), email)).status).toBe(200)
    await service.sql('delete from log_in_tries')
  })

  it('keeps nobody out who logs in from where they did before, or has got a link', async () => {
    const { email, id } = await invited(service)
    const from = (address: string) => openBrowser(service.app, address)
    const HOME = '2001:db8:a:b::1'
    expect((await logIn(from(HOME), email)).status).toBe(200)
    const lockOut = () => service.sql('update log_in_tries set tries = 1000 where tries = 1')
    await logIn(from('192.0.2.1'), email, 'wrong password')
    await lockOut()
    // A control: elsewhere it is too often, for the person, too.
    expect((await logIn(from('192.0.2.2'), email)).status).toBe(429)
    expect((await logIn(from('2001:db8:a:b::2'), email)).status).toBe(200)
    expect((await logIn(from('192.0.2.2'), email)).status).toBe(429)
    // From there it is counted as well, and for itself.
    await logIn(from(HOME), email, 'wrong password')
    await lockOut()
    expect((await logIn(from(HOME), email)).status).toBe(429)
    await service.sql('delete from log_in_tries where tries < 1000')
    await service.sql(`update known_networks set seen_at = now() - interval '30 days 1 second'`)
    const { body } = await service.request('POST', `/api/admin/users/${id}/reset`, {})
    const password = 'tejado gris con 5 gatos'
    await from('192.0.2.3').post('/api/auth/accept', { token: tokenOf(body.link.url), password })
    expect((await logIn(from('192.0.2.4'), email, password)).status).toBe(200)
    await service.sql('delete from log_in_tries')
  })

  it.each([
    ['behind a proxy that is trusted counts for the client', '10.0.0.1', 401],
    ['counts for whoever sends it, whatever they say of others', '203.0.113.7', 429],
  ])('%s', async (_, sender, statusOfAnother) => {
    const behind = await createTestService({
      ...database,
      edge: { trustedProxies: ['10.0.0.1'] },
      people: { publicUrl: new URL('https://crm.example.com') },
    })
    const tryFor = async (client: string, name: string) => {
      const headers = { origin: 'https://crm.example.com', 'x-forwarded-proto': 'https', 'x-forwarded-for': client }
      const body = { email: `${name}@example.com`, password: 'x' }
      return (await openBrowser(behind.app, sender).post('/api/auth/sign-in/email', body, headers)).status
    }
    await tryFor('198.51.100.1', 'one')
    await service.sql('update log_in_tries set tries = 49 where tries = 1')
    expect(await tryFor('198.51.100.1', 'two')).toBe(401)
    expect(await tryFor('198.51.100.1', 'three')).toBe(429)
    expect(await tryFor('198.51.100.2', 'four')).toBe(statusOfAnother)
    await service.sql('delete from log_in_tries')
    await behind.close()
  })

  it('has fifty tries from one address, and from one network of IPv6', async () => {
    const tryFrom = (address: string, place: number) =>
      logIn(openBrowser(service.app, address), `nobody-${place}@example.com`, 'x')
    // What was counted before; the passwords need not all be hashed.
    await tryFrom('2001:db8:0:1::1', 0)
    await service.sql('update log_in_tries set tries = 49 where tries = 1')
    expect((await tryFrom('2001:db8:0:1:ffff::2', 1)).status).toBe(401)
    expect((await tryFrom('2001:db8:0:1:ffff::3', 2)).status).toBe(429)
    expect((await tryFrom('2001:db8:0:2::1', 3)).status).toBe(401)
    await service.sql('delete from log_in_tries')
  })

  it('finds no password, cookie or link in the database', async () => {
    const waiting = await invite(service)
    const { browser } = await loggedIn(service)
    const [token = '', signature = ''] = decodeURIComponent(browser.cookies.get('first_call') ?? '').split('.')
    const tables = await service.sql<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    )
    const rows = await Promise.all(tables.map(({ name }) => service.sql(`select t::text as row from ${name} t`)))
    const dump = JSON.stringify(rows)
    expect(token.length).toBeGreaterThanOrEqual(32)
    for (const secret of [token, signature, waiting.token, PASSWORD]) expect(dump).not.toContain(secret)
    // A control: what is there is found.
    expect(dump).toContain(waiting.email)
  })

  it('cannot do it through a person’s browser from a page of somebody else', async () => {
    const { person, browser } = await loggedIn(service, { role: 'admin' })
    const ours = { origin: 'http://127.0.0.1', 'sec-fetch-site': 'same-origin' }
    const { browser: control } = await loggedIn(service, { role: 'admin' })
    for (const [method, url] of UNSAFE) {
      for (const [whose, headers] of Object.entries(PAGES)) {
        expect([whose, method, url, (await browser.send(method, url, {}, headers)).status]).toEqual([
          whose,
          method,
          url,
          403,
        ])
      }
      // It is where it comes from that stands against it.
      expect((await control.send(method, url, {}, ours)).status).not.toBe(403)
      await enter(service, control, person)
    }
    // Nothing has happened, and to read is no change.
    expect((await browser.get('/api/me', PAGES.another)).status).toBe(200)
  })

  it('(control) could do it if nobody asked where the request comes from', async () => {
    const { browser } = await loggedIn(service)
    const find = openSessions(service.database, { cookieName: 'first_call', secret: SECRET }).find
    const cookie = `first_call=${browser.cookies.get('first_call')}`
    const forged = { method: 'POST', url: '/change', headers: { cookie, ...PAGES.another } } as const
    for (const [guard, status] of [
      [(request: FastifyRequest) => originFault(request, { publicUrl: null, host: '127.0.0.1' }), 403],
      [() => null, 204],
    ] as const) {
      const app = Fastify()
      await app.register(fastifyCookie, { hook: false })
      app.decorateRequest('caller', null)
      app.addHook('onRequest', requireCaller({ findCaller: async () => null, findSession: find, originFault: guard }))
      app.post('/change', async (_, reply) => reply.code(204).send())
      expect((await app.inject(forged)).statusCode).toBe(status)
      await app.close()
    }
  })

  it('is asked for proof that it is a page of ours: a browser that says nothing is none', async () => {
    const { browser } = await loggedIn(service)
    const cookie = `first_call=${browser.cookies.get('first_call')}`
    const response = await service.app.inject({ method: 'POST', url: '/api/crm/contacts', headers: { cookie } })
    expect(response.statusCode).toBe(403)
  })
})

const PAGES = {
  another: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  'of another port': { origin: 'http://127.0.0.1:81', 'sec-fetch-site': 'same-site' },
  'that hides where it is': { origin: 'null', 'sec-fetch-site': 'same-origin' },
  'another, by the browser’s word alone': { origin: 'http://127.0.0.1', 'sec-fetch-site': 'same-site' },
  'a name that leads here': { host: 'evil.example', origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' },
  'behind a proxy of which nobody told': { 'x-forwarded-proto': 'https' },
}

const UNSAFE = [
  ['POST', '/api/crm/contacts'],
  ['DELETE', '/api/crm/calls/5f0c6a52-7d3e-4c55-9d0f-2b1a6f0e9c01'],
  ['POST', '/api/admin/users'],
  ['POST', '/api/auth/sign-out'],
  ['POST', '/api/auth/sign-in/email'],
  ['POST', '/api/auth/change-password'],
] as const

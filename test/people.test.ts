import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPeople } from '../src/people/people.ts'
import { SECRET } from './doors.ts'
import { eventsOf } from './event-source.ts'
import { A_SECOND, elsewhere, invited, loggedIn, logIn, openBrowser, PASSWORD, tokenOf, untilOut } from './people.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* S8: people log in, and are who they are for as long as they may; see also people-https and people-attack. */

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

describe('a person who logs in', () => {
  it('is who they are, and may do what a key may', async () => {
    const person = await invited(service, { role: 'manager' })
    const browser = openBrowser(service.app)
    expect(await logIn(browser, person.email)).toMatchObject({ status: 200, body: { two_factor_required: false } })
    expect((await browser.get('/api/me')).body).toEqual({
      id: person.id,
      name: 'Ana García',
      email: person.email,
      role: 'manager',
      two_factor: false,
      last_event_id: expect.stringMatching(/^\d+$/),
    })
    const made = await browser.post('/api/crm/contacts', { name: 'Luz' }, { 'idempotency-key': 'one' })
    const again = await browser.post('/api/crm/contacts', { name: 'Luz' }, { 'idempotency-key': 'one' })
    expect([made.status, again.body]).toEqual([201, made.body])
    const owners = await service.sql('select owner from idempotency_requests')
    expect(owners).toEqual([{ owner: `user:${person.id}` }])
  })

  it('needs no letter case of the address, and a key is asked for where one is sent', async () => {
    const { person, browser } = await loggedIn(service)
    expect((await logIn(browser, person.email.toUpperCase())).status).toBe(200)
    expect((await browser.get('/api/me', { authorization: 'Bearer wrong' })).status).toBe(401)
  })

  it('gets a new session, whatever cookie was there, and the one before is over (fixation)', async () => {
    const { person, browser } = await loggedIn(service)
    const before = elsewhere(browser, other)
    await logIn(browser, person.email)
    expect(browser.cookies.get('first_call')).not.toBe(before.cookies.get('first_call'))
    expect((await before.get('/api/me')).status).toBe(401)
    const planted = openBrowser(service.app)
    planted.cookies.set('first_call', 'planted.planted')
    await logIn(planted, person.email)
    expect(planted.cookies.get('first_call')).not.toContain('planted')
  })

  it.each([
    ['12 hours without a request', `used_at = now() - interval '12 hours 1 second'`, 401],
    ['just less', `used_at = now() - interval '11 hours 59 minutes'`, 200],
    ['30 days, whatever happened meanwhile', `began_at = now() - interval '30 days 1 second'`, 401],
  ])('is out after %s', async (_, aged, status) => {
    const { person, browser } = await loggedIn(service)
    await service.sql(`update user_sessions set ${aged} where user_id = $1`, [person.id])
    // better-auth's own functions see no other sessions than ours do.
    expect((await browser.post('/api/auth/two-factor/verify-totp', { code: '000000' })).status).toBe(401)
    expect((await elsewhere(browser, other).get('/api/me')).status).toBe(status)
  })

  it('is looked up once a second, and marked as seen', async () => {
    const { person, browser } = await loggedIn(service)
    await service.sql(`update user_sessions set used_at = now() - interval '2 minutes' where user_id = $1`, [person.id])
    const asked = elsewhere(browser, other)
    let lookUps = 0
    const { query } = other.database.calls
    other.database.calls.query = ((...args: unknown[]) => {
      if (String(args[0]).includes('user_sessions')) lookUps++
      return Reflect.apply(query, other.database.calls, args)
    }) as typeof query
    const startedAt = performance.now()
    await Promise.all(Array.from({ length: 20 }, () => asked.get('/api/me')))
    const seconds = (performance.now() - startedAt) / 1_000
    other.database.calls.query = query
    expect(lookUps).toBeLessThanOrEqual(1 + seconds)
    const isMarked = async () => {
      const [row] = await service.sql(
        "select used_at > now() - interval '1 minute' as fresh from user_sessions where user_id = $1",
        [person.id],
      )
      return row?.fresh
    }
    await expect.poll(isMarked).toBe(true)
  })

  it('is not kept alive by a page that listens', async () => {
    const { person, browser } = await loggedIn(service)
    await service.sql(`update user_sessions set used_at = now() - interval '11 hours' where user_id = $1`, [person.id])
    const listening = await createTestService(database)
    await listening.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = listening.app.server.address() as AddressInfo
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const source = await eventsOf(`http://127.0.0.1:${port}/api/events`, { cookie, authorization: null })
    // The stream has looked again whether the person may still listen when it ends by itself.
    const hours = async () => {
      const [row] = await service.sql(
        'select extract(hours from now() - used_at)::int as hours from user_sessions where user_id = $1',
        [person.id],
      )
      return row?.hours
    }
    await service.sql(`update user_sessions set used_at = used_at - interval '59 minutes' where user_id = $1`, [
      person.id,
    ])
    expect(await hours()).toBe(11)
    await service.sql(`update user_sessions set used_at = used_at - interval '2 minutes' where user_id = $1`, [
      person.id,
    ])
    await source.ended()
    expect(await hours()).toBe(12)
    await listening.close()
  })

  it.each([
    ['is disabled', 'update users set disabled_at = now() where id = $1'],
    ['sets another password', `update user_accounts set password = 'another' where user_id = $1`],
  ])('and at that moment %s gets no session', async (_, change) => {
    const { email, id } = await invited(service)
    const changing = await service.database.general.connect()
    await changing.query('begin')
    await changing.query('select from users where id = $1 for update', [id])
    await changing.query(change, [id])
    const answer = logIn(openBrowser(service.app), email)
    const waits = async () =>
      (
        await service.sql(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
      ).length
    await expect.poll(waits).toBe(1)
    await changing.query('commit')
    changing.release()
    expect((await answer).status).toBe(401)
    expect(await service.sql('select from user_sessions where user_id = $1', [id])).toEqual([])
  })

  it('with a cookie that we did not sign costs the database nothing', async () => {
    const { browser } = await loggedIn(service)
    const [token] = decodeURIComponent(browser.cookies.get('first_call') ?? '').split('.')
    const forged = openBrowser(service.app)
    for (const value of [`${token}`, `${token}.`, `${token}.${'A'.repeat(43)}=`, '.', '%', '']) {
      forged.cookies.set('first_call', value)
      expect((await forged.get('/api/me')).status).toBe(401)
    }
  })
})

describe.concurrent('all sessions of a person are over within a second, on every server,', () => {
  it.each([
    ['when they are disabled', { disabled: true }],
    ['when they get another role', { role: 'viewer' }],
  ])('%s', async (_, change) => {
    const { person, browser } = await loggedIn(service)
    const elsewhereToo = elsewhere(browser, other)
    await elsewhereToo.get('/api/me')
    const { status } = await service.request('PATCH', `/api/admin/users/${person.id}`, change)
    expect(status).toBe(200)
    for (const lastIn of await Promise.all([untilOut(elsewhereToo), untilOut(browser)])) {
      expect(lastIn).toBeLessThanOrEqual(A_SECOND)
    }
  })

  it('when the password is changed, but for a new one here', async () => {
    const { person, browser } = await loggedIn(service)
    const stolen = elsewhere(browser, other)
    const changing = { current_password: PASSWORD, new_password: 'tejado gris con 5 gatos' }
    expect(await browser.post('/api/auth/change-password', { ...changing, current_password: 'wrong' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'current_password', message: 'is not your password' }] },
    })
    expect((await browser.post('/api/auth/change-password', changing)).status).toBe(204)
    expect((await stolen.get('/api/me')).status).toBe(401)
    expect((await browser.get('/api/me')).status).toBe(200)
    expect((await logIn(openBrowser(service.app), person.email)).status).toBe(401)
    expect((await logIn(openBrowser(service.app), person.email, changing.new_password)).status).toBe(200)
  })

  it('when another one is set by a link', async () => {
    const { person, browser } = await loggedIn(service)
    const { body } = await service.request('POST', `/api/admin/users/${person.id}/reset`, {})
    expect(body.link.kind).toBe('reset')
    expect((await elsewhere(browser, other).get('/api/me')).status).toBe(200)
    const accepting = { token: tokenOf(body.link.url), password: 'tejado gris con 5 gatos' }
    expect((await openBrowser(service.app).post('/api/auth/accept', accepting)).status).toBe(204)
    expect(await untilOut(browser)).toBeLessThanOrEqual(A_SECOND)
  })

  it('when they log out', async () => {
    const { browser } = await loggedIn(service)
    const stolen = elsewhere(browser, service)
    const stolenElsewhere = elsewhere(browser, other)
    expect((await stolenElsewhere.get('/api/me')).status).toBe(200)
    expect(await browser.post('/api/auth/sign-out')).toMatchObject({ status: 204 })
    expect(browser.cookies.size).toBe(0)
    expect((await stolen.get('/api/me')).status).toBe(401)
    expect(await untilOut(stolenElsewhere)).toBeLessThanOrEqual(A_SECOND)
  })

  it('and one who is disabled gets no new one, until they are enabled', async () => {
    const { person, browser } = await loggedIn(service)
    await service.request('PATCH', `/api/admin/users/${person.id}`, { disabled: true })
    expect((await logIn(browser, person.email)).status).toBe(401)
    expect((await service.request('POST', `/api/admin/users/${person.id}/reset`, {})).status).toBe(409)
    await service.request('PATCH', `/api/admin/users/${person.id}`, { disabled: false })
    expect((await logIn(browser, person.email)).status).toBe(200)
  })
})

it('what is needed to log in is loaded anew by the next one where it could not be', async () => {
  let isBroken = true
  const database = {
    ...service.database,
    get query() {
      if (isBroken) throw new Error('cannot be had')
      return service.database.query
    },
  }
  const log = pino({ level: 'silent' })
  const people = openPeople({ database, secret: SECRET, publicUrl: null, mail: null, host: '127.0.0.1', log })
  await expect(people.library()).rejects.toThrow('cannot be had')
  isBroken = false
  expect(await people.library()).toBe(await people.library())
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, enter, invite, invited, loggedIn, openBrowser, PASSWORD, tokenOf, totp } from './people.ts'
import { type Answer, createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* S8, and what belongs to it: people log in, and nobody else does. */

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

const logIn = (browser: Browser, email: string, password = PASSWORD): Promise<Answer> =>
  browser.post('/api/auth/sign-in/email', { email, password })

/** The same browser with the same cookies, elsewhere. */
function elsewhere(browser: Browser, at: TestService): Browser {
  const copy = openBrowser(at.app)
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
  return copy
}

/**
 * When the last request was sent that somebody was still let in with, in milliseconds from now. How long a busy machine
 * takes to answer it is another matter.
 */
async function untilOut(browser: Browser): Promise<number> {
  const startedAt = performance.now()
  let lastIn = 0
  for (;;) {
    const sentAt = performance.now() - startedAt
    if ((await browser.get('/api/me')).status === 401) return lastIn
    lastIn = sentAt
  }
}

const A_SECOND = 1_000

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

describe('a second factor', () => {
  /** Somebody with an authenticator, whose first code was the one of the last 30 seconds. */
  async function withAuthenticator() {
    const { person, browser } = await loggedIn(service)
    const { body } = await browser.post('/api/auth/two-factor/enable', { password: PASSWORD })
    const uri: string = body.totp_uri
    expect((await browser.post('/api/auth/two-factor/verify-totp', { code: totp(uri, -1) })).status).toBe(204)
    return { person, browser, uri, backupCodes: body.backup_codes as string[] }
  }

  it('is on once a first code was right, and asked for from then on', async () => {
    const { person, browser, uri } = await withAuthenticator()
    expect((await browser.get('/api/me')).body.two_factor).toBe(true)
    const next = openBrowser(service.app)
    expect((await logIn(next, person.email)).body).toEqual({ two_factor_required: true })
    expect([...next.cookies.keys()]).toEqual(['first_call_two_factor'])
    expect((await next.get('/api/me')).status).toBe(401)
    const wrong = totp(uri) === '000000' ? '000001' : '000000'
    expect((await next.post('/api/auth/two-factor/verify-totp', { code: wrong })).status).toBe(401)
    const spied = elsewhere(next, service)
    const code = totp(uri)
    expect((await next.post('/api/auth/two-factor/verify-totp', { code })).status).toBe(204)
    expect((await next.get('/api/me')).status).toBe(200)
    // Neither the log-in nor the code is good again.
    expect((await spied.post('/api/auth/two-factor/verify-totp', { code })).status).toBe(401)
    await logIn(spied, person.email)
    expect((await spied.post('/api/auth/two-factor/verify-totp', { code })).status).toBe(401)
    expect((await spied.get('/api/me')).status).toBe(401)
  })

  it('has codes for a lost authenticator, each good once', async () => {
    const { person, backupCodes } = await withAuthenticator()
    const [code = ''] = backupCodes
    expect(new Set(backupCodes).size).toBe(10)
    for (const status of [204, 401]) {
      const browser = openBrowser(service.app)
      await logIn(browser, person.email)
      expect((await browser.post('/api/auth/two-factor/verify-backup-code', { code })).status).toBe(status)
      expect((await browser.get('/api/me')).status).toBe(status === 204 ? 200 : 401)
    }
  })

  it('is tried five times for a log-in, and ten times in a row for an account', async () => {
    const { person, uri } = await withAuthenticator()
    const statuses: number[] = []
    for (let round = 0; round < 2; round++) {
      const browser = openBrowser(service.app)
      await logIn(browser, person.email)
      for (let place = 0; place < 5; place++) {
        statuses.push(
          (await browser.post('/api/auth/two-factor/verify-backup-code', { code: `wrong-${place}` })).status,
        )
      }
      const { status } = await browser.post('/api/auth/two-factor/verify-totp', { code: totp(uri) })
      expect(status).toBe(round === 0 ? 401 : 429)
    }
    expect(statuses).toEqual(Array(10).fill(401))
  })

  it('is switched off by the person, with their password, or by an admin for one who lost it', async () => {
    const { browser } = await withAuthenticator()
    expect((await browser.post('/api/auth/two-factor/disable', { password: 'wrong' })).status).toBe(422)
    expect((await browser.post('/api/auth/two-factor/enable', { password: PASSWORD })).status).toBe(409)
    expect((await browser.post('/api/auth/two-factor/disable', { password: PASSWORD })).status).toBe(204)
    expect((await browser.get('/api/me')).body.two_factor).toBe(false)
    const lost = await withAuthenticator()
    const reset = await service.request('POST', `/api/admin/users/${lost.person.id}/reset`, { two_factor: true })
    expect(reset.status).toBe(200)
    expect(await untilOut(lost.browser)).toBeLessThanOrEqual(A_SECOND)
    expect((await logIn(openBrowser(service.app), lost.person.email)).body).toEqual({ two_factor_required: false })
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { A_SECOND, elsewhere, loggedIn, logIn, openBrowser, PASSWORD, tokenOf, totp, untilOut } from './people.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* Second factors, with the codes of a real authenticator. */

let database: TestDatabase
let service: TestService

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

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

  it('does not end a log-in that was begun with a password from before', async () => {
    const { person, uri } = await withAuthenticator()
    const browser = openBrowser(service.app)
    await logIn(browser, person.email)
    const { body } = await service.request('POST', `/api/admin/users/${person.id}/reset`, {})
    const accepting = { token: tokenOf(body.link.url), password: 'tejado gris con 5 gatos' }
    expect((await openBrowser(service.app).post('/api/auth/accept', accepting)).status).toBe(204)
    expect((await browser.post('/api/auth/two-factor/verify-totp', { code: totp(uri) })).status).toBe(401)
    await logIn(browser, person.email, accepting.password)
    expect((await browser.post('/api/auth/two-factor/verify-totp', { code: totp(uri) })).status).toBe(204)
  })

  it('lets nobody in who was disabled between the password and the code', async () => {
    const { person, uri } = await withAuthenticator()
    const browser = openBrowser(service.app)
    await logIn(browser, person.email)
    const change = (disabled: boolean) => service.request('PATCH', `/api/admin/users/${person.id}`, { disabled })
    await change(true)
    expect((await browser.post('/api/auth/two-factor/verify-totp', { code: totp(uri) })).status).toBe(401)
    await change(false)
    expect((await browser.get('/api/me')).status).toBe(401)
    expect(await service.sql('select from user_sessions where user_id = $1', [person.id])).toEqual([])
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

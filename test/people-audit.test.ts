import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandLineOn } from './command-line.ts'
import { keptAbout } from './kept.ts'
import { type Browser, invite, invited, loggedIn, logIn, openBrowser, PASSWORD, tokenOf, totp } from './people.ts'
import { type Answer, createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* S10: every change of a person has one entry that says who, what, before and after, and by which request. */

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

const NEW_PASSWORD = 'tejado gris con 5 gatos'

const sessionsOf = async (id: string): Promise<string[]> => {
  const rows = await service.sql<{ id: string }>(
    'select id from user_sessions where user_id = $1 order by began_at, id',
    [id],
  )
  return rows.map((row) => row.id)
}

/** By whom an answer's change was made, as the audit has it. */
const byRequest = (who: string, { status, headers }: Answer) => {
  expect(status).toBeLessThan(300)
  return { who, request_id: headers['x-request-id'] }
}

describe('a person', () => {
  it('has an entry for each step from the invitation to the last session', async () => {
    const made = await service.request('POST', '/api/admin/users', {
      email: 'Luz@Example.com',
      name: 'Luz',
      role: 'agent',
    })
    const { id, link } = made.body
    const token = tokenOf(link.url)
    const [admin, self] = ['bootstrap', `user:${id}`]
    const browser = openBrowser(service.app)
    const accepted = await browser.post('/api/auth/accept', { token, password: PASSWORD, name: 'Luz Gil' })
    const loggedIn = await logIn(browser, 'luz@example.com')
    const [first] = await sessionsOf(id)
    // In place of the one that was there.
    const again = await logIn(browser, 'luz@example.com')
    const [second] = await sessionsOf(id)
    const elsewhere = openBrowser(service.app)
    const there = await logIn(elsewhere, 'luz@example.com')
    const [, third] = await sessionsOf(id)
    const changed = await browser.post('/api/auth/change-password', {
      current_password: PASSWORD,
      new_password: NEW_PASSWORD,
    })
    const [fourth] = await sessionsOf(id)
    const role = await service.request('PATCH', `/api/admin/users/${id}`, { role: 'manager' })
    // Nothing that would be new.
    await service.request('PATCH', `/api/admin/users/${id}`, { role: 'manager', disabled: false })
    const reset = await service.request('POST', `/api/admin/users/${id}/reset`, {})
    const disabled = await service.request('PATCH', `/api/admin/users/${id}`, { disabled: true })
    const enabled = await service.request('PATCH', `/api/admin/users/${id}`, { disabled: false })
    const last = await logIn(browser, 'luz@example.com', NEW_PASSWORD)
    const [fifth] = await sessionsOf(id)
    const out = await browser.post('/api/auth/sign-out')
    await browser.post('/api/auth/sign-out')

    const invitation = { kind: 'invitation', expires_at: link.expires_at }
    const resetting = { kind: 'reset', expires_at: reset.body.link.expires_at }
    expect(await keptAbout(service, id)).toEqual([
      {
        ...{ ...byRequest(admin, made), action: 'user.created', before: null },
        after: {
          ...{ name: 'Luz', email: 'luz@example.com', role: 'agent' },
          ...{ disabled: false, invited: true, two_factor: false },
        },
      },
      {
        ...{ ...byRequest(admin, made), action: 'user.link_made' },
        ...{ before: { link: null }, after: { link: invitation } },
      },
      {
        ...{ ...byRequest(self, accepted), action: 'user.password_set' },
        before: { name: 'Luz', invited: true, link: invitation },
        after: { name: 'Luz Gil', invited: false, link: null },
      },
      { ...byRequest(self, loggedIn), action: 'user.logged_in', before: null, after: { session: first } },
      { ...byRequest(self, again), action: 'user.logged_out', before: { session: first }, after: null },
      { ...byRequest(self, again), action: 'user.logged_in', before: null, after: { session: second } },
      { ...byRequest(self, there), action: 'user.logged_in', before: null, after: { session: third } },
      {
        ...{ ...byRequest(self, changed), action: 'user.password_changed' },
        ...{ before: { sessions: [second, third] }, after: { sessions: [fourth] } },
      },
      {
        ...{ ...byRequest(admin, role), action: 'user.changed' },
        ...{ before: { role: 'agent', sessions: [fourth] }, after: { role: 'manager', sessions: null } },
      },
      {
        ...{ ...byRequest(admin, reset), action: 'user.link_made' },
        ...{ before: { link: null }, after: { link: resetting } },
      },
      {
        ...{ ...byRequest(admin, disabled), action: 'user.changed' },
        ...{ before: { disabled: false, link: resetting }, after: { disabled: true, link: null } },
      },
      {
        ...{ ...byRequest(admin, enabled), action: 'user.changed' },
        ...{ before: { disabled: true }, after: { disabled: false } },
      },
      { ...byRequest(self, last), action: 'user.logged_in', before: null, after: { session: fifth } },
      { ...byRequest(self, out), action: 'user.logged_out', before: { session: fifth }, after: null },
    ])

    const tables = await service.sql<{ row: string }>(
      `select audit::text as row from audit where entity_id = $1
       union all select v::text from audit_values v join audit on audit.id = audit_id where entity_id = $1`,
      [id],
    )
    const text = JSON.stringify(tables)
    for (const secret of [token, tokenOf(reset.body.link.url), PASSWORD, NEW_PASSWORD]) {
      expect(text).not.toContain(secret)
    }
    const shown = await service.sql<{ row: string }>('select audit::text as row from audit where entity_id = $1', [id])
    expect(JSON.stringify(shown)).not.toMatch(/Luz|luz@example/)
    expect(text).toMatch(/Luz Gil.*luz@example|luz@example.*Luz Gil/)
  })

  it('has an entry for each step of the second factor', async () => {
    const { person, browser } = await loggedIn(service)
    const self = `user:${person.id}`
    const password = { password: PASSWORD }
    const [first] = await sessionsOf(person.id)
    const begun = await browser.post('/api/auth/two-factor/enable', password)
    const uri: string = begun.body.totp_uri
    const verify = (at: Browser, code: string) => at.post('/api/auth/two-factor/verify-totp', { code })
    const code = totp(uri, -1)
    const enabled = await verify(browser, code)
    const [second] = await sessionsOf(person.id)
    const codes = await browser.post('/api/auth/two-factor/generate-backup-codes', password)
    const waiting = openBrowser(service.app)
    await logIn(waiting, person.email)
    // Neither of these logs in.
    expect((await verify(waiting, code)).status).toBe(401)
    expect((await verify(waiting, '000000')).status).toBe(401)
    const byTotp = await verify(waiting, totp(uri))
    const [, third] = await sessionsOf(person.id)
    const other = openBrowser(service.app)
    await logIn(other, person.email)
    const [backupCode] = codes.body.backup_codes as string[]
    const byCode = await other.post('/api/auth/two-factor/verify-backup-code', { code: backupCode })
    const [, , fourth] = await sessionsOf(person.id)
    const off = await browser.post('/api/auth/two-factor/disable', password)
    const [, , fifth] = await sessionsOf(person.id)
    const lost = await browser.post('/api/auth/two-factor/enable', password)
    const removed = await service.request('POST', `/api/admin/users/${person.id}/reset`, { two_factor: true })

    const entries = (await keptAbout(service, person.id)).slice(2)
    expect(entries).toEqual([
      {
        ...{ ...byRequest(self, begun), action: 'user.two_factor_begun' },
        ...{ before: null, after: { backup_codes: 10 } },
      },
      {
        ...{ ...byRequest(self, enabled), action: 'user.two_factor_enabled' },
        before: { two_factor: false, two_factor_begun: true, sessions: [first] },
        after: { two_factor: true, two_factor_begun: null, sessions: [second] },
      },
      {
        ...{ ...byRequest(self, codes), action: 'user.backup_codes_made' },
        ...{ before: null, after: { backup_codes: 10 } },
      },
      {
        ...{ ...byRequest(self, byTotp), action: 'user.logged_in' },
        ...{ before: null, after: { session: third, second_factor: 'totp' } },
      },
      {
        ...{ ...byRequest(self, byCode), action: 'user.logged_in' },
        ...{ before: null, after: { session: fourth, second_factor: 'backup_code' } },
      },
      {
        ...{ ...byRequest(self, off), action: 'user.two_factor_disabled' },
        before: { two_factor: true, sessions: [second, third, fourth] },
        after: { two_factor: false, sessions: [third, fourth, fifth] },
      },
      {
        ...{ ...byRequest(self, lost), action: 'user.two_factor_begun' },
        ...{ before: null, after: { backup_codes: 10 } },
      },
      {
        ...{ ...byRequest('bootstrap', removed), action: 'user.two_factor_removed' },
        before: { two_factor_begun: true, sessions: [third, fourth, fifth] },
        after: { two_factor_begun: null, sessions: null },
      },
      expect.objectContaining({ action: 'user.link_made' }),
    ])
    const rows = await service.sql<{ row: string }>('select audit::text as row from audit')
    const secret = new URL(uri).searchParams.get('secret') ?? ''
    for (const text of [secret, backupCode ?? '']) expect(JSON.stringify(rows)).not.toContain(text)
  })
})

describe('who', () => {
  it('is the person who does it to another one', async () => {
    const { person: admin, browser } = await loggedIn(service, { role: 'admin' })
    const person = await invite(service)
    const answer = await browser.send('PATCH', `/api/admin/users/${person.id}`, { role: 'viewer' })
    expect((await keptAbout(service, person.id)).at(-1)).toEqual({
      ...{ ...byRequest(`user:${admin.id}`, answer), action: 'user.changed' },
      ...{ before: { role: 'agent' }, after: { role: 'viewer' } },
    })
  })

  it('is the command line', async () => {
    const run = commandLineOn(database, '/dev/null')
    await invited(service, { role: 'admin' })
    const added = await run(['user', 'add', 'mora@example.com', '--name', 'Mora', '--role', 'agent', '--json'])
    for (const args of [
      ['role', 'mora@example.com', 'viewer'],
      ['disable', 'mora@example.com'],
      ['enable', 'mora@example.com'],
      ['reset', 'mora@example.com', '--two-factor'],
    ]) {
      expect((await run(['user', ...args])).code, args.join(' ')).toBe(0)
    }
    const entries = await keptAbout(service, JSON.parse(added.stdout).id)
    expect(entries.map(({ action }) => action)).toEqual([
      ...['user.created', 'user.link_made', 'user.changed', 'user.changed', 'user.changed', 'user.link_made'],
    ])
    for (const { who, request_id } of entries)
      expect({ who, request_id }).toEqual({ who: 'command line', request_id: null })
  })
})

describe('an entry and its change are written together, or neither:', () => {
  /** All that a person is made of, and whether there is an entry. */
  const everything = () =>
    service.sql(`select (select json_agg(u order by id) from users u) users,
      (select json_agg(s order by id) from user_sessions s) sessions,
      (select json_agg(a order by id) from user_accounts a) accounts,
      (select json_agg(t order by id) from user_two_factors t) two_factors,
      (select json_agg(v order by id) from user_verifications v) verifications,
      (select json_agg(l order by user_id) from user_links l) links,
      (select count(*)::int from used_codes) codes, (select count(*)::int from audit) entries`)

  async function withFaultIn<Result>(table: string, work: () => Promise<Result>): Promise<Result> {
    await service.sql(`
      create function fault() returns trigger language plpgsql as $$
        begin raise exception 'a fault for the test' using errcode = '22000'; end $$;
      create trigger fault before insert or update or delete on ${table} for each row execute function fault()`)
    try {
      return await work()
    } finally {
      await service.sql(`drop trigger fault on ${table}; drop function fault`)
    }
  }

  /** What is asked for, a table that it writes beside the audit, and what has to be there first. */
  const CHANGES: [string, string | null, () => Promise<() => Promise<Answer>>][] = [
    [
      'an invitation',
      'users',
      async () => () =>
        service.request('POST', '/api/admin/users', { email: 'zoe@example.com', name: 'Zoe', role: 'agent' }),
    ],
    [
      'a link',
      'user_links',
      async () => {
        const { id } = await invite(service)
        return () => service.request('POST', `/api/admin/users/${id}/reset`, {})
      },
    ],
    [
      'a password by a link',
      null,
      async () => {
        const { token } = await invite(service)
        return () => openBrowser(service.app).post('/api/auth/accept', { token, password: PASSWORD })
      },
    ],
    [
      'a role',
      'user_sessions',
      async () => {
        const { person } = await loggedIn(service)
        return () => service.request('PATCH', `/api/admin/users/${person.id}`, { role: 'viewer' })
      },
    ],
    [
      'a log-in',
      'user_sessions',
      async () => {
        const { person, browser } = await loggedIn(service)
        return () => logIn(browser, person.email)
      },
    ],
    [
      'a log-out',
      'user_sessions',
      async () => {
        const { browser } = await loggedIn(service)
        return () => browser.post('/api/auth/sign-out')
      },
    ],
    [
      'another password',
      null,
      async () => {
        const { browser } = await loggedIn(service)
        const body = { current_password: PASSWORD, new_password: NEW_PASSWORD }
        return () => browser.post('/api/auth/change-password', body)
      },
    ],
    [
      'a second factor, begun',
      null,
      async () => {
        const { browser } = await loggedIn(service)
        return () => browser.post('/api/auth/two-factor/enable', { password: PASSWORD })
      },
    ],
    [
      'a second factor, switched on',
      null,
      async () => {
        const { browser, uri } = await begun()
        return () => browser.post('/api/auth/two-factor/verify-totp', { code: totp(uri) })
      },
    ],
    [
      'codes',
      null,
      async () => {
        const { browser } = await on()
        return () => browser.post('/api/auth/two-factor/generate-backup-codes', { password: PASSWORD })
      },
    ],
    [
      'a log-in by a code',
      null,
      async () => {
        const { person, backupCode } = await on()
        const browser = openBrowser(service.app)
        await logIn(browser, person.email)
        return () => browser.post('/api/auth/two-factor/verify-backup-code', { code: backupCode })
      },
    ],
    [
      'a second factor, switched off',
      null,
      async () => {
        const { browser } = await on()
        return () => browser.post('/api/auth/two-factor/disable', { password: PASSWORD })
      },
    ],
    [
      'a second factor, taken away',
      null,
      async () => {
        const { person } = await on()
        return () => service.request('POST', `/api/admin/users/${person.id}/reset`, { two_factor: true })
      },
    ],
  ]

  async function begun() {
    const { person, browser } = await loggedIn(service)
    const { body } = await browser.post('/api/auth/two-factor/enable', { password: PASSWORD })
    return { person, browser, uri: body.totp_uri as string, backupCode: body.backup_codes[0] as string }
  }

  async function on() {
    const found = await begun()
    await found.browser.post('/api/auth/two-factor/verify-totp', { code: totp(found.uri, -1) })
    return found
  }

  it.each(CHANGES)('%s', async (_, table, prepare) => {
    const ask = await prepare()
    const before = await everything()
    for (const faulty of ['audit', ...(table === null ? [] : [table])]) {
      expect((await withFaultIn(faulty, ask)).status, faulty).toBe(500)
      expect(await everything(), faulty).toEqual(before)
    }
    // A control: it was the fault that stood against it.
    expect((await ask()).status).toBeLessThan(300)
    expect(await everything()).not.toEqual(before)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, elsewhere, invited, loggedIn, logIn, openBrowser, PASSWORD, tokenOf, totp } from './people.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* S8: what was begun with a password that is no longer good comes to nothing. */

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

const ANOTHER = 'seis trenes verdes en 3 andenes'

/** Somebody with an authenticator, who has given the password, and not yet a code. */
async function waiting() {
  const { person, browser } = await loggedIn(service)
  const { body } = await browser.post('/api/auth/two-factor/enable', { password: PASSWORD })
  const uri: string = body.totp_uri
  expect((await browser.post('/api/auth/two-factor/verify-totp', { code: totp(uri, -1) })).status).toBe(204)
  const next = openBrowser(service.app)
  expect((await logIn(next, person.email)).body).toEqual({ two_factor_required: true })
  return { person, browser, next, uri, code: body.backup_codes[0] as string }
}

async function acceptedReset(id: string): Promise<void> {
  const { body } = await service.request('POST', `/api/admin/users/${id}/reset`, {})
  const accepted = { token: tokenOf(body.link.url), password: ANOTHER }
  expect((await openBrowser(service.app).post('/api/auth/accept', accepted)).status).toBe(204)
}

describe('a log-in that waits for a code', () => {
  type Waiting = Awaited<ReturnType<typeof waiting>>
  it.each<[string, ({ person, browser }: Waiting) => Promise<unknown>]>([
    ['another password was set by a link', ({ person }) => acceptedReset(person.id)],
    [
      'the password was changed',
      async ({ browser }) => {
        const change = { current_password: PASSWORD, new_password: ANOTHER }
        expect((await browser.post('/api/auth/change-password', change)).status).toBe(204)
      },
    ],
    [
      'the person was disabled for a while',
      async ({ person }) => {
        for (const disabled of [true, false]) {
          await service.request('PATCH', `/api/admin/users/${person.id}`, { disabled })
        }
      },
    ],
  ])('is over once %s', async (_, happens) => {
    const begun = await waiting()
    const other = elsewhere(begun.next, service)
    await happens(begun)
    const answers = [
      await begun.next.post('/api/auth/two-factor/verify-totp', { code: totp(begun.uri) }),
      await other.post('/api/auth/two-factor/verify-backup-code', { code: begun.code }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([401, 401])
    expect(await seesItself(begun.next)).toBe(false)
  })

  it('goes on where somebody else’s are over (the control)', async () => {
    const [begun, other] = [await waiting(), await waiting()]
    await acceptedReset(other.person.id)
    expect((await begun.next.post('/api/auth/two-factor/verify-totp', { code: totp(begun.uri) })).status).toBe(204)
    expect(await seesItself(begun.next)).toBe(true)
  })
})

const seesItself = async (browser: Browser): Promise<boolean> => (await browser.get('/api/me')).status === 200

describe('a log-in with a password that is changed at that moment', () => {
  /** The password is another one, once the old one was found to be right and before the session is there. */
  const change = (sets: string) =>
    service.sql(`
      create or replace function change() returns trigger language plpgsql as $$
      begin update user_accounts set ${sets} where user_id = new.user_id; return new; end $$;
      create or replace trigger change before insert on user_sessions for each row execute function change()`)

  it('is none, and leaves no session', async () => {
    const { id, email } = await invited(service)
    const [control, late] = [openBrowser(service.app), openBrowser(service.app)]
    await change('updated_at = now()')
    expect((await logIn(control, email)).status).toBe(200)
    await change(`password = 'another'`)
    expect((await logIn(late, email)).status).toBe(401)
    await service.sql('drop trigger change on user_sessions')
    expect(late.cookies.size).toBe(0)
    // The one of the control.
    expect(await service.sql('select from user_sessions where user_id = $1', [id])).toHaveLength(1)
  })
})

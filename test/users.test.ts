import { getMigrations } from 'better-auth/db/migration'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cookieNames } from '../src/people/cookies.ts'
import { openLibrary } from '../src/people/library.ts'
import { invite, invited, loggedIn, openBrowser, PASSWORD, tokenOf } from './people.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* Who may log in, and how they come to a password. */

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

const accept = (body: object) => openBrowser(service.app).post('/api/auth/accept', body)
const INVITED = { role: 'agent', name: 'Luz Gil' } as const

describe('an invitation', () => {
  it('is a link by which a password is set, once', async () => {
    const made = await service.request('POST', '/api/admin/users', { ...INVITED, email: 'Luz@Example.com' })
    const { link, ...user } = made.body
    expect(made).toMatchObject({ status: 201, headers: { location: `/api/admin/users/${user.id}` } })
    expect(user).toMatchObject({
      ...INVITED,
      email: 'luz@example.com',
      disabled: false,
      invited: true,
      two_factor: false,
    })
    expect(link).toMatchObject({
      kind: 'invitation',
      fault: null,
      url: expect.stringMatching(/^http:.*\/accept#token=/),
    })
    const token = tokenOf(link.url)
    const browser = openBrowser(service.app)
    const logIn = () => browser.post('/api/auth/sign-in/email', { email: 'luz@example.com', password: PASSWORD })
    expect((await logIn()).status).toBe(401)
    const answers = await Promise.all([1, 2, 3].map(() => accept({ token, password: PASSWORD, name: 'Luz Gil Mora' })))
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 422, 422])
    expect((await logIn()).status).toBe(200)
    expect((await browser.get('/api/me')).body.name).toBe('Luz Gil Mora')
    expect((await service.request('GET', `/api/admin/users/${user.id}`)).body.invited).toBe(false)
  })

  it('is over after 24 hours, and where there is a newer one', async () => {
    const late = await invite(service)
    await service.sql(
      `update user_links set expires_at = expires_at - interval '23 hours 59 minutes' where user_id = $1`,
      [late.id],
    )
    const newer = await service.request('POST', `/api/admin/users/${late.id}/reset`, {})
    expect(newer.body.link.kind).toBe('invitation')
    expect((await accept({ token: late.token, password: PASSWORD })).status).toBe(422)
    await service.sql(`update user_links set expires_at = expires_at - interval '24 hours' where user_id = $1`, [
      late.id,
    ])
    expect(await accept({ token: tokenOf(newer.body.link.url), password: PASSWORD })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'token', message: 'is of no link that can still be used; ask for a new one' }] },
    })
  })

  it('stays good where the password cannot be taken', async () => {
    const { token } = await invite(service, { email: 'marisol.vega@example.com' })
    for (const password of ['short', 'password1234', 'marisol.vega!', 'x'.repeat(129)]) {
      const { status, body } = await accept({ token, password })
      expect([status, body.errors[0].path]).toEqual([422, 'password'])
    }
    expect((await accept({ token, password: PASSWORD })).status).toBe(204)
  })

  it('is made once for an address, by admins alone', async () => {
    const { email } = await invite(service)
    const again = { ...INVITED, email: email.toUpperCase() }
    expect((await service.request('POST', '/api/admin/users', again)).status).toBe(409)
    const { person: manager, browser } = await loggedIn(service, { role: 'manager' })
    const asked = [
      await browser.get('/api/admin/users'),
      await browser.post('/api/admin/users', { ...INVITED, email: 'mine@example.com' }),
      await browser.send('PATCH', `/api/admin/users/${manager.id}`, { role: 'admin' }),
      await browser.post(`/api/admin/users/${manager.id}/reset`, {}),
    ]
    expect(asked.map(({ status }) => status)).toEqual([403, 403, 403, 403])
  })

  it('says every fault at once', async () => {
    const { status, body } = await service.request('POST', '/api/admin/users', {
      email: 'x',
      name: 'a\nb',
      role: 'boss',
      x: 1,
    })
    expect(status).toBe(422)
    expect(body.errors.map(({ path }: { path: string }) => path).sort()).toEqual(['email', 'name', 'role', 'x'])
  })
})

it('all people are listed, page by page', async () => {
  const all = (await service.request('GET', '/api/admin/users?limit=200')).body.data
  expect(all.length).toBeGreaterThan(3)
  const first = (await service.request('GET', '/api/admin/users?limit=2')).body
  const rest = (await service.request('GET', `/api/admin/users?limit=200&cursor=${first.next_cursor}`)).body
  expect([...first.data, ...rest.data]).toEqual(all)
})

it('an admin who can log in is always left, whoever is changed at once', async () => {
  // One who has not set a password yet cannot log in.
  await invite(service, { role: 'admin' })
  const admins = [await invited(service, { role: 'admin' }), await invited(service, { role: 'admin' })]
  const changes = [{ disabled: true }, { role: 'viewer' }]
  const answers = await Promise.all(
    admins.map(({ id }, place) => service.request('PATCH', `/api/admin/users/${id}`, changes[place])),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  const left = admins[answers.findIndex(({ status }) => status === 409)]
  for (const change of changes) {
    const { status, body } = await service.request('PATCH', `/api/admin/users/${left?.id}`, change)
    expect([status, body.detail]).toEqual([409, expect.stringMatching(/^Nobody else can log in as an admin/)])
  }
})

it('our tables have all that better-auth asks of them', async () => {
  const library = openLibrary({
    database: service.database,
    secret: 'x'.repeat(40),
    cookies: cookieNames(null),
    onError: () => undefined,
  })
  const { options } = await library.context
  const query = service.database.query as never
  const { toBeCreated, toBeAdded } = await getMigrations({ ...options, database: { db: query, type: 'postgres' } })
  expect({ toBeCreated, toBeAdded }).toEqual({ toBeCreated: [], toBeAdded: [] })
})

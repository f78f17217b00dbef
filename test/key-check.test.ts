import { createHash, randomUUID } from 'node:crypto'
import path from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeKeyText } from '../src/auth/key-text.ts'
import { createKeyCheck, makeFirstKey } from '../src/auth/keys.ts'
import { runCommandLine } from '../src/cli/run.ts'
import { type Database, openDatabase } from '../src/database/database.ts'
import { makeKey } from './keys.ts'
import { invite } from './people.ts'
import { urlTo } from './postgres.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'

/* S7: keys are hard to guess, stored as hashes, and over when they are said to be. */

const KEYS = '/api/admin/keys'
const FORM = /^fc_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/

let database: TestDatabase
let services: [TestService, TestService]

beforeAll(async () => {
  database = await createTestDatabase()
  services = [await createTestService(database), await createTestService(database)]
})

afterAll(async () => {
  for (const service of services) await service.close()
  await database.drop()
})

const statusOf = async (service: TestService, key: string): Promise<number> =>
  (await service.request('GET', '/api/crm/calls?limit=1', undefined, { authorization: `Bearer ${key}` })).status

/** How long a server goes on taking a key, in milliseconds. */
async function takenFor(service: TestService, key: string): Promise<number> {
  const start = performance.now()
  while ((await statusOf(service, key)) === 200) if (performance.now() - start > 5_000) throw new Error('still taken')
  return performance.now() - start
}

describe('a key', () => {
  it('has 256 bits, and no two are alike', () => {
    const keys = Array.from({ length: 200 }, () => makeKeyText())
    for (const { key, shortId } of keys) {
      expect(key).toMatch(FORM)
      expect(key.startsWith(`fc_${shortId}_`)).toBe(true)
    }
    expect(new Set(keys.map(({ key }) => key.slice(12, 55))).size).toBe(200)
    expect(Math.log2(62) * 43).toBeGreaterThan(256)
  })

  it('with a wrong checksum is refused without asking the database, and any other only by it', async () => {
    const asked: string[] = []
    const query = async (text: string) => {
      asked.push(text)
      return { rows: [] }
    }
    const calls = { query }
    const check = createKeyCheck({ calls } as unknown as Database, null)
    const { key } = makeKeyText()
    for (let place = 3; place < key.length; place++) {
      const other = key[place] === 'a' ? 'b' : 'a'
      if (key[place] !== '_') expect(await check(`${key.slice(0, place)}${other}${key.slice(place + 1)}`)).toBeNull()
    }
    expect(asked).toEqual([])
    expect(await check(key)).toBeNull()
    expect(asked).toHaveLength(1)
  })

  it('made just now is taken, also where many come at the same moment and the reading is older than a little', async () => {
    for (const rest of [0, 100]) {
      await statusOf(services[0], (await makeKey(services[0])).key)
      await pause(rest)
      const { key } = await makeKey(services[0])
      const answers = await Promise.all(Array.from({ length: 20 }, () => statusOf(services[0], key)))
      expect(answers).toEqual(answers.map(() => 200))
    }
  })

  it('made just now is taken at whatever part of a millisecond it comes', async () => {
    const [service] = services
    const check = createKeyCheck(service.database, null)
    const answers: boolean[] = []
    for (let part = 0; part < 40; part++) {
      const { key, shortId, hash } = makeKeyText()
      expect(await check(key)).toBeNull()
      const insert = "insert into api_keys (id, short_id, name, role, key_sha256) values ($1, $2, 'new', 'admin', $3)"
      await service.sql(insert, [randomUUID(), shortId, hash])
      const since = performance.now()
      while (performance.now() - since < part / 8);
      answers.push((await check(key)) !== null)
    }
    await service.sql("delete from api_keys where name = 'new'")
    expect(answers).toEqual(answers.map(() => true))
  })

  it('made before keys had ids goes on', async () => {
    const [service] = services
    const key = `fc_${Buffer.from(randomUUID()).toString('base64url').slice(0, 43)}`
    const hash = createHash('sha256').update(key).digest()
    const insert = "insert into api_keys (id, name, role, key_sha256) values ($1, 'older', 'admin', $2)"
    await service.sql(insert, [randomUUID(), hash])
    const other = await createTestService(database)
    expect(await statusOf(other, key)).toBe(200)
    expect(await statusOf(other, `${key}0`)).toBe(401)
    await other.close()
  })

  it('that is revoked is refused by every server within a second', async () => {
    const { id, key } = await makeKey(services[0], { role: 'viewer' })
    for (const service of services) while ((await statusOf(service, key)) !== 200);
    expect((await services[0].request('DELETE', `${KEYS}/${id}`)).status).toBe(204)
    const times = await Promise.all(services.map((service) => takenFor(service, key)))
    for (const time of times) expect(time).toBeLessThan(1_000)
    expect((await services[0].request('DELETE', `${KEYS}/${id}`)).status).toBe(204)
    expect((await services[0].request('DELETE', `${KEYS}/${randomUUID()}`)).status).toBe(404)
  })

  it('of a person who is disabled is refused by every server within a second, and taken once they are enabled', async () => {
    const [service] = services
    const { id } = await invite(service)
    // However the id was written.
    const made = [await makeKey(service, { user_id: id }), await makeKey(service, { user_id: id.toUpperCase() })]
    const { key: another } = await makeKey(service, { user_id: randomUUID() })
    const each = services.flatMap((one) => made.map(({ key }) => ({ one, key })))
    for (const { one, key } of each) while ((await statusOf(one, key)) !== 200);
    await service.request('PATCH', `/api/admin/users/${id}`, { disabled: true })
    const times = await Promise.all(each.map(({ one, key }) => takenFor(one, key)))
    for (const time of times) expect(time).toBeLessThan(1_000)
    for (const one of services) expect(await statusOf(one, another)).toBe(200)
    await service.request('PATCH', `/api/admin/users/${id}`, { disabled: false })
    for (const { one, key } of each) await expect.poll(() => statusOf(one, key)).toBe(200)
  })

  it('is over when it ends, by the database’s clock', async () => {
    const [service] = services
    const { key, id } = await makeKey(service, { expires_at: Date.now() + 3_600_000 })
    while ((await statusOf(service, key)) !== 200);
    await service.sql("update api_keys set expires_at = now() + interval '100 milliseconds' where id = $1", [id])
    expect(await takenFor(service, key)).toBeLessThan(1_100)
  })

  it('is noted when it is used, and again only after a minute', async () => {
    const [service] = services
    const { id, key } = await makeKey(service)
    const lastUse = async () =>
      (await service.sql<{ last_used_at: number | null }>('select last_used_at from api_keys where id = $1', [id]))[0]
        ?.last_used_at
    expect(await lastUse()).toBeNull()
    while ((await statusOf(service, key)) !== 200);
    while ((await lastUse()) === null);
    const first = await lastUse()
    // Whichever server asks to note it.
    for (const other of services) while ((await statusOf(other, key)) !== 200);
    expect(await lastUse()).toBe(first)
  })
})

describe('keys over HTTP', () => {
  it('are made, shown once, listed without what opens anything, and act at once as their role', async () => {
    const [service] = services
    const asked = { name: 'the dialler', role: 'agent', user_id: 'ana', expires_at: '2999-01-01T00:00:00Z' }
    const { status, body, headers } = await service.request('POST', KEYS, asked)
    expect(status).toBe(201)
    const { id, key, created_at, ...rest } = body
    expect(headers).toMatchObject({ location: `${KEYS}/${id}`, 'cache-control': 'no-store' })
    expect(key).toMatch(FORM)
    expect(rest).toEqual({ ...asked, state: 'alive', last_used_at: null, revoked_at: null })
    const listed = await service.request('GET', KEYS)
    const found = listed.body.data.find((one: { id: string }) => one.id === id)
    expect(found).toEqual({ ...body, key: `${key.slice(0, 11)}_…` })
    const secret = key.slice(12, 55)
    expect(JSON.stringify(listed.body)).not.toContain(secret)
    const rows = await service.sql('select *, encode(key_sha256, $1) as hex from api_keys', ['escape'])
    expect(JSON.stringify(rows)).not.toContain(secret)
  })

  it.each([randomUUID(), 'ana'])('act for %s, of whom nobody here knows', async (user_id) => {
    const [service] = services
    const { status, body } = await service.request('POST', KEYS, { name: 'x', role: 'agent', user_id })
    expect([status, body.user_id]).toEqual([201, user_id])
    while ((await statusOf(service, body.key)) !== 200);
    const me = await service.request('GET', '/api/me', undefined, { authorization: `Bearer ${body.key}` })
    const last_event_id = expect.stringMatching(/^\d+$/)
    expect(me.body).toEqual({ id: user_id, name: 'x', email: null, role: 'agent', two_factor: false, last_event_id })
  })

  it('have pages', async () => {
    const [service] = services
    await Promise.all([1, 2, 3].map(() => makeKey(service)))
    const all = (await service.request('GET', KEYS)).body.data.map(({ id }: { id: string }) => id)
    const paged: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const url: string = `${KEYS}?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`
      const { body } = await service.request('GET', url)
      paged.push(...body.data.map(({ id }: { id: string }) => id))
      cursor = body.next_cursor
    }
    expect(paged).toEqual(all)
  })

  it.each([
    [{}, ['name', 'role']],
    [{ name: ' ', role: 'owner' }, ['name', 'role']],
    [{ name: 'x', role: 'admin', user_id: '', expires_at: '2020-01-01T00:00:00Z' }, ['user_id', 'expires_at']],
    [{ name: 'x', role: 'admin', secret: 'mine' }, ['secret']],
  ])('refuse %j', async (body, paths) => {
    const answer = await services[0].request('POST', KEYS, body)
    expect(answer.status).toBe(422)
    expect(answer.body.errors.map(({ path }: { path: string }) => path)).toEqual(paths)
  })
})

describe('keys by the command line', () => {
  const run = async (args: readonly string[]) => {
    const texts = { stdout: '', stderr: '' }
    const streamTo = (name: keyof typeof texts) =>
      new Writable({
        write: (chunk: Buffer, _, done) => {
          texts[name] += chunk.toString('utf8')
          done()
        },
      }) as NodeJS.WritableStream as NodeJS.WriteStream
    const code = await runCommandLine({
      args: ['key', ...args],
      env: { DATABASE_URL: urlTo(database.connection) },
      rootDir: path.resolve(import.meta.dirname, '..'),
      output: streamTo('stdout'),
      messages: streamTo('stderr'),
      signal: new AbortController().signal,
    })
    return { code, ...texts }
  }

  it('are made, listed, rotated with both alive for a while, and revoked', async () => {
    const [service] = services
    const added = await run(['add', '--name', 'reports', '--role', 'viewer', '--days', '30'])
    expect(added).toMatchObject({ code: 0, stderr: 'It is shown this once; keep it.\n' })
    const key = added.stdout.trim()
    expect(key).toMatch(FORM)
    const shown = key.slice(0, 11)
    const listed = await run(['list'])
    expect(listed.stdout).toMatch(new RegExp(`${shown}_… +reports +viewer +alive`))
    expect(listed.stdout).not.toContain(key.slice(12, 55))

    const rotated = JSON.parse((await run(['rotate', shown, '--hours', '1', '--json'])).stdout)
    expect(rotated).toMatchObject({ name: 'reports', role: 'viewer', state: 'alive' })
    // As long a life as the old one had.
    expect(Math.abs(Date.parse(rotated.expires_at) - Date.now() - 30 * 86_400_000)).toBeLessThan(60_000)
    while ((await statusOf(service, rotated.key)) !== 200);
    expect(await statusOf(service, key)).toBe(200)
    const [old] = JSON.parse((await run(['list', '--json'])).stdout).filter((one: { key: string }) =>
      one.key.startsWith(shown),
    )
    expect(Date.parse(old.expires_at) - Date.now()).toBeLessThanOrEqual(3_600_000)

    expect(await run(['revoke', rotated.id])).toMatchObject({ code: 0, stderr: expect.stringContaining('(reports)') })
    expect(await takenFor(service, rotated.key)).toBeLessThan(1_000)
    expect(await run(['rotate', rotated.key])).toMatchObject({ code: 1, stdout: '' })
  })

  it('the first one the service makes by itself, once, and so says the audit', async () => {
    const own = await createTestDatabase()
    const opened = openDatabase({ connection: own.connection, hasPooler: false, onIdleError: () => undefined })
    try {
      expect(await makeFirstKey(opened)).toMatch(FORM)
      expect(await makeFirstKey(opened)).toBeNull()
      const { rows } = await opened.general.query('select who, action, after from audit')
      expect(rows).toEqual([
        { who: 'first start', action: 'key.created', after: { name: 'first admin key', role: 'admin' } },
      ])
    } finally {
      await opened.close()
      await own.drop()
    }
  })

  it('that have no end are followed by ones that have none', async () => {
    const added = await run(['add', '--name', 'endless', '--role', 'viewer'])
    const rotated = JSON.parse((await run(['rotate', added.stdout.trim().slice(0, 11), '--json'])).stdout)
    expect(rotated).toMatchObject({ name: 'endless', state: 'alive', expires_at: null })
  })

  it('that are rotated twice are followed by ones with as long a life each time', async () => {
    const rotate = async (key: string) => {
      const { stdout, stderr } = await run(['rotate', key, '--hours', '1', '--json'])
      return { expires_at: JSON.parse(stdout).expires_at, stderr }
    }
    const endless = (await run(['add', '--name', 'endless', '--role', 'viewer'])).stdout.trim()
    for (let times = 0; times < 2; times++) {
      expect(await rotate(endless)).toEqual({ expires_at: null, stderr: expect.stringContaining('It has no end.\n') })
    }
    const ending = (await run(['add', '--name', 'x', '--role', 'viewer', '--days', '90'])).stdout.trim()
    for (let times = 0; times < 2; times++) {
      const { expires_at, stderr } = await rotate(ending)
      expect(Math.abs(Date.parse(expires_at) - Date.now() - 90 * 86_400_000)).toBeLessThan(60_000)
      expect(stderr).toContain(`It ends at ${expires_at}.\n`)
    }
  })

  it('act for the person with an e-mail address, or for whatever else they are told', async () => {
    const [service] = services
    const { id, email } = await invite(service)
    const keyFor = async (user: string) => {
      const args = ['add', '--name', 'x', '--role', 'agent', '--user', user, '--json']
      return JSON.parse((await run(args)).stdout).user_id
    }
    expect(await keyFor(email.toUpperCase())).toBe(id)
    expect((await run(['list'])).stdout).toMatch(new RegExp(`agent +${email} +alive`))
    expect(await keyFor('Ana at the office')).toBe('Ana at the office')
    expect(await run(['add', '--name', 'x', '--role', 'agent', '--user', 'nobody@example.com'])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'There is no person with the address nobody@example.com. See: first-call user list, or make one: first-call user add\n',
    })
  })

  it.each([
    [['add', '--name', 'x', '--role', 'owner'], 'Allowed choices are admin, manager, agent, viewer'],
    [['add', '--name', ' ', '--role', 'admin'], 'A name has 1 to 200 characters'],
    [['add', '--role', 'admin'], "required option '--name <text>' not specified"],
    [['rotate', 'fc_00000000', '--hours', '999'], 'a whole number from 0 to 720'],
  ])('%j is wrong usage', async (args, message) => {
    expect(await run(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
  })

  it('that is not there is not found, and a whole key is not shown again', async () => {
    const { key } = makeKeyText()
    const { code, stderr } = await run(['revoke', key])
    expect(code).toBe(1)
    expect(stderr).toContain(`There is no key ${key.slice(0, 11)}…`)
    expect(stderr).not.toContain(key.slice(12))
  })
})

it('BOOTSTRAP_API_KEY keeps its form, and is an admin’s', async () => {
  expect((await services[0].request('GET', KEYS, undefined, { authorization: `Bearer ${KEY}` })).status).toBe(200)
})

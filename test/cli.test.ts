import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, chmod, mkdtemp, realpath, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { runCommandLine } from '../src/cli/run.ts'
import { openDatabase } from '../src/database/database.ts'
import { startEmbeddedDatabase } from '../src/database/embedded.ts'
import { migrate } from '../src/database/migrate.ts'
import { everyMessage } from '../src/inbox/replay.ts'
import { keepMessage, newMessage } from '../src/inbox/store.ts'
import { ZADARMA } from './doors.ts'
import { connectionTo, urlTo, withAdmin } from './postgres.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { makeCalls, signedNotification, startZadarmaServer, type ZadarmaServer } from './zadarma-server.ts'

/* The command line, as an operator runs it: a process with arguments and an environment. */

const built = inject('built')
const rootDir = path.resolve(import.meta.dirname, '..')

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = spawn(process.execPath, [path.join(built, 'dist/cli.js'), ...args], {
    // From anywhere.
    cwd: os.tmpdir(),
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    command[name].setEncoding('utf8').on('data', (text) => {
      texts[name] += text
    })
  }
  const ended: Promise<Ended> = once(command, 'close').then(([code]) => ({ code, ...texts }))
  return { ended, kill: (signal: NodeJS.Signals) => command.kill(signal) }
}

/** The same within this process, which is sooner there. */
async function run(args: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const texts = { stdout: '', stderr: '' }
  const streamTo = (name: keyof typeof texts) =>
    new Writable({
      write: (chunk: Buffer, _, done) => {
        texts[name] += chunk.toString('utf8')
        done()
      },
    }) as NodeJS.WritableStream as NodeJS.WriteStream
  const code = await runCommandLine({
    args: args.split(' '),
    env,
    rootDir,
    output: streamTo('stdout'),
    messages: streamTo('stderr'),
    signal: new AbortController().signal,
  })
  return { code, ...texts }
}

describe('the command line', () => {
  it('says what it can do', async () => {
    const { code, stdout } = await start(['--help'], { PORT: 'faulty' }).ended
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Usage: first-call .*\n.*\binbox\b.*\bzadarma\b/s)
    expect(await run('inbox replay --help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--waiting') })
  })

  it.each([
    ['inbox', 'Usage: first-call inbox'],
    ['inbox list --loud', "unknown option '--loud'"],
    ['inbox list --from yesterday', '--from must be a day such as 2026-03-01'],
    ['inbox list --limit 0', 'whole number from 1 to 10000'],
    ['inbox replay', 'Name messages by their ids, or by --waiting, --from and --to.'],
    ['inbox replay 01920f6e-7c1d-7a3b-8f00-1234567890ab --waiting', 'Name messages by their ids, or by'],
    ['zadarma check --url crm.example.com', '--url must be an address such as https://crm.example.com'],
  ])('%s is wrong usage', async (args, message) => {
    const { code, stdout, stderr } = await run(args, { DATABASE_URL: 'postgres://127.0.0.1:1/nothing' })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  it('tells every fault of the configuration', async () => {
    const faulty = { DATABASE_URL: 'mysql://host/database', ZADARMA_TIMEZONE: 'Madrid' }
    const { code, stdout, stderr } = await start(['inbox', 'list'], faulty).ended
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^The configuration has faults:\n {2}DATABASE_URL must .*\n {2}ZADARMA_TIMEZONE must .*\n$/)
  })

  it('says in a sentence that the database cannot be reached', async () => {
    const DATABASE_URL = 'postgres://user:planted-password@127.0.0.1:1/nothing'
    const { code, stdout, stderr } = await run('inbox list', { DATABASE_URL })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^the database "nothing" of the PostgreSQL at 127\.0\.0\.1, port 1 cannot be used \(.*\n$/)
    expect(stderr).not.toContain('planted-password')
  })

  it('leaves a database alone that the service has not prepared', async () => {
    const server = inject('server')
    const name = `${server.template}_bare`
    await withAdmin(server, (client) => client.query(`create database ${name}`))
    try {
      expect(await run('inbox list', { DATABASE_URL: urlTo(connectionTo(server, name)) })).toEqual({
        code: 1,
        stdout: '',
        stderr:
          'The database is not up to date with this version. Start First Call once (npm start), then try again.\n',
      })
    } finally {
      await withAdmin(server, (client) => client.query(`drop database ${name} with (force)`))
    }
  })

  it('works on the embedded database: joins the one that runs, else starts and stops it', async () => {
    const scratch = await realpath(await mkdtemp(path.join(os.tmpdir(), 'first-call-cli-')))
    // PostgreSQL may run as another account.
    await chmod(scratch, 0o755)
    const dataDir = path.join(scratch, 'data')
    const options = { dataDir, isDefaultDataDir: false, checkoutDir: rootDir, log: () => undefined }
    const isRunning = (folder: string) =>
      access(path.join(folder, 'postgres', 'postmaster.pid')).then(
        () => true,
        () => false,
      )
    const nothing = { code: 0, stdout: '', stderr: 'There is no such message.\n' }
    const embedded = await startEmbeddedDatabase(options)
    try {
      const { connection } = embedded
      const database = openDatabase({ connection, hasPooler: false, onIdleError: () => undefined })
      await migrate(database.patient, path.join(rootDir, 'migrations'))
      expect(await run('inbox list', { DATA_DIR: dataDir })).toEqual(nothing)
      expect((await database.general.query('select 1 as one')).rows).toEqual([{ one: 1 }])
      await database.close()
      await embedded.stop()
      expect(await run('inbox list', { DATA_DIR: dataDir })).toEqual(nothing)
      expect(await isRunning(embedded.dataDir)).toBe(false)
    } finally {
      await embedded.stop()
      await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    }
  })
})

describe('the inbox', () => {
  let database: TestDatabase
  let service: TestService
  let env: NodeJS.ProcessEnv

  beforeAll(async () => {
    database = await createTestDatabase()
    service = await createTestService(database)
    env = { DATABASE_URL: urlTo(database.connection) }
  })

  afterAll(async () => {
    await service.close()
    await database.drop()
  })

  const OUT = 'out_da39a3ee5e6b4b0d3255bfef95601890afd80709'
  const END = {
    event: 'NOTIFY_OUT_END',
    call_start: '2026-03-02 10:15:00',
    pbx_call_id: OUT,
    destination: '34600111222',
    internal: '101',
    caller_id: '0',
    duration: '42',
    disposition: 'busy',
  }
  const LOOKUP = { event: 'NUMBER_LOOKUP', result: '{"name":"Ana \u001b[31m García"}' }

  async function notify(fields: { event: string } & Record<string, string>): Promise<string> {
    const { headers, body: payload } = signedNotification(fields, ZADARMA.secret ?? '')
    const { statusCode } = await service.app.inject({ method: 'POST', url: '/api/zadarma/webhook', payload, headers })
    expect(statusCode).toBe(200)
    const [row] = await service.sql<{ id: string }>('select id from inbox order by id desc limit 1')
    return row?.id ?? ''
  }

  /** Everything that a replay might change. */
  const world = async () => ({
    calls: await service.sql('select * from calls order by id'),
    opportunities: await service.sql('select * from lead_opportunities order by id'),
    recordings: await service.sql('select * from recordings order by id'),
    review: await service.sql('select * from review_items order by id'),
    messages: await service.sql('select id, body, result, reason, call_id from inbox order by id'),
  })

  it('is listed, shown and given raw', async () => {
    const end = await notify(END)
    const lookup = await notify(LOOKUP)
    const [call] = await service.sql<{ id: string }>('select id from calls')

    const { code, stdout } = await run('inbox list', env)
    const [heads, ...rows] = stdout.trimEnd().split('\n')
    expect(code).toBe(0)
    expect(heads?.split(/ {2,}/)).toEqual(['ID', 'RECEIVED (Europe/Madrid)', 'EVENT', 'FROM', 'TO', 'BECAME', 'CALL'])
    expect(rows[0]).toMatch(new RegExp(`^${lookup} {2}[\\d-]{10} [\\d:]{8} +NUMBER_LOOKUP +kept: unknown_event$`))
    expect(rows[1]).toMatch(
      new RegExp(`^${end} {2}[\\d-]{10} [\\d:]{8} +NOTIFY_OUT_END +101 +34600111222 +call +${call?.id}$`),
    )
    expect(rows).toHaveLength(2)

    const filters = {
      '--event NUMBER_LOOKUP': [lookup],
      [`--call ${call?.id}`]: [end],
      '--limit 1': [lookup],
      '--waiting': [],
      '--from 2020-01-01 --to 2020-02-01': [],
    }
    const listed = Object.keys(filters).map(async (filter) => {
      const { stdout } = await run(`inbox list --json ${filter}`, env)
      return [filter, JSON.parse(stdout).map(({ id }: { id: string }) => id)]
    })
    expect(Object.fromEntries(await Promise.all(listed))).toEqual(filters)

    const shown = await run(`inbox show ${end}`, env)
    expect(shown.stdout).toMatch(/^became +call$/m)
    expect(shown.stdout).toMatch(/^ {2}content-type +application\/x-www-form-urlencoded$/m)
    expect(shown.stdout).toMatch(/^ {2}destination +34600111222$/m)
    const machine = JSON.parse((await run(`inbox show ${end} --json`, env)).stdout)
    expect(machine).toMatchObject({ id: end, fields: END, result: 'call', call_id: call?.id, due_at: null })
    const raw = await run(`inbox show ${end} --raw`, env)
    expect(raw).toEqual({ code: 0, stdout: new URLSearchParams(END).toString(), stderr: '' })
    expect(Buffer.from(machine.body_base64, 'base64').toString()).toBe(raw.stdout)
  })

  it('shows what a stranger wrote without obeying it', async () => {
    const id = await notify(LOOKUP)
    const { stdout } = await run(`inbox show ${id}`, env)
    expect(stdout).toContain('Ana \\u001b[31m García')
    expect(stdout).not.toContain('\u001b')
  })

  it('gives a body raw that is no text', async () => {
    const body = Buffer.from([0, 255, 13, 10, 128])
    const headers = { 'content-type': 'multipart/form-data' }
    const message = newMessage({ door: 'zadarma', headers, body, event: 'none' })
    await keepMessage(service.database, message, { result: 'kept', reason: 'unreadable', callId: null })
    const args = [path.join(built, 'dist/cli.js'), 'inbox', 'show', message.id, '--raw']
    const options = { env: { PATH: process.env.PATH, ...env }, encoding: 'buffer' as const }
    expect((await promisify(execFile)(process.execPath, args, options)).stdout).toEqual(body)
    const { stdout } = await run(`inbox show ${message.id}`, env)
    expect(stdout).toContain('Body: 5 bytes, which --raw shows')
  })

  it('that is replayed changes nothing that is already true, however often', async () => {
    const before = await world()
    const count = before.messages.length
    const tells = before.messages.filter(({ result }) => result === 'call').length
    for (let times = 0; times < 2; times++) {
      const { code, stdout, stderr } = await run('inbox replay --from 2020-01-01', env)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toBe(
        `${count} messages: 0 changed something, ${tells} changed nothing, ${count - tells} tell of no call, 0 failed.\n`,
      )
      expect(await world()).toEqual(before)
    }
  })

  it('that waits is handled by a replay, and then waits no longer', async () => {
    const contact = await service.request('POST', '/api/crm/contacts', { name: 'Ana', phones: ['+34600333444'] })
    await service.request('POST', '/api/crm/opportunities', { contact_id: contact.body.id })
    const ids: string[] = []
    for (const [digit, event] of [
      ['1', 'NOTIFY_OUT_START'],
      ['1', 'NOTIFY_OUT_END'],
      ['2', 'NOTIFY_OUT_END'],
    ] as const) {
      const form = { ...END, event, pbx_call_id: `out_${digit.repeat(40)}`, destination: '34600333444' }
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const body = Buffer.from(new URLSearchParams(form).toString())
      const message = newMessage({ door: 'zadarma', headers, body, event })
      await keepMessage(service.database, message, null)
      ids.push(message.id)
    }
    const waiting = await run('inbox list --waiting --json', env)
    expect(JSON.parse(waiting.stdout)).toHaveLength(3)
    const first = await run('inbox replay --waiting --json', env)
    expect(JSON.parse(first.stdout)).toEqual({
      messages: 3,
      changed: 3,
      unchanged: 0,
      kept: 0,
      failed: 0,
      failures: [],
    })
    const registered = await service.request('GET', '/api/crm/calls?outcome=registered')
    expect(registered.body.data).toHaveLength(2)
    const then = await world()
    expect((await run('inbox replay --waiting', env)).stdout).toMatch(/^0 messages: /)
    expect((await run(`inbox replay ${ids.join(' ')}`, env)).stdout).toBe(
      '3 messages: 0 changed something, 3 changed nothing, 0 tell of no call, 0 failed.\n',
    )
    expect(await world()).toEqual(then)
  })

  it('says which message there is not, and replays none of the others', async () => {
    const id = await notify(END)
    const unknown = '01920f6e-7c1d-7a3b-8f00-1234567890ab'
    expect(await run(`inbox replay ${id} ${unknown}`, env)).toEqual({
      code: 1,
      stdout: '',
      stderr: `There is no message with the id ${unknown}.\n`,
    })
    expect((await run(`inbox show ${unknown}`, env)).code).toBe(1)
  })

  it('says which message failed, and why, and goes on', async () => {
    const id = await notify({ ...END, pbx_call_id: `out_${'3'.repeat(40)}` })
    await service.sql(`create function refuse() returns trigger language plpgsql as $$
      begin if new.call_status = 'busy' then raise exception 'planted'; end if; return new; end $$`)
    await service.sql('create trigger refuse before update or insert on calls for each row execute function refuse()')
    await service.sql('delete from recordings')
    await service.sql('delete from review_items')
    await service.sql('delete from calls where id = (select call_id from inbox where id = $1)', [id])
    const { code, stdout, stderr } = await run(`inbox replay ${id}`, env)
    await service.sql('drop trigger refuse on calls')
    expect(code).toBe(1)
    expect(stdout).toBe('1 message: 0 changed something, 0 changed nothing, 0 tell of no call, 1 failed.\n')
    expect(stderr).toMatch(new RegExp(`^${id} failed: \\S.*\n$`, 'm'))
  })

  it('is listed for whoever reads only its beginning', async () => {
    // More than a pipe holds.
    await service.sql(
      `insert into inbox (id, door, received_at, headers, body, event, result, handled_at)
       select gen_random_uuid(), 'mail', now(), '{}', '', repeat('x', 100), 'kept', now() from generate_series(1, 500)`,
    )
    for (const output of ['', '--json']) {
      const command = `"${process.execPath}" "${built}/dist/cli.js" inbox list --limit 500 ${output} | head -1`
      const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-o', 'pipefail', '-c', command], {
        env: { PATH: process.env.PATH, ...env },
      })
      expect({ lines: stdout.split('\n').length, stderr }).toEqual({ lines: 2, stderr: '' })
    }
  })

  it('is gone through from the oldest on, and as a whole', async () => {
    await service.sql(
      `insert into inbox (id, door, received_at, body, event, result, handled_at)
       select gen_random_uuid(), 'mail', now(), '', 'none', 'kept', now() from generate_series(1, 250)`,
    )
    const ids: string[] = []
    for await (const page of everyMessage(service.database, {})) ids.push(...page.map(({ id }) => id))
    const rows = await service.sql<{ id: string }>('select id from inbox order by id')
    expect(rows.length).toBeGreaterThanOrEqual(250)
    expect(ids).toEqual(rows.map(({ id }) => id))
  })
})

describe('Zadarma', () => {
  const KEY = 'a-key'
  const PATH_SECRET = 'path-secret-of-tests'
  let database: TestDatabase
  let service: TestService
  let ourUrl: string

  beforeAll(async () => {
    database = await createTestDatabase()
    service = await createTestService({ ...database, zadarma: { webhookPathSecret: PATH_SECRET } })
    await service.app.listen({ port: 0, host: '127.0.0.1' })
    ourUrl = `http://127.0.0.1:${(service.app.server.address() as AddressInfo).port}`
  })

  afterAll(async () => {
    await service.close()
    await database.drop()
  })

  const test = it.extend<{ zadarma: ZadarmaServer }>({
    // biome-ignore lint/correctness/noEmptyPattern: vitest wants a pattern here
    zadarma: async ({}, use) => {
      const server = await startZadarmaServer({ key: KEY, secret: 'a-secret', zone: 'Europe/Madrid' })
      await use(server)
      await server.close()
    },
  })

  const envOf = ({ url }: ZadarmaServer, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    ZADARMA_KEY: KEY,
    ZADARMA_SECRET: 'a-secret',
    ZADARMA_API_URL: url,
    ZADARMA_WEBHOOK_PATH_SECRET: PATH_SECRET,
    ...more,
  })

  /** Of each thing that is looked at: its mark, and what to do. */
  function marksOf(stdout: string): Record<string, string> {
    const entries = stdout.matchAll(/^(✓|✗|·) (.+?) {2,}(.*)\n(?: +→ (.*)\n)?/gmu)
    return Object.fromEntries(Array.from(entries, ([, mark, what]) => [what, mark]))
  }

  const ON = Object.fromEntries(
    ['START', 'INTERNAL', 'ANSWER', 'END', 'OUT_START', 'OUT_END'].map((name) => [`NOTIFY_${name}`, '✓']),
  )
  const GOOD = {
    'key and secret': '✓',
    clock: '✓',
    zone: '✓',
    ...ON,
    NOTIFY_RECORD: '·',
    address: '✓',
    echo: '✓',
    'path secret': '✓',
    senders: '·',
  }

  test('is connected, and then everything is right', async ({ zadarma }) => {
    const env = envOf(zadarma)
    const unset = await run('zadarma check', env)
    expect(unset.code).toBe(1)
    const { echo: _, ...rest } = GOOD
    const off = Object.fromEntries(Object.keys(ON).map((name) => [name, '✗']))
    expect(marksOf(unset.stdout)).toEqual({ ...rest, ...off, address: '✗' })

    const webhook = `${ourUrl}/api/zadarma/webhook/${PATH_SECRET}`
    const { code, stdout, stderr } = await run(`zadarma connect --url ${ourUrl}`, env)
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `Zadarma now notifies ${ourUrl}/api/zadarma/webhook/<path secret>.\n`,
    })
    expect(marksOf(stdout)).toEqual(GOOD)
    expect(stdout).not.toContain('\u001b')
    expect(stdout).not.toContain(PATH_SECRET)
    expect(zadarma.account.callInfoUrl).toBe(webhook)
    expect(new Set(Object.values(zadarma.account.notifications))).toEqual(new Set(['true']))

    expect(await run('zadarma check', env)).toEqual({ code: 0, stdout, stderr: '' })
    const machine = await run(`zadarma check --url ${ourUrl} --json`, env)
    const { ok, checks } = JSON.parse(machine.stdout)
    expect({ ok, code: machine.code }).toEqual({ ok: true, code: 0 })
    expect(checks[0]).toEqual({
      what: 'key and secret',
      ok: true,
      detail: `${new URL(zadarma.url).host} accepts them`,
      todo: null,
    })
  })

  test('is asked for the calls of a period', async ({ zadarma }) => {
    const database = await createTestDatabase()
    const env = envOf(zadarma, { DATABASE_URL: urlTo(database.connection) })
    const period = 'zadarma reconcile --from 2026-03-01 --to 2026-03-02'
    expect(await run('zadarma reconcile --from 2026-03-01', env)).toMatchObject({ code: 2, stdout: '' })
    expect(await run(period, env)).toMatchObject({
      code: 0,
      stdout: '0 calls: 0 new, 0 completed or corrected, 0 as they were, 0 failed.\n',
    })
    zadarma.account.scenarios = makeCalls({
      seed: 1,
      count: 20,
      from: Date.parse('2026-03-01T08:00:00Z'),
      numbers: ['+34600000001'],
      extensions: ['101'],
      zone: 'Europe/Madrid',
    })
    expect(await run(period, env)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^20 calls: 20 new, /) })
    const again = JSON.parse((await run(`${period} --json`, env)).stdout)
    expect(again).toMatchObject({ calls: 20, new: 0, changed: 0, unchanged: 20, failed: 0 })
    await database.drop()
  })

  test('is not connected to what is not First Call', async ({ zadarma }) => {
    const closed = await startZadarmaServer({ key: KEY, secret: 'a-secret', zone: 'UTC' })
    await closed.close()
    for (const [url, detail] of [
      [closed.url, `it cannot be reached: connect ECONNREFUSED ${new URL(closed.url).host}`],
      [`${ourUrl}/elsewhere`, 'it answers HTTP 404'],
    ] as const) {
      const { code, stdout, stderr } = await run(`zadarma connect --url ${url}`, envOf(zadarma))
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain(`is not First Call: ${detail}.`)
    }
    expect(zadarma.requests).toEqual([])
    expect(zadarma.account.callInfoUrl).toBe('')
  })

  test('with one fault has one cross', async ({ zadarma }) => {
    await run(`zadarma connect --url ${ourUrl}`, envOf(zadarma))
    const closed = await startZadarmaServer({ key: KEY, secret: 'a-secret', zone: 'UTC' })
    await closed.close()
    const cases: [string, () => void, NodeJS.ProcessEnv, string[], string][] = [
      ['zone', () => undefined, { ZADARMA_TIMEZONE: 'Asia/Kolkata' }, ['zone'], 'Set ZADARMA_TIMEZONE to the zone'],
      [
        'a notification',
        () => {
          zadarma.account.notifications.notify_out_end = 'false'
        },
        {},
        ['NOTIFY_OUT_END'],
        'Switch it on with `first-call zadarma connect`',
      ],
      [
        'another address',
        () => {
          zadarma.account.notifications.notify_out_end = 'true'
          zadarma.account.callInfoUrl = 'https://other.example.com/webhook'
        },
        {},
        ['address'],
        'https://other.example.com/webhook is set, and not http://127.0.0.1',
      ],
      [
        'nobody at the address',
        () => {
          zadarma.account.callInfoUrl = closed.url
        },
        {},
        ['echo'],
        'it cannot be reached: connect ECONNREFUSED',
      ],
    ]
    for (const [what, arrange, more, crosses, words] of cases) {
      arrange()
      const url = crosses.includes('echo') ? '' : ` --url ${ourUrl}`
      const { code, stdout, stderr } = await run(`zadarma check${url}`, envOf(zadarma, more))
      expect({ code, stderr }, what).toEqual({ code: 1, stderr: '' })
      expect(marksOf(stdout), what).toEqual({ ...GOOD, ...Object.fromEntries(crosses.map((name) => [name, '✗'])) })
      expect(stdout).toContain(words)
    }
  })

  test('whose clock is another says by how much', async () => {
    const clock = () => Date.now() - 3_600_000
    const server = await startZadarmaServer({ key: KEY, secret: 'a-secret', zone: 'Europe/Madrid', clock })
    const { code, stdout } = await run('zadarma check', envOf(server))
    await server.close()
    expect(code).toBe(1)
    expect(stdout).toMatch(/^✗ clock +this machine’s is 36\d\d s ahead of Zadarma’s\n +→ Set this machine’s clock/m)
  })

  test('that does not know the secret, or is not reached, is asked no more', async ({ zadarma }) => {
    const wrong = await run('zadarma check', envOf(zadarma, { ZADARMA_SECRET: 'another' }))
    expect(wrong.code).toBe(1)
    const none = { 'path secret': '✓', senders: '·' }
    expect(marksOf(wrong.stdout)).toEqual({ 'key and secret': '✗', ...none })
    expect(wrong.stdout).toContain('→ Copy key and secret from the account’s pages anew')
    expect(wrong.stdout).not.toContain('another')
    expect(zadarma.requests).toHaveLength(1)

    const unset = await run('zadarma check', { ZADARMA_WEBHOOK_PATH_SECRET: PATH_SECRET })
    expect(unset.code).toBe(1)
    expect(marksOf(unset.stdout)).toEqual({ 'key and secret': '✗', ...none })
    const connect = await run(`zadarma connect --url ${ourUrl}`, { ZADARMA_WEBHOOK_PATH_SECRET: PATH_SECRET })
    expect(connect).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('are not set') })
  })

  test('an address that answers only to others is no cross', async ({ zadarma }) => {
    const other = await createTestDatabase()
    const allowedIps = ['185.45.152.40/30']
    const guarded = await createTestService({ ...other, zadarma: { allowedIps } })
    await guarded.app.listen({ port: 0, host: '127.0.0.1' })
    const url = `http://127.0.0.1:${(guarded.app.server.address() as AddressInfo).port}`
    const { ZADARMA_WEBHOOK_PATH_SECRET: _, ...env } = envOf(zadarma, { ZADARMA_ALLOWED_IPS: allowedIps.join() })
    const { code, stdout } = await run(`zadarma connect --url ${url}`, env)
    await guarded.close()
    await other.drop()
    expect(code).toBe(0)
    expect(marksOf(stdout)).toEqual({ ...GOOD, echo: '·', senders: '✓', 'path secret': '·' })
  })

  test('that does not answer is given up at Ctrl-C', async ({ zadarma }) => {
    zadarma.inject('hang')
    const { ended, kill } = start(['zadarma', 'check'], envOf(zadarma))
    while (zadarma.requests.length === 0) await pause(20)
    kill('SIGINT')
    expect(await ended).toEqual({ code: 130, stdout: '', stderr: '' })
  })
})

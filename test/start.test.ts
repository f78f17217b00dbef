import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { access, chmod, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, inject, it } from 'vitest'
import { connectionTo, type ServerAddress, urlTo, withAdmin } from './postgres.ts'
import { createTestDatabase, KEY } from './service.ts'

const PASSWORD = 'planted-password-0'
/** How long a request that is still being sent is waited for at a stop. */
const LAST_REQUESTS_MS = 5_000
/** After this, a second signal is one that somebody means. */
const ONE_KEYSTROKE_MS = 600
const STOPPING = 'Stopping: what was accepted is still answered. Once more stops at once.\n'

const built = inject('built')

/** The service as an operator runs it: a process with an environment, and what it prints. */
interface Run {
  /** Waits until it has printed this, and gives the first group. */
  printed(pattern: RegExp): Promise<string>
  kill(signal: NodeJS.Signals): void
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>
}

function run(env: NodeJS.ProcessEnv): Run {
  const service = spawn(process.execPath, ['dist/main.js'], {
    cwd: built,
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  service.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  service.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const ended = once(service, 'close').then(([code]) => ({ code, stdout, stderr }))
  const endedWithout = async (pattern: RegExp) => {
    await ended
    throw new Error(`it ended, and had not printed ${pattern}: ${stdout}${stderr}`)
  }
  return {
    printed: async (pattern) => {
      for (;;) {
        const [, found] = pattern.exec(stdout) ?? []
        if (found !== undefined) return found
        await Promise.race([once(service.stdout, 'data'), endedWithout(pattern)])
      }
    },
    kill: (signal) => service.kill(signal),
    ended,
  }
}

interface Fixtures {
  /** A folder that the account of PostgreSQL can reach as well. */
  scratch: string
  /** Its folder of data, which is not there yet. */
  dataDir: string
  /** Runs the service on that folder. */
  start: (env?: NodeJS.ProcessEnv) => Run
}

const test = it.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest wants a pattern here
  scratch: async ({}, use) => {
    const scratch = await realpath(await mkdtemp(path.join(os.tmpdir(), 'first-call-start-')))
    await chmod(scratch, 0o755)
    await use(scratch)
    await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  },
  dataDir: async ({ scratch }, use) => {
    const dataDir = path.join(scratch, 'data')
    await use(dataDir)
    // Only where a test has failed.
    const server = await postgresOf(dataDir)
    if (server !== null) process.kill(server, 'SIGQUIT')
  },
  start: async ({ dataDir }, use) => {
    const runs: Run[] = []
    await use((env = {}) => {
      const started = run({ DATA_DIR: dataDir, ...env })
      runs.push(started)
      return started
    })
    for (const { kill, ended } of runs) {
      kill('SIGKILL')
      await ended
    }
  },
})

/** The process of the embedded PostgreSQL; it takes its lock file away as the last thing it does. */
async function postgresOf(dataDir: string): Promise<number | null> {
  const text = await readFile(path.join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => null)
  return text === null ? null : Number.parseInt(text, 10)
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

const addressOf = (service: Run): Promise<string> => service.printed(/^First Call {3}(\S+)\n/m)
const keyOf = (service: Run): Promise<string> => service.printed(/^Admin key {4}(\S+)\n/m)

function greeting(address: string, place: string, key?: string): string {
  const keyLines = key === undefined ? '' : `Admin key    ${key}\n             (shown this once; keep it)\n`
  return `First Call   ${address}\nDescription  ${address}/docs\nData         ${place}\n${keyLines}`
}

const greetingOfAll = (address: string, place: string): string =>
  `First Call   ${address}\n             (and every other address of this machine, for all who can reach it)\n` +
  `Description  ${address}/docs (with the key)\nData         ${place}\n`

async function namesOfContacts(address: string, key: string): Promise<string[]> {
  const response = await fetch(`${address}/api/crm/contacts`, { headers: { authorization: `Bearer ${key}` } })
  expect(response.status).toBe(200)
  const { data } = (await response.json()) as { data: { name: string }[] }
  return data.map(({ name }) => name).sort()
}

/** Begins to make a contact: the service has taken the request and waits for its body, which `finish` sends. */
async function beginContact(address: string, key: string, name: string): Promise<{ finish(): Promise<number> }> {
  const body = JSON.stringify({ name })
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    expect: '100-continue',
  }
  const agent = new http.Agent({ keepAlive: true })
  const request = http.request(`${address}/api/crm/contacts`, { method: 'POST', agent, headers })
  request.on('error', () => undefined)
  request.flushHeaders()
  await once(request, 'continue')
  return {
    finish: async () => {
      request.end(body)
      const [response] = (await once(request, 'response')) as [http.IncomingMessage]
      await once(response.resume(), 'end')
      return response.statusCode ?? 0
    },
  }
}

async function makeContact(address: string, key: string, name: string): Promise<void> {
  const { finish } = await beginContact(address, key, name)
  expect(await finish()).toBe(201)
}

/** A server that takes connections and never says a word. */
async function listenSilently(): Promise<{ port: number; close: () => void }> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  return { port, close: () => server.close() }
}

describe.concurrent('the process of the service', () => {
  test('tells every fault of the configuration, and makes nothing', async ({ start, dataDir }) => {
    const faulty = {
      PORT: '99999',
      DATABASE_URL: `mysql://user:${PASSWORD}@host/database`,
      DATABASE_POOLER: 'perhaps',
      LOG_LEVEL: 'loud',
      DEFAULT_COUNTRY: 'Spain',
      BOOTSTRAP_API_KEY: 'too-short-a-key',
    }
    const { code, stdout, stderr } = await start(faulty).ended
    const [title, ...faults] = stderr.trimEnd().split('\n')
    expect({ code, stdout, title }).toEqual({ code: 1, stdout: '', title: 'The configuration has faults:' })
    expect(faults.map((fault) => /^ {2}([A-Z_]+) must \S.{10,}[^.]\.$/.exec(fault)?.[1])).toEqual(Object.keys(faulty))
    expect(stderr).not.toContain(PASSWORD)
    expect(stderr).not.toContain(faulty.BOOTSTRAP_API_KEY)
    expect(await exists(dataDir)).toBe(false)
  })

  test('says why a place cannot be its folder of data, and touches nothing', async ({ start, scratch }) => {
    const file = path.join(scratch, 'file')
    await writeFile(file, '', { mode: 0o600 })
    const places: [string, string | RegExp][] = [
      [file, `${file} is not a folder`],
      [path.join(file, 'below', 'it'), `${file} is not a folder`],
      ...(process.platform === 'linux'
        ? [['/proc/nope/data', /it cannot be made \(E[^)]+\)/] as [string, RegExp]]
        : []),
    ]
    for (const [place, reason] of places) {
      const { code, stdout, stderr } = await start({ DATA_DIR: place }).ended
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr.replace(reason, '…')).toBe(
        `First Call cannot start or go on: The data folder ${place} cannot be used: …. ` +
          'Set DATA_DIR to another folder, or set DATABASE_URL to a PostgreSQL 15 or newer.\n',
      )
    }
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('on every address of the machine it says that others reach it', async ({ start }) => {
    const server = inject('server')
    const { connection, drop } = await createTestDatabase()
    try {
      const name = 'database' in connection ? connection.database : ''
      const place = `the database "${name}" of the PostgreSQL at ${server.host}, port ${server.port}`
      for (const HOST of ['0.0.0.0', '::']) {
        const service = start({ HOST, DATABASE_URL: urlWithParameters(server, name), BOOTSTRAP_API_KEY: KEY })
        const address = await addressOf(service)
        expect((await fetch(`${address}/healthz`)).status).toBe(200)
        service.kill('SIGTERM')
        expect(await service.ended).toEqual({ code: 0, stdout: greetingOfAll(address, place) + STOPPING, stderr: '' })
      }
    } finally {
      await drop()
    }
  })

  test('brings its database along, from a start that fails to one after a hasty stop', async ({ start, dataDir }) => {
    const { port, close } = await listenSilently()
    const failed = await start({ PORT: String(port) }).ended
    close()
    expect(failed).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `First Call cannot start or go on: port ${port} of 127.0.0.1 is taken, perhaps by another First Call. ` +
        'Stop that, or set PORT to another port.\n',
    })
    expect(await exists(path.join(dataDir, 'postgres', 'PG_VERSION'))).toBe(true)
    expect(await postgresOf(dataDir)).toBeNull()

    const first = start()
    const firstAddress = await addressOf(first)
    const key = await keyOf(first)
    expect(key).toMatch(/^fc_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/)
    expect((await fetch(`${firstAddress}/docs`)).status).toBe(200)
    await makeContact(firstAddress, key, 'Ana')
    const underWay = await beginContact(firstAddress, key, 'Luis')
    const firstStoppedAt = performance.now()
    first.kill('SIGINT')
    await first.printed(/^(Stopping)/m)
    // The same keystroke, passed on by npm.
    first.kill('SIGINT')
    expect(await underWay.finish()).toBe(201)
    expect(await first.ended).toEqual({
      code: 0,
      stdout: greeting(firstAddress, dataDir, key) + STOPPING,
      stderr: '',
    })
    expect(performance.now() - firstStoppedAt).toBeLessThan(LAST_REQUESTS_MS)
    expect(await postgresOf(dataDir)).toBeNull()

    const second = start()
    const secondAddress = await addressOf(second)
    expect(await namesOfContacts(secondAddress, key)).toEqual(['Ana', 'Luis'])
    await beginContact(secondAddress, key, 'Nobody')
    second.kill('SIGTERM')
    await second.printed(/^(Stopping)/m)
    await wait(ONE_KEYSTROKE_MS)
    second.kill('SIGTERM')
    expect(await second.ended).toEqual({ code: 143, stdout: greeting(secondAddress, dataDir) + STOPPING, stderr: '' })

    const third = start()
    const thirdAddress = await addressOf(third)
    expect(await namesOfContacts(thirdAddress, key)).toEqual(['Ana', 'Luis'])
    // As browsers do, to have it at hand.
    const unused = net.connect(Number(new URL(thirdAddress).port), '127.0.0.1')
    await once(unused, 'connect')
    const thirdStoppedAt = performance.now()
    third.kill('SIGTERM')
    expect(await third.ended).toEqual({ code: 0, stdout: greeting(thirdAddress, dataDir) + STOPPING, stderr: '' })
    expect(performance.now() - thirdStoppedAt).toBeLessThan(LAST_REQUESTS_MS)
    unused.destroy()
    expect(await postgresOf(dataDir)).toBeNull()
  })

  test('stopped while it starts for the first time, it stops in order and shows its key', async ({
    start,
    scratch,
    dataDir,
  }) => {
    const watcher = watch(scratch)
    const dataDirMade = once(watcher, 'change')
    const service = start()
    await dataDirMade
    watcher.close()
    service.kill('SIGTERM')
    const address = await addressOf(service)
    const key = await keyOf(service)
    expect(await service.ended).toEqual({ code: 0, stdout: STOPPING + greeting(address, dataDir, key), stderr: '' })
    expect(await postgresOf(dataDir)).toBeNull()
  })

  test('uses the database that is given to it, and never shows its password', async ({ start, dataDir }) => {
    const server = inject('server')
    const name = `${server.template}_start_${randomUUID().slice(0, 8)}`
    await withAdmin(server, (client) => client.query(`create database ${name}`))
    try {
      const place = `the database "${name}" of the PostgreSQL at ${server.host}, port ${server.port}`
      // Both at once: one migrates.
      const one = start({ DATABASE_URL: urlWithHost(server, name) })
      const other = start({ DATABASE_URL: urlWithParameters(server, name), BOOTSTRAP_API_KEY: KEY })
      const oneAddress = await addressOf(one)
      const otherAddress = await addressOf(other)
      const key = await keyOf(one)
      await makeContact(oneAddress, key, 'Ana')
      expect(await namesOfContacts(otherAddress, KEY)).toEqual(['Ana'])

      await beginContact(oneAddress, key, 'Nobody')
      const stoppedAt = performance.now()
      one.kill('SIGTERM')
      other.kill('SIGINT')
      expect(await other.ended).toEqual({ code: 0, stdout: greeting(otherAddress, place) + STOPPING, stderr: '' })
      // Whoever does not send the rest of a request holds it up for a while only.
      expect(await one.ended).toEqual({ code: 0, stdout: greeting(oneAddress, place, key) + STOPPING, stderr: '' })
      expect(performance.now() - stoppedAt).toBeGreaterThan(LAST_REQUESTS_MS - 500)
      expect(performance.now() - stoppedAt).toBeLessThan(10_000)
      expect(await exists(dataDir)).toBe(false)
    } finally {
      await withAdmin(server, (client) => client.query(`drop database ${name} with (force)`))
    }
  })

  test('says where the database is that it cannot reach, and what to do', async ({ start, dataDir }) => {
    const { port, close } = await listenSilently()
    const [refused, silent] = await Promise.all([
      start({ DATABASE_URL: `postgres:///one?host=localhost&port=1&user=user&password=${PASSWORD}` }).ended,
      start({ DATABASE_URL: `postgres://user:${PASSWORD}@127.0.0.1:${port}/two` }).ended,
    ])
    close()
    const advice =
      'Start it or mend DATABASE_URL, or leave DATABASE_URL out: then First Call starts a PostgreSQL of its own.\n'
    const sentence = (place: string, reason: string) =>
      `First Call cannot start or go on: ${place} cannot be used (${reason}). ${advice}`
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/ECONNREFUSED 127\.0\.0\.1:1/),
    })
    expect(refused.stderr.replace(/\(connect .*\)/, '(why)')).toBe(
      sentence('the database "one" of the PostgreSQL at localhost, port 1', 'why'),
    )
    expect(silent).toEqual({
      code: 1,
      stdout: '',
      stderr: sentence(`the database "two" of the PostgreSQL at 127.0.0.1, port ${port}`, 'timeout expired'),
    })
    expect(await exists(dataDir)).toBe(false)
  })
})

/** The password counts only where the server asks for one: a planted one shows whether it is printed. */
function urlWithHost({ host, port, user, password = PASSWORD }: ServerAddress, name: string): string {
  const [safeUser, safePassword, safeHost] = [user, password, host].map(encodeURIComponent)
  return `postgres://${safeUser}:${safePassword}@${safeHost}:${port}/${name}`
}

function urlWithParameters(server: ServerAddress, name: string): string {
  return urlTo(connectionTo({ ...server, password: server.password ?? PASSWORD }, name))
}

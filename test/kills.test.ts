import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { sweepInbox } from '../src/inbox/inbox.ts'
import { tellFigures } from './figures.ts'
import { urlTo } from './postgres.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase } from './service.ts'
import { signedNotification } from './zadarma-server.ts'

/* R11: what was answered is stored, whatever happens to the process then. */

/** Short here; more by `npm run chaos`. */
const KILLS = Number(process.env.R11_KILLS ?? 3)
const NOTIFICATIONS = Number(process.env.R11_NOTIFICATIONS ?? 40)
const SECRET = 'the-secret-of-the-pbx'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})

afterAll(() => database.drop())

/** Runs a server, notifies it from many connections at once, and kills it as soon as a few are answered. */
async function answeredBeforeKill(command: readonly string[], databaseUrl: string): Promise<string[]> {
  const server = spawn(process.execPath, command, {
    cwd: command[0] === 'dist/main.js' ? inject('built') : path.resolve(import.meta.dirname, '..'),
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      DATABASE_URL: databaseUrl,
      BOOTSTRAP_API_KEY: KEY,
      ZADARMA_SECRET: SECRET,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(server, 'close')
  let printed = ''
  for await (const chunk of server.stdout) {
    printed += chunk
    if (/http:\/\/\S+:\d+/.test(printed)) break
  }
  const [address = ''] = /http:\/\/[\w.]+:\d+/.exec(printed) ?? []
  const killAfter = 1 + Math.floor(Math.random() * NOTIFICATIONS * 0.7)
  const answered: string[] = []
  await Promise.all(
    Array.from({ length: NOTIFICATIONS }, async () => {
      const { body, headers } = signedNotification(anyEnd(), SECRET)
      const url = `${address}/api/zadarma/webhook`
      const response = await fetch(url, { method: 'POST', body, headers }).catch(() => null)
      if (response?.status !== 200) return
      answered.push(body)
      if (answered.length === killAfter) server.kill('SIGKILL')
    }),
  )
  server.kill('SIGKILL')
  await ended
  return answered
}

function anyEnd() {
  const hash = createHash('sha1').update(randomUUID()).digest('hex')
  return {
    event: 'NOTIFY_OUT_END',
    call_start: '2026-03-02 10:15:00',
    pbx_call_id: `out_${hash}`,
    destination: `346${String(10_000_000 + Math.floor(Math.random() * 89_999_999))}`,
    internal: '101',
    duration: '0',
    disposition: 'busy',
    is_recorded: '0',
    remark: 'ñ & 100 %',
  }
}

async function missingIn(databaseUrl: string, answered: readonly string[]): Promise<string[]> {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  // What the killed process had sent may still be written.
  await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`)
  const { rows } = await client.query<{ body: Buffer }>('select body from inbox')
  await client.end()
  const stored = new Set(rows.map(({ body }) => body.toString('utf8')))
  return answered.filter((body) => !stored.has(body))
}

it(
  `${KILLS} kills lose no notification that was answered, and each is a call afterwards`,
  async () => {
    const url = urlTo(database.connection)
    const answered: string[] = []
    for (let kill = 0; kill < KILLS; kill++) answered.push(...(await answeredBeforeKill(['dist/main.js'], url)))
    tellFigures('R11', `${answered.length} notifications answered before ${KILLS} kills`)
    expect(answered.length).toBeGreaterThanOrEqual(KILLS)
    expect(await missingIn(url, answered)).toEqual([])
    const service = await createTestService(database)
    await service.sql(`update inbox set due_at = now() - interval '1 second' where due_at is not null`)
    while ((await sweepInbox(service.inbox)) > 0);
    const ids = answered.map((body) => new URLSearchParams(body).get('pbx_call_id'))
    const [found] = await service.sql<{ calls: number }>(
      'select count(*)::int as calls from calls where provider_call_id = any($1)',
      [ids],
    )
    expect(found?.calls).toBe(answered.length)
    await service.close()
  },
  KILLS * 20_000 + 40_000,
)

it('(control) a server that answers first and stores then loses some', async () => {
  const url = urlTo(database.connection)
  const answered: string[] = []
  for (let kill = 0; kill < 3; kill++) answered.push(...(await answeredBeforeKill(['test/answers-first.mjs'], url)))
  const missing = await missingIn(url, answered)
  tellFigures('R11', `${missing.length} of ${answered.length} answered notifications are lost by 3 kills`, true)
  expect(missing).not.toEqual([])
})

import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tellFigures } from '../figures.ts'
import { urlTo } from '../postgres.ts'
import { createTestDatabase, type TestDatabase } from '../service.ts'
import { signedNotification } from '../zadarma-server.ts'
import { Fleet } from './fleet.ts'
import { EVERYDAY, load, makeLeads } from './load.ts'
import { chanceFor, drained, judge, newRecorder, startServices } from './stage.ts'

/* R20: three servers, of which one is 26 hours ahead and one 26 hours behind, each in another zone. */

const SECONDS = Number(process.env.R20_SECONDS ?? 6)
const HOUR_MS = 3_600_000
const PRELOAD = new URL('clock.mjs', import.meta.url).pathname
const SERVERS = [
  { TZ: 'Europe/Madrid', CLOCK_SHIFT_MS: '0' },
  { TZ: 'Pacific/Kiritimati', CLOCK_SHIFT_MS: String(26 * HOUR_MS) },
  { TZ: 'America/St_Johns', CLOCK_SHIFT_MS: String(-26 * HOUR_MS) },
]
const SECRET = 'the-secret-of-the-pbx'

let database: TestDatabase
let direct: pg.Client
let fleet: Fleet

const wrongly = (program: string) => ({
  program: ['--import', PRELOAD, program],
  envOf: (place: number) => SERVERS[place] ?? {},
})

beforeAll(async () => {
  database = await createTestDatabase()
  direct = new pg.Client(database.connection)
  await direct.connect()
  const env = { DATABASE_URL: urlTo(database.connection), ZADARMA_SECRET: SECRET }
  fleet = await startServices(3, env, wrongly('dist/main.js'))
})

afterAll(async () => {
  await fleet.close()
  await direct.end()
  await database.drop()
})

it('R20: the clocks are wrong indeed', async () => {
  const told = await Promise.all(
    SERVERS.map(async (env) => {
      const args = ['--import', PRELOAD, '-p', 'Date.now()']
      const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } })
      return Math.floor((Number(stdout) - Date.now()) / HOUR_MS + 0.5)
    }),
  )
  expect(told).toEqual([0, 26, -26])
})

describe('R20: servers whose clocks are 26 hours ahead and behind', () => {
  it('number the attempts of a load in order, and leave nothing wrong', async () => {
    const recorder = newRecorder()
    const around = { recorder, random: chanceFor('R20'), addresses: fleet.addresses }
    const leads = await makeLeads(around, 60)
    await load({
      ...around,
      leads,
      writers: 6,
      mix: EVERYDAY,
      greens: 0.1,
      signal: AbortSignal.timeout(SECONDS * 1_000),
    })
    const drainMs = await drained(fleet.address(0), database.connection)
    const { wrongs, sentence } = await judge(recorder, fleet.address(1))
    tellFigures(
      'R20',
      `${SECONDS} s, clocks at 0, + 26 h, − 26 h: ${sentence}; nothing pending after ${drainMs.toFixed()} ms`,
    )
    expect(wrongs.slice(0, 20)).toEqual([])
  })

  it.each([0, 1, 2])('wait no longer for a call that is pending: server %i alone', async (place) => {
    for (const other of [0, 1, 2]) await fleet.end(other, 'SIGTERM')
    await fleet.start(place)
    const recorder = newRecorder()
    const around = { recorder, random: chanceFor('R20'), addresses: () => [fleet.address(place)] }
    const [lead] = await makeLeads(around, 1)
    await direct.query('begin')
    await direct.query('select from lead_opportunities where id = $1 for update', [lead?.opportunityId])
    const body = { direction: 'outbound', entity_type: 'contacts', entity_id: lead?.contactId, extension: randomUUID() }
    const { answer } = await recorder.ask(fleet.address(place), { method: 'POST', path: '/api/crm/calls', body })
    expect(answer).toMatchObject({ attempt: { outcome: 'pending' } })
    await direct.query('commit')
    const since = performance.now()
    while ((await drainedOf(String(answer?.id))) !== 'registered') {
      expect(performance.now() - since, 'ms until it is registered').toBeLessThan(5_000)
      await wait(20)
    }
    tellFigures(
      'R20',
      `a pending call is registered ${(performance.now() - since).toFixed()} ms after its lock, by server ${place}`,
    )
    for (const other of [0, 1, 2]) if (other !== place) await fleet.start(other)
  })

  it.each([
    ['in summer', '2026-07-01 12:00:00', '2026-07-01T10:00:00.000Z'],
    ['in winter', '2026-01-15 12:00:00', '2026-01-15T11:00:00.000Z'],
    ['a minute before the clocks go forward', '2026-03-29 01:59:00', '2026-03-29T00:59:00.000Z'],
    ['in the hour that is skipped', '2026-03-29 02:30:00', '2026-03-29T01:30:00.000Z'],
    ['a minute after the clocks went forward', '2026-03-29 03:01:00', '2026-03-29T01:01:00.000Z'],
    ['before the hour that is repeated', '2026-10-25 01:30:00', '2026-10-24T23:30:00.000Z'],
    ['after the hour that is repeated', '2026-10-25 03:30:00', '2026-10-25T02:30:00.000Z'],
  ])("read the PBX's time in its own zone, %s", async (_, call_start, expected) => {
    const starts = await Promise.all(
      fleet.addresses().map(async (address) => {
        const pbx_call_id = `out_${createHash('sha1').update(randomUUID()).digest('hex')}`
        const fields = { event: 'NOTIFY_OUT_END', call_start, pbx_call_id, destination: '34600123456', internal: '101' }
        const sent = signedNotification({ ...fields, duration: '0', disposition: 'busy' }, SECRET)
        const response = await fetch(`${address}/api/zadarma/webhook`, { method: 'POST', ...sent })
        expect(response.status).toBe(200)
        return await startOf(pbx_call_id)
      }),
    )
    expect(starts).toEqual([expected, expected, expected])
  })
})

async function drainedOf(callId: string): Promise<string> {
  const { rows } = await direct.query('select outcome from calls where id = $1', [callId])
  return rows[0].outcome
}

async function startOf(pbxCallId: string): Promise<string | null> {
  for (const deadline = performance.now() + 10_000; performance.now() < deadline; await wait(20)) {
    const { rows } = await direct.query('select started_at from calls where provider_call_id = $1', [pbxCallId])
    if (rows[0] !== undefined) return rows[0].started_at.toISOString()
  }
  return null
}

it('(control) R20: servers that go by their own clocks are found out', async () => {
  await direct.query('truncate calls, lead_opportunities cascade')
  const recorder = newRecorder()
  const around = { recorder, random: chanceFor('R20') }
  const leads = await makeLeads({ ...around, addresses: fleet.addresses }, 60)
  const env = { DATABASE_URL: urlTo(database.connection) }
  const naive = await Fleet.start({ size: 3, cwd: process.cwd(), env, ...wrongly('test/chaos/naive.mjs') })
  const mix = { ...EVERYDAY, change: 0, move: 0, delete: 0 }
  await load({ ...around, addresses: naive.addresses, leads, writers: 6, mix, signal: AbortSignal.timeout(1_500) })
  await naive.close()
  const { wrongs, sentence } = await judge(recorder, fleet.address(0))
  tellFigures('R20', sentence, true)
  expect(wrongs.filter((wrong) => wrong.includes('B4')).length).toBeGreaterThan(0)
})

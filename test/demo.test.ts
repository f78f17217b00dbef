import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chanceOf } from '../src/demo/chance.ts'
import { type FillOptions, fill } from '../src/demo/fill.ts'
import { callLive } from '../src/demo/live.ts'
import { drawMonth } from '../src/demo/month.ts'
import { TEAM } from '../src/demo/people.ts'
import { type Service, serviceAt } from '../src/demo/service.ts'
import { commandLineOn } from './command-line.ts'
import { openBrowser } from './people.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'

const NOW = Date.UTC(2026, 10, 20, 16)
const NO_SERVER = { isTlsFromStart: false, isTlsNeeded: false, user: null, password: null }
const PASSWORD = 'demo of somebody who looks'

let folder: string
let database: TestDatabase
let service: TestService
let asked: Service
let address: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'demo-'))
  database = await createTestDatabase()
  service = await createTestService({
    ...database,
    recordingsDir: path.join(folder, 'recordings'),
    mailsDir: path.join(folder, 'mails'),
  })
  await service.app.listen({ host: '127.0.0.1', port: 0 })
  address = `http://127.0.0.1:${(service.app.server.address() as AddressInfo).port}`
  asked = serviceAt(address, KEY)
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

const optionsFor = (signal: AbortSignal): FillOptions => ({
  database: service.database,
  service: asked,
  publicUrl: address,
  leads: 30,
  seed: 7,
  now: NOW,
  password: PASSWORD,
  timezone: 'Europe/Madrid',
  recordings: 4,
  onStep: () => undefined,
  signal,
})

it('a month is the same for the same seed, but for ids', () => {
  const withoutIds = (text: string): string => text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '')
  const draw = (seed: number) => withoutIds(JSON.stringify(drawMonth(chanceOf(seed), 50, [0, 1], NOW)))
  expect(draw(1)).toBe(draw(1))
  expect(draw(1)).not.toBe(draw(2))
})

it('calls take place on weekdays and by day, up to this moment', () => {
  const calls = drawMonth(chanceOf(3), 300, [0], NOW).flatMap((lead) => lead.calls)
  expect(calls.length).toBeGreaterThan(300)
  for (const { startedAt, direction } of calls.filter((call) => call.direction === 'outbound')) {
    const date = new Date(startedAt)
    expect([date.getUTCDay(), direction]).not.toContain(0)
    expect(date.getUTCHours()).toBeGreaterThanOrEqual(8)
    expect(date.getUTCHours()).toBeLessThan(19)
    expect(startedAt).toBeLessThan(NOW)
  }
})

it('an empty service has a team, leads, attempts and recordings, and one can log in', async () => {
  const filled = await fill(optionsFor(new AbortController().signal))
  expect(filled).toMatchObject({ leads: 30, recordings: 4, agents: { length: 5 } })
  const { body: coverage } = await service.request('GET', '/api/crm/coverage')
  expect(coverage).toMatchObject({ pending: 0, contradictions: 0, share: 1 })
  expect(coverage.registered).toBeGreaterThan(20)
  const heard = await service.sql("select call_id from recordings where status = 'available' and call_id is not null")
  expect(heard).toHaveLength(4)
  const { email } = TEAM[0]
  const { status } = await openBrowser(service.app).post('/api/auth/sign-in/email', { email, password: PASSWORD })
  expect(status).toBe(200)
})

it('agents go on calling until they are stopped', async () => {
  const people = await service.sql<{ id: string }>("select id from users where role = 'agent' order by email limit 2")
  const stopping = new AbortController()
  let calls = 0
  await callLive({
    service: asked,
    chance: chanceOf(1),
    speed: 100,
    agents: people.map(({ id }) => id),
    onCall: () => {
      calls++
      stopping.abort()
    },
    signal: stopping.signal,
  })
  expect(calls).toBeGreaterThan(0)
  expect((await service.request('GET', '/api/crm/coverage')).body).toMatchObject({ contradictions: 0, share: 1 })
})

it('a demo that was interrupted goes on where it is begun again, and then everybody can log in', async () => {
  const own = await createTestDatabase()
  const data = path.join(folder, 'own')
  // Nobody has to be able to mail the made-up team its links.
  const mail = { smtp: { ...NO_SERVER, host: '127.0.0.1', port: 1 }, from: 'crm@example.com' }
  const at = await createTestService({
    ...own,
    recordingsDir: path.join(data, 'recordings'),
    mailsDir: path.join(data, 'mails'),
    people: { mail },
  })
  await at.app.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(at.app.server.address() as AddressInfo).port}`
  const run = commandLineOn(own, data)
  const demo = ['demo', '--leads', '40', '--url', url]
  const stopping = new AbortController()
  const stopped = run(demo, { signal: stopping.signal })
  while ((await at.sql('select from contacts limit 3')).length < 3);
  stopping.abort()
  expect((await stopped).stderr).toMatch(/Run first-call demo again, and it goes on/)
  const again = await run(demo)
  expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('A demo was begun before') })
  expect((await at.sql('select from contacts')).length).toBe(40)
  const password = /password (demo \w+) as/.exec(again.stdout)?.[1]
  for (const { email } of TEAM) {
    const { status } = await openBrowser(at.app).post('/api/auth/sign-in/email', { email, password })
    expect([email, status]).toEqual([email, 200])
  }
  expect(await run(demo)).toMatchObject({ code: 1, stderr: expect.stringContaining('is there already') })
  await at.close()
  await own.drop()
})

it('a database that has contacts of somebody else’s is left as it is', async () => {
  const own = await createTestDatabase()
  const at = await createTestService(own)
  await at.request('POST', '/api/crm/contacts', { name: 'Ana' })
  const { code, stderr } = await commandLineOn(own, path.join(folder, 'other'))(['demo'])
  expect([code, stderr]).toEqual([1, expect.stringContaining('for an empty one')])
  expect(await at.sql('select from users')).toEqual([])
  await at.close()
  await own.drop()
})

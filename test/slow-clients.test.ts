import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { PATIENCE, type Patience } from '../src/http/connections.ts'
import { urlTo } from './postgres.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'
import { SLOW } from './slow-clients.ts'
import { startCommand } from './start-command.ts'

/* S5: who is slow is cut off, and nobody else notices. With the patience of a service that has little of it. */

const IMPATIENT: Patience = { headersMs: 400, requestMs: 800, paceMs: 400, lookEveryMs: 100, connections: 2_000 }
/** So many of each kind besiege the service as an operator runs it, for as long as it bears them; 0: it is left out. */
const BESIEGERS = Number(process.env.S5_CLIENTS ?? 0)
/** So long a client is left to hear why. */
const LINGER_MS = 1_000
/** On a machine that has much else to do. */
const LATER_MS = 10_000
const PACE_MS = 50

let database: TestDatabase
const services: TestService[] = []

beforeAll(async () => {
  database = await createTestDatabase()
})

afterAll(async () => {
  for (const service of services) {
    service.app.server.closeAllConnections()
    await service.close()
  }
  await database.drop()
})

async function serve(patience: Patience): Promise<TestService & { port: number }> {
  const service = await createTestService({ ...database, edge: { patience } })
  services.push(service)
  await service.app.listen({ host: '127.0.0.1', port: 0 })
  return { ...service, port: (service.app.server.address() as net.AddressInfo).port }
}

const authorization = `Bearer ${KEY}`

it('by default, nobody who is too slow is there for half a minute', () => {
  const { headersMs, requestMs, paceMs, lookEveryMs } = PATIENCE
  // A look finds that it is slow, and one more that it has remained so.
  const longest = Math.max(headersMs + lookEveryMs, requestMs + lookEveryMs, paceMs + 2 * lookEveryMs) + LINGER_MS
  expect(longest).toBeLessThan(30_000)
})

it('whoever is slow is cut off, whatever it is that it does slowly; all others are answered meanwhile', async () => {
  const { port } = await serve(IMPATIENT)
  // The control, at the same time: with more patience, each of them is still there.
  const { port: patient } = await serve({ ...PATIENCE, lookEveryMs: IMPATIENT.lookEveryMs })
  const spared = Object.values(SLOW).map((begin) => begin({ port: patient, authorization }, PACE_MS))
  const clients = Object.entries(SLOW).flatMap(([what, begin]) =>
    Array.from({ length: 3 }, () => ({ what, client: begin({ port, authorization }, PACE_MS) })),
  )
  let slowest = 0
  let isOver = false
  const asking = (async () => {
    while (!isOver) {
      const since = performance.now()
      expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
      slowest = Math.max(slowest, performance.now() - since)
      await pause(20)
    }
  })()
  const lasted = await Promise.all(
    clients.map(async ({ what, client }) => [what, await client.lasted(LATER_MS), client.answer().slice(0, 12)]),
  )
  isOver = true
  await asking
  expect(lasted.filter(([, ms]) => ms === null)).toEqual([])
  expect(slowest).toBeLessThan(500)
  for (const client of spared) {
    expect(await client.lasted(0)).toBeNull()
    client.leave()
  }
  const late = clients.filter(({ what }) => what === 'never ends its head')
  for (const { client } of late) expect(client.answer()).toMatch(/^HTTP\/1\.1 408 [\s\S]*application\/problem\+json/)
})

describe('where all connections are in use', () => {
  const connections = 20

  it('the oldest that ask for nothing make room, and those whose request never comes whole', async () => {
    const { port } = await serve({ ...PATIENCE, connections })
    for (const what of ['says nothing', 'never ends its body']) {
      const begin = SLOW[what]
      const clients = Array.from({ length: connections }, () => begin?.({ port, authorization }, PACE_MS))
      await pause(200)
      expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
      const lasted = await Promise.all(clients.map((client) => client?.lasted(100)))
      expect(lasted.filter((ms) => ms !== null).length).toBeGreaterThan(0)
      for (const client of clients) client?.leave()
    }
  })

  it('whoever is being answered keeps its own', async () => {
    const { port, app } = await serve({ ...PATIENCE, connections })
    const asked = once(app.server, 'request')
    const client = SLOW['takes nothing of its answer']?.({ port, authorization }, PACE_MS)
    await asked
    const silent = Array.from({ length: 2 * connections }, () => SLOW['says nothing']?.({ port, authorization }, 0))
    const lasted = await Promise.all(silent.map((one) => one?.lasted(300)))
    expect(lasted.filter((ms) => ms !== null).length).toBeGreaterThanOrEqual(connections)
    expect(await client?.lasted(0)).toBeNull()
    for (const one of [client, ...silent]) one?.leave()
  })
})

if (BESIEGERS > 0) {
  it(`${BESIEGERS} of each kind, and bodies that are too large, too deep and too many, cost the service little`, async () => {
    const url = urlTo(database.connection)
    const env = { PATH: process.env.PATH, PORT: '0', BOOTSTRAP_API_KEY: KEY, DATABASE_URL: url, LOG_LEVEL: 'warn' }
    const { options, script } = await startCommand()
    const service = spawn(process.execPath, [...options, script], { cwd: inject('built'), env })
    let printed = ''
    for await (const chunk of service.stdout) {
      printed += chunk
      if (/First Call +http.+\n/.test(printed)) break
    }
    const port = Number(/:(\d+)\n/.exec(printed)?.[1])
    const memory = async (): Promise<number> =>
      Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${service.pid}/status`, 'utf8'))?.[1]) / 1024
    const post = (body: string) =>
      fetch(`http://127.0.0.1:${port}/api/crm/calls`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body,
      }).then(
        ({ status }) => status,
        () => 'cut',
      )
    for (let warm = 0; warm < 2_000; warm++) await post('{"direction":"inbound"}')
    const before = await memory()
    const since = performance.now()
    const lasted = Object.values(SLOW).flatMap((begin) =>
      Array.from({ length: BESIEGERS }, () => begin({ port, authorization }, 1_000).lasted(60_000)),
    )
    const bodies = [
      ' '.repeat(2 * 1024 * 1024),
      `{${Array.from({ length: 100_000 }, (_, n) => `"${n}":1`).join(',')}}`,
      '['.repeat(10_000) + ']'.repeat(10_000),
    ]
    let [slowest, asked] = [0, 0]
    const answers = new Set<number | string>()
    let isOver = false
    const asking = (async () => {
      while (!isOver) {
        const at = performance.now()
        expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
        slowest = Math.max(slowest, performance.now() - at)
        answers.add(await post(bodies[asked++ % bodies.length] ?? ''))
        await pause(50)
      }
    })()
    const all = await Promise.all(lasted)
    isOver = true
    await asking
    const longest = Math.max(...all.map((ms) => ms ?? Number.POSITIVE_INFINITY))
    const more = (await memory()) - before
    const seconds = (performance.now() - since) / 1_000
    console.log({ clients: all.length, longest, slowest, asked, answers: [...answers], before, more, seconds })
    service.kill('SIGTERM')
    await once(service, 'close')
    expect(longest).toBeLessThan(30_000)
    expect(slowest).toBeLessThan(500)
    expect(more).toBeLessThan(150)
    expect([...answers].sort()).toEqual([413, 422])
  }, 120_000)
}

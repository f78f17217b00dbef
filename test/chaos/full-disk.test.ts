import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, open, realpath, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { expect, inject, it } from 'vitest'
import { isRoot, runAs } from '../../src/database/embedded-account.ts'
import { tellFigures } from '../figures.ts'
import { KEY } from '../service.ts'

const MIB = 1024 * 1024

/** Room for the database, and for its programs where its account cannot reach ours. */
const DISK_MIB = 320
const BACK_WITHIN_MS = 30_000
/** Two seconds (R12), and what a busy machine adds. */
const ANSWERED_WITHIN_MS = 4_000
const CALLERS = 8

interface Sent {
  sentAt: number
  ms: number
  /** Null: no answer. */
  status: number | null
  retryAfter: string | null
  id: string
}

/** Only root can mount, and not everywhere. */
async function canMount(): Promise<boolean> {
  if (!isRoot()) return false
  const folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-disk-'))
  const { succeeded } = await mountSmallDisk(folder)
  if (succeeded) await runAs(undefined, 'umount', [folder])
  await rm(folder, { recursive: true })
  return succeeded
}

const mountSmallDisk = (folder: string) =>
  runAs(undefined, 'mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m,mode=755`, 'tmpfs', folder])

/** A small disk of its own, for as long as something is done on it. */
async function onSmallDisk(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'first-call-disk-')))
  expect(await mountSmallDisk(folder)).toMatchObject({ succeeded: true })
  try {
    await act(folder)
  } finally {
    await runAs(undefined, 'umount', ['-l', folder])
    await rm(folder, { recursive: true })
  }
}

/** Takes all room that is left. */
async function fill(file: string): Promise<void> {
  const handle = await open(file, 'w')
  try {
    for (let size = MIB; size >= 512; ) {
      const { bytesWritten } = await handle.write(Buffer.alloc(size)).catch(() => ({ bytesWritten: 0 }))
      if (bytesWritten < size) size = Math.floor(size / 2)
    }
  } finally {
    await handle.close()
  }
}

async function post(address: string): Promise<Sent> {
  const id = randomUUID()
  const sentAt = performance.now()
  const sent = (status: number | null, retryAfter: string | null): Sent => {
    return { sentAt, ms: performance.now() - sentAt, status, retryAfter, id }
  }
  try {
    const response = await fetch(`${address}/api/crm/calls`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id, direction: 'outbound', call_result: randomUUID().repeat(50) }),
    })
    await response.arrayBuffer()
    return sent(response.status, response.headers.get('retry-after'))
  } catch {
    return sent(null, null)
  }
}

async function until(isSo: () => boolean, withinMs: number, what: string): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`)
    await wait(20)
  }
}

/** The next piece of its log finds no room: PostgreSQL ends, and cannot begin again. The calls may have brought it there. */
async function writeMoreThanFits(connection: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(connection)
  client.on('error', () => undefined)
  const writing = client
    .connect()
    .then(() => client.query(`select pg_logical_emit_message(false, '', repeat('.', ${40 * MIB}))`))
  await expect(writing).rejects.toThrow()
  await client.end().catch(() => undefined)
}

it.skipIf(!(await canMount()))(
  'R18: on a full disk calls are refused with 503, and taken again once there is room; none that was taken is lost',
  () =>
    onSmallDisk(async (folder) => {
      const dataDir = path.join(folder, 'data')
      const ballast = path.join(folder, 'ballast')
      const env = { PATH: process.env.PATH, DATA_DIR: dataDir, PORT: '0', BOOTSTRAP_API_KEY: KEY, LOG_LEVEL: 'warn' }
      const service = spawn(process.execPath, ['dist/main.js'], { cwd: inject('built'), env })
      let output = ''
      for (const stream of [service.stdout, service.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => {
          output += text
        })
      }
      const ended = once(service, 'close')
      try {
        await until(() => output.includes('First Call   '), 20_000, 'the start')
        const [, address = ''] = /First Call {3}(\S+)/.exec(output) ?? []
        const sent: Sent[] = []
        let isOver = false
        const callers = Array.from({ length: CALLERS }, async () => {
          while (!isOver) {
            const answer = await post(address)
            sent.push(answer)
            // Fifty refusals a second tell as much as thousands.
            if (answer.status !== 201) await wait(20)
          }
        })
        const isAnswered = (status: number, since: number): boolean =>
          sent.some((one) => one.status === status && one.sentAt > since)

        await until(() => isAnswered(201, 0), 5_000, 'the first call')
        await fill(ballast)
        const fullAt = performance.now()
        await until(() => isAnswered(503, fullAt), 15_000, 'a refusal')
        const connection = { host: path.join(dataDir, 'postgres'), port: 5432, user: 'first_call' }
        await writeMoreThanFits({ ...connection, database: 'first_call' })
        await until(() => /connecting again.*No space left on device/s.test(output), 15_000, 'the end of PostgreSQL')
        expect((await fetch(`${address}/healthz`)).status).toBe(200)

        await rm(ballast)
        const roomAt = performance.now()
        await until(() => isAnswered(201, roomAt), BACK_WITHIN_MS, 'a call after there is room')
        const backMs = performance.now() - roomAt
        isOver = true
        await Promise.all(callers)

        expect(new Set(sent.map(({ status }) => status))).toEqual(new Set([201, 503]))
        expect(sent.filter(({ status, retryAfter }) => (status === 503) !== (retryAfter === '1'))).toEqual([])
        expect(Math.max(...sent.map(({ ms }) => ms))).toBeLessThan(ANSWERED_WITHIN_MS)
        const count = (status: number): number => sent.filter((one) => one.status === status).length
        tellFigures(
          'R18',
          `full disk: ${count(201)} calls taken, ${count(503)} refused with 503, back ${backMs.toFixed()} ms after room`,
        )
        for (const { id } of sent.filter(({ status }) => status === 201)) {
          const stored = await fetch(`${address}/api/crm/calls/${id}`, { headers: { authorization: `Bearer ${KEY}` } })
          expect(stored.status).toBe(200)
        }
      } finally {
        service.kill('SIGTERM')
        await ended
      }
    }),
)

import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, open, realpath, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { isRoot, runAs } from '../src/database/embedded-account.ts'
import { KEY } from './service.ts'

const rootDir = path.resolve(import.meta.dirname, '..')
const MIB = 1024 * 1024

// ── R18: the disk is full ───────────────────────────────────────────────────────────────────────────────────────────

/** Room for the database, and for its programs where its account cannot reach ours. */
const DISK_MIB = 320
const BACK_WITHIN_MS = 30_000
const ANSWERED_WITHIN_MS = 2_500
const CALLERS = 8

interface Sent {
  sentAt: number
  ms: number
  /** Null: no answer. */
  status: number | null
  retryAfter: string | null
  id: string
}

/** A small disk of its own, for as long as something is done on it. */
async function onSmallDisk(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'first-call-disk-')))
  const mounted = await runAs(undefined, 'mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m,mode=755`, 'tmpfs', folder])
  try {
    expect(mounted).toMatchObject({ succeeded: true })
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

async function until(isSo: () => boolean | Promise<boolean>, withinMs: number, what: string): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`)
    await wait(20)
  }
}

describe('R18: the disk of the embedded PostgreSQL', () => {
  it.skipIf(!isRoot())('is full: 503, and back by itself once there is room, with every call that was taken', () =>
    onSmallDisk(async (folder) => {
      const dataDir = path.join(folder, 'data')
      const ballast = path.join(folder, 'ballast')
      const env = { PATH: process.env.PATH, DATA_DIR: dataDir, PORT: '0', BOOTSTRAP_API_KEY: KEY, LOG_LEVEL: 'warn' }
      const service = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], { cwd: rootDir, env })
      let output = ''
      for (const stream of [service.stdout, service.stderr])
        stream.setEncoding('utf8').on('data', (text) => {
          output += text
          if (process.env.ZZ) process.stdout.write(text.split('\n').filter((l: string) => !l.includes('did not take it')).map((l: string) => `${performance.now() | 0} ${l.replace(/"stack":"[^"]*"/g, '').slice(0, 500)}\n`).join(''))
        })
      const ended = once(service, 'close')
      const connection = { host: path.join(dataDir, 'postgres'), port: 5432, user: 'first_call', database: 'first_call' }
      try {
        await until(() => output.includes('First Call   '), 20_000, 'the start')
        const [, address = ''] = /First Call {3}(\S+)/.exec(output) ?? []
        const sent: Sent[] = []
        let isOver = false
        const callers = Array.from({ length: CALLERS }, async () => {
          while (!isOver) sent.push(await post(address))
        })
        const answered = (status: number, since: number): boolean =>
          sent.some((one) => one.status === status && one.sentAt > since)

        await until(() => answered(201, 0), 5_000, 'the first call')
        process.stdout.write(`${performance.now() | 0} filling\n`)
        await fill(ballast)
        process.stdout.write(`${performance.now() | 0} filled\n`)
        const fullAt = performance.now()
        await until(() => answered(503, fullAt), 15_000, 'a refusal')
        process.stdout.write(`first 503 after ${(performance.now() - fullAt).toFixed()} ms\n`)
        // The next piece of its log finds no room: PostgreSQL ends, and cannot begin again.
        const client = new pg.Client(connection)
        client.on('error', () => undefined)
        await client.connect()
        await client.query("select pg_logical_emit_message(false, '', repeat('.', 40000000))").catch((e) => process.stdout.write(e.message + '\n'))
        await client.end().catch(() => undefined)
        await wait(3_000)
        expect((await fetch(`${address}/healthz`)).status).toBe(200)
        await rm(ballast)
        const roomAt = performance.now()
        await until(() => answered(201, roomAt), BACK_WITHIN_MS, 'a call after there is room')
        process.stdout.write(`back after ${(performance.now() - roomAt).toFixed()} ms\n`)
        isOver = true
        await Promise.all(callers)
        const counts: Record<string, number> = {}
        for (const { status } of sent) counts[String(status)] = (counts[String(status)] ?? 0) + 1
        process.stdout.write(JSON.stringify(counts) + ' ' + Math.max(...sent.map((s) => s.ms)) + '\n')
      } finally {
        process.stdout.write(`${performance.now() | 0} stopping\n`)
        service.kill('SIGTERM')
        await ended
        process.stdout.write(`${performance.now() | 0} ended\n`)
      }
    }),
  )
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { hostileMails, largeAudio } from '../hostile-mails.ts'
import { audioName, buildMail } from '../mail-builder.ts'

/*
 * R22, measured: what one message costs the service that it is sent to, in a process of its own each time. Its memory is
 * told by the kernel, its event loop by itself. Run by `npm run bench:mail`; a word of a kind's name narrows it.
 */

const KEY = 'a-key-for-measuring-that-is-long-enough'
const rootDir = path.resolve(import.meta.dirname, '../..')
const AUDIO_MIB = 50

/** What is promised: of any message, and of one with a large recording. */
const MOST_MEMORY_MIB = 200
const MOST_LAG_MS = 200
const MOST_LAG_OF_AUDIO_MS = 50

interface Measured {
  kind: string
  result: string
  seconds: number
  /** The most memory beyond that of the idle service. */
  memoryMib: number
  lagMs: number
  /** The slowest answer to a call meanwhile. */
  callMs: number
}

/** The built service, with a database of its own. */
async function startService(dataDir: string) {
  const child = spawn(process.execPath, ['--import', path.join(import.meta.dirname, 'lag.mjs'), 'dist/main.js'], {
    cwd: rootDir,
    env: { PATH: process.env.PATH, PORT: '0', DATA_DIR: dataDir, BOOTSTRAP_API_KEY: KEY, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const lineWith = async (word: RegExp): Promise<string> => {
    for (;;) {
      const line = await Promise.race([once(lines, 'line'), once(lines, 'close').then(() => null)])
      if (line === null) throw new Error('the service has ended')
      const found = word.exec(String(line[0]))?.[1]
      if (found !== undefined) return found
    }
  }
  const address = await lineWith(/^First Call +(\S+)/)
  const status = async (name: string): Promise<number> => {
    const text = await readFile(`/proc/${child.pid}/status`, 'utf8')
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024
  }
  return {
    address,
    memory: () => status('VmRSS'),
    peakMemory: () => status('VmHWM'),
    /** From now on, the peak is that of what follows. */
    forgetPeak: () => writeFile(`/proc/${child.pid}/clear_refs`, '5'),
    lag: async () => {
      const told = lineWith(/^lag (\S+)/)
      child.kill('SIGUSR2')
      return Number(await told)
    },
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

const authorization = `Bearer ${KEY}`

async function postCall(address: string): Promise<number> {
  const startedAt = performance.now()
  const response = await fetch(`${address}/api/crm/calls`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: '{"direction":"outbound"}',
  })
  if (response.status !== 201) throw new Error(`a call was answered with ${response.status}`)
  await response.arrayBuffer()
  return performance.now() - startedAt
}

async function measure(kind: string, raw: Buffer): Promise<Measured> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'first-call-bench-'))
  const service = await startService(dataDir)
  try {
    for (let calls = 0; calls < 20; calls++) await postCall(service.address)
    await wait(1_500)
    const idle = await service.memory()
    await service.forgetPeak()
    await service.lag()
    const startedAt = performance.now()
    const request: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      headers: { authorization, 'content-type': 'message/rfc822' },
      body: Readable.toWeb(Readable.from(piecesOf(raw))) as unknown as NonNullable<RequestInit['body']>,
      duplex: 'half',
    }
    const sent = { isDone: false }
    const answering = fetch(`${service.address}/api/recordings/email`, request).finally(() => {
      sent.isDone = true
    })
    const calls: number[] = []
    while (!sent.isDone) {
      calls.push(await postCall(service.address))
      await wait(20)
    }
    const response = await answering
    const { result = '' } = (await response.json()) as { result?: string }
    return {
      kind,
      result: `${response.status} ${result}`,
      seconds: (performance.now() - startedAt) / 1_000,
      memoryMib: (await service.peakMemory()) - idle,
      lagMs: await service.lag(),
      callMs: Math.max(0, ...calls),
    }
  } finally {
    await service.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

function* piecesOf(raw: Buffer): Generator<Buffer> {
  for (let start = 0; start < raw.length; start += 64 * 1024) yield raw.subarray(start, start + 64 * 1024)
}

function* mails(): Generator<{ kind: string; raw: Buffer; mostLagMs: number }> {
  const audio = [{ name: audioName('1772442900.1'), bytes: largeAudio(AUDIO_MIB) }]
  yield { kind: `a recording of ${AUDIO_MIB} MB`, raw: buildMail({ audio }), mostLagMs: MOST_LAG_OF_AUDIO_MS }
  for (const mail of hostileMails({ audioMib: AUDIO_MIB })) yield { ...mail, mostLagMs: MOST_LAG_MS }
}

const [word = ''] = process.argv.slice(2)
let isBroken = false
process.stdout.write('message | answer | s | + MiB | event loop ms | slowest call ms\n')
for (const { kind, raw, mostLagMs } of mails()) {
  if (!kind.includes(word)) continue
  const { result, seconds, memoryMib, lagMs, callMs } = await measure(kind, raw)
  const isKept = memoryMib <= MOST_MEMORY_MIB && lagMs <= mostLagMs
  isBroken ||= !isKept
  const figures = [seconds.toFixed(1), memoryMib.toFixed(), lagMs.toFixed(), callMs.toFixed()].join(' | ')
  process.stdout.write(`${kind} | ${result} | ${figures}${isKept ? '' : '  ← more than is promised'}\n`)
}
process.exitCode = isBroken ? 1 : 0

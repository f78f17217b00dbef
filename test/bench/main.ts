import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import { startCommand } from '../start-command.ts'
import { type DataSize, fill } from './data.ts'
import { measureKeyCheck } from './key-check.ts'
import { measureLists } from './lists.ts'
import { measurePages } from './pages.ts'
import { type BenchDatabase, makeDatabase, startPostgres } from './postgres.ts'
import { report } from './report.ts'
import { runRounds, type Side } from './rounds.ts'
import { type ServerProcess, startOn, startService } from './service-process.ts'
import { measureSync } from './sync.ts'

const rootDir = path.resolve(import.meta.dirname, '../..')
const isQuick = process.argv.includes('--quick')

const LITTLE: DataSize = { opportunities: 10_000, calls: 30_000, untried: 0.9 }
const MUCH: DataSize = isQuick
  ? { opportunities: 20_000, calls: 60_000, untried: 0.3 }
  : { opportunities: 1_000_000, calls: 3_000_000, untried: 0.3 }
const SHOWN: DataSize = { opportunities: isQuick ? 5_000 : 100_000, calls: isQuick ? 15_000 : 300_000, untried: 0.3 }
const ROUNDS = isQuick ? 2 : 5
const SECONDS = isQuick ? 1 : 5
const LIST_REQUESTS = isQuick ? 10 : 200
const CONNECTIONS = [1, 16, 64]
const HISTORY = { contacts: isQuick ? 10_000 : 200_000, calls: 5 }

const stops: (() => Promise<unknown>)[] = []
const log = (text: string): void => void process.stderr.write(`${text}\n`)
const surroundings = { rootDir, stops, log }

/** Ends what was started, in reverse; once. */
async function stop(): Promise<void> {
  for (const stopPart of stops.splice(0).reverse()) await stopPart().catch((error: unknown) => log(String(error)))
}

async function main(): Promise<void> {
  const [loadBefore = 0] = os.loadavg()
  log('building')
  const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: rootDir, stdio: 'inherit' })
  if (built.status !== 0) throw new Error('the service could not be built')

  log('starting PostgreSQL')
  // One each: to make the little data anew again and again would bring the much data checkpoints that are not its own.
  const little = await makeDatabase(await startPostgres(surroundings), 'bench_little', surroundings)
  const much = await makeDatabase(await startPostgres(surroundings), 'bench_much', surroundings)

  log('making the data')
  const start = performance.now()
  await fill(little.client, LITTLE)
  await fill(much.client, MUCH)
  await much.client.query('checkpoint')
  log(`  ${((performance.now() - start) / 1_000).toFixed(0)} s`)

  const plain = await startPlain(little)
  const service = await startService(little, surroundings)
  const serviceOnMuch = await startService(much, surroundings)
  const sides: Side[] = [
    { contestant: 'plain', server: plain, ...little, size: LITTLE, connections: CONNECTIONS },
    { contestant: 'registering', server: service, ...little, size: LITTLE, connections: CONNECTIONS },
    { contestant: 'notifications', server: service, ...little, size: LITTLE, connections: [16, 64] },
    { contestant: 'registering, much data', server: serviceOnMuch, ...much, size: null, connections: [64] },
  ]
  const measured = await runRounds(sides, { rounds: ROUNDS, seconds: SECONDS, log })
  const peaks = await Promise.all([service.peakMemory(), serviceOnMuch.peakMemory()])
  const known = peaks.filter((peak) => peak !== null)

  log('key check')
  const keyCheck = await measureKeyCheck(little.url, little.key)

  log('lists')
  await much.client.query('vacuum analyze')
  await much.client.query('checkpoint')
  const lists = await measureLists(much.client, serviceOnMuch.address, much.key, LIST_REQUESTS)

  const facts = await machine(much.client)
  // The rest is out of the way by then.
  await stop()
  const shown = await makeDatabase(await startPostgres(surroundings), 'bench_pages', surroundings)
  const pages = await measurePages({ ...surroundings, database: shown, size: SHOWN, isQuick })
  await stop()
  const past = await makeDatabase(await startPostgres(surroundings), 'bench_history', surroundings)
  const history = await measureSync({ ...past, rootDir, log }, HISTORY)

  const page = report({
    machine: { ...facts, 'Load average before': loadBefore.toFixed(1) },
    date: new Date(),
    seconds: SECONDS,
    rounds: ROUNDS,
    little: LITTLE,
    much: MUCH,
    measured,
    peakMemory: known.length === 0 ? null : Math.max(...known),
    keyCheck,
    lists,
    history,
    pages,
  })
  process.stdout.write(page)
  if (!isQuick) await writeFile(path.join(rootDir, 'docs/performance.md'), page)
}

async function startPlain(database: BenchDatabase): Promise<ServerProcess> {
  const script = fileURLToPath(new URL('./plain-server.ts', import.meta.url))
  const { options } = await startCommand()
  // With what lets this process run TypeScript.
  return startOn(database, [...options, ...process.execArgv, script], surroundings)
}

async function machine(client: pg.Client): Promise<Record<string, string>> {
  const cpus = os.cpus()
  const { rows } = await client.query<{ server_version: string }>('show server_version')
  return {
    Processor: `${cpus[0]?.model ?? 'unknown'}, ${cpus.length} cores`,
    Memory: `${(os.totalmem() / 1024 ** 3).toFixed(0)} GB`,
    System: `${os.type()} ${os.release()}`,
    'Node.js': process.version,
    PostgreSQL: rows[0]?.server_version ?? 'unknown',
  }
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => void stop().finally(() => process.exit(code)))
}

main()
  .catch((error: unknown) => {
    log(error instanceof Error ? (error.stack ?? error.message) : String(error))
    process.exitCode = 1
  })
  .finally(stop)

import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { openDatabase } from '../../src/database/database.ts'
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../src/database/embedded.ts'
import { migrate } from '../../src/database/migrate.ts'
import { type DataSize, fill } from './data.ts'
import { measureLists } from './lists.ts'
import { report } from './report.ts'
import { runRounds, type Side } from './rounds.ts'
import { type ServerProcess, startServerProcess } from './service-process.ts'

const rootDir = path.resolve(import.meta.dirname, '../..')
const isQuick = process.argv.includes('--quick')

const LITTLE: DataSize = { opportunities: 10_000, calls: 30_000, untried: 0.9 }
const MUCH: DataSize = isQuick
  ? { opportunities: 20_000, calls: 60_000, untried: 0.3 }
  : { opportunities: 1_000_000, calls: 3_000_000, untried: 0.3 }
const ROUNDS = isQuick ? 2 : 5
const SECONDS = isQuick ? 1 : 5
const LIST_REQUESTS = isQuick ? 10 : 200
const CONNECTIONS = [1, 16, 64]

const key = `bench_${randomBytes(24).toString('hex')}`
const stops: (() => Promise<unknown>)[] = []
const log = (text: string): void => void process.stderr.write(`${text}\n`)

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
  const little = await makeDatabase(await startPostgres(), 'bench_little')
  const much = await makeDatabase(await startPostgres(), 'bench_much')

  log('making the data')
  const start = performance.now()
  await fill(little.client, LITTLE)
  await fill(much.client, MUCH)
  await much.client.query('checkpoint')
  log(`  ${((performance.now() - start) / 1_000).toFixed(0)} s`)

  const plain = await startPlain(little.url)
  const service = await startService(little.url)
  const serviceOnMuch = await startService(much.url)
  const sides: Side[] = [
    { contestant: 'plain', server: plain, client: little.client, size: LITTLE, connections: CONNECTIONS },
    { contestant: 'registering', server: service, client: little.client, size: LITTLE, connections: CONNECTIONS },
    { contestant: 'notifications', server: service, client: little.client, size: LITTLE, connections: [16, 64] },
    { contestant: 'registering, much data', server: serviceOnMuch, client: much.client, size: null, connections: [64] },
  ]
  const measured = await runRounds(sides, { key, rounds: ROUNDS, seconds: SECONDS, log })
  const peaks = await Promise.all([service.peakMemory(), serviceOnMuch.peakMemory()])
  const known = peaks.filter((peak) => peak !== null)

  log('lists')
  await much.client.query('vacuum analyze')
  await much.client.query('checkpoint')
  const lists = await measureLists(much.client, serviceOnMuch.address, key, LIST_REQUESTS)

  const page = report({
    machine: { ...(await machine(much.client)), 'Load average before': loadBefore.toFixed(1) },
    date: new Date(),
    seconds: SECONDS,
    rounds: ROUNDS,
    little: LITTLE,
    much: MUCH,
    measured,
    peakMemory: known.length === 0 ? null : Math.max(...known),
    lists,
  })
  process.stdout.write(page)
  if (!isQuick) await writeFile(path.join(rootDir, 'docs/performance.md'), page)
}

async function startPostgres(): Promise<EmbeddedDatabase['connection']> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'first-call-bench-'))
  stops.push(() => rm(dataDir, { recursive: true, force: true }))
  const embedded = await startEmbeddedDatabase({ dataDir, isDefaultDataDir: false, checkoutDir: rootDir, log })
  stops.push(() => embedded.stop())
  return embedded.connection
}

interface BenchDatabase {
  client: pg.Client
  url: string
}

/** A migrated database of its own on the embedded server, with a connection for the benchmark itself. */
async function makeDatabase(
  { host, port, user, database }: EmbeddedDatabase['connection'],
  name: string,
): Promise<BenchDatabase> {
  const admin = new pg.Client({ host, port, user, database })
  await admin.connect()
  await admin.query(`create database ${name}`)
  await admin.end()
  const connection = { host, port, user, database: name }
  const opened = openDatabase({ connection, hasPooler: false, onIdleError: () => undefined })
  await migrate(opened.patient, path.join(rootDir, 'migrations'))
  await opened.close()
  const client = new pg.Client(connection)
  client.on('error', () => undefined)
  await client.connect()
  stops.push(() => client.end())
  // The address of a socket: the host in the address itself stands for nothing.
  return { client, url: `postgres://${user}@localhost:${port}/${name}?host=${encodeURIComponent(host)}` }
}

async function startService(databaseUrl: string): Promise<ServerProcess> {
  // As `npm start` starts it.
  const { scripts } = JSON.parse(await readFile(path.join(rootDir, 'package.json'), 'utf8'))
  const [, ...args] = String(scripts.start).split(' ')
  return started(args, databaseUrl)
}

async function startPlain(databaseUrl: string): Promise<ServerProcess> {
  const script = fileURLToPath(new URL('./plain-server.ts', import.meta.url))
  // With what lets this process run TypeScript.
  return started([...process.execArgv, script], databaseUrl)
}

async function started(args: readonly string[], databaseUrl: string): Promise<ServerProcess> {
  const server = await startServerProcess(args, {
    DATABASE_URL: databaseUrl,
    BOOTSTRAP_API_KEY: key,
    ZADARMA_SECRET: key,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
  })
  stops.push(() => server.stop())
  return server
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

import { execFile } from 'node:child_process'
import { chmod, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { type Connection, openDatabase } from '../src/database/database.ts'
import { startEmbeddedDatabase } from '../src/database/embedded.ts'
import { migrate } from '../src/database/migrate.ts'

declare module 'vitest' {
  interface ProvidedContext {
    server: ServerAddress
    /** A checkout with nothing but what the service needs to run, built as it is now. */
    built: string
  }
}

/** The PostgreSQL on which all tests run, and the migrated database of which each file gets a copy. */
export interface ServerAddress extends Place {
  template: string
}

interface Place {
  host: string
  port: number
  user: string
  password: string | undefined
}

const rootDir = path.resolve(import.meta.dirname, '..')

/** Builds the service, starts the embedded PostgreSQL, or takes the one that `DATABASE_URL` names, and prepares the template. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const template = `first_call_test_${process.pid}`
  const [built, { address, stop }] = await Promise.all([
    buildService(),
    process.env.DATABASE_URL ? given(process.env.DATABASE_URL) : embedded(),
  ])
  const server: ServerAddress = { ...address, template }
  await withAdmin(server, (client) => client.query(`create database ${template}`))
  const database = openDatabase({
    connection: connectionTo(server, template),
    hasPooler: false,
    onIdleError: () => undefined,
  })
  await migrate(database.general, path.join(rootDir, 'migrations'))
  await database.close()
  // Nobody may be connected to a template while it is copied.
  await withAdmin(server, (client) => client.query(`alter database ${template} allow_connections false`))
  await withAdmin(server, (client) =>
    client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [template]),
  )
  project.provide('server', server)
  project.provide('built', built)
  return async () => {
    await rm(built, { recursive: true, force: true })
    await withAdmin(server, (client) => client.query(`drop database if exists ${template} with (force)`))
    await stop()
  }
}

/** Once for all tests that run it as a process of its own: to read TypeScript anew costs each start two seconds. */
async function buildService(): Promise<string> {
  const built = await realpath(await mkdtemp(path.join(os.tmpdir(), 'first-call-built-')))
  // Tests run it under other accounts, too.
  await chmod(built, 0o755)
  for (const name of ['migrations', 'node_modules', 'package.json'])
    await symlink(path.join(rootDir, name), path.join(built, name))
  const output = ['--outDir', path.join(built, 'dist'), '--incremental', 'false']
  // Types are left out and not checked here, so nobody else's are read.
  const withoutTypes = ['--noCheck', '--noResolve', '--lib', 'es5', '--types', 'null']
  const args = ['-p', 'tsconfig.build.json', ...output, ...withoutTypes]
  await promisify(execFile)('node_modules/.bin/tsc', args, { cwd: rootDir })
  return built
}

/** How `pg` reaches a database of this server. */
export function connectionTo({ host, port, user, password }: Place, database: string): Connection {
  return { host, port, user, database, ...(password === undefined ? {} : { password }) }
}

/** The same as an address, for a process. */
export function urlTo(connection: Connection): string {
  if ('connectionString' in connection) return connection.connectionString
  const { host, port, user, database, password } = connection
  const parameters = { host, port: String(port), user, ...(password === undefined ? {} : { password }) }
  return `postgres:///${database}?${new URLSearchParams(parameters)}`
}

/** Runs something on the server's maintenance database. */
export async function withAdmin<Result>(server: Place, run: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client(connectionTo(server, 'postgres'))
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.end()
  }
}

type Started = { address: Place; stop: () => Promise<unknown> }

function given(databaseUrl: string): Started {
  const { hostname, port, username, password } = new URL(databaseUrl)
  return {
    address: {
      host: decodeURIComponent(hostname),
      port: Number(port || 5432),
      user: decodeURIComponent(username),
      password: password === '' ? undefined : decodeURIComponent(password),
    },
    stop: async () => undefined,
  }
}

async function embedded(): Promise<Started> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'first-call-test-'))
  const server = await startEmbeddedDatabase({
    dataDir,
    isDefaultDataDir: false,
    checkoutDir: rootDir,
    log: (message) => process.stderr.write(`${message}\n`),
  })
  const { host, port, user } = server.connection
  const address = { host, port, user, password: undefined }
  // These data need not outlive the tests. What a power cut does is tested on clusters of their own.
  await withAdmin(address, async (client) => {
    await client.query('alter system set fsync = off')
    await client.query('alter system set full_page_writes = off')
    await client.query('select pg_reload_conf()')
  })
  return {
    address,
    stop: async () => {
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { type Connection, openDatabase } from '../src/database/database.ts'
import { startEmbeddedDatabase } from '../src/database/embedded.ts'
import { migrate } from '../src/database/migrate.ts'

declare module 'vitest' {
  interface ProvidedContext {
    server: ServerAddress
  }
}

/** The PostgreSQL on which all tests run, and the migrated database of which each file gets a copy. */
export interface ServerAddress {
  host: string
  port: number
  user: string
  password: string | undefined
  template: string
}

const rootDir = path.resolve(import.meta.dirname, '..')

/** Starts the embedded PostgreSQL, or takes the one that `DATABASE_URL` names, and prepares the template. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const template = `first_call_test_${process.pid}`
  const { address, stop } = process.env.DATABASE_URL ? given(process.env.DATABASE_URL) : await embedded()
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
  return async () => {
    await withAdmin(server, (client) => client.query(`drop database if exists ${template} with (force)`))
    await stop()
  }
}

/** How `pg` reaches a database of this server. */
export function connectionTo({ host, port, user, password }: ServerAddress, database: string): Connection {
  return { host, port, user, database, ...(password === undefined ? {} : { password }) }
}

/** Runs something on the server's maintenance database. */
export async function withAdmin<Result>(
  server: ServerAddress,
  run: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client(connectionTo(server, 'postgres'))
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.end()
  }
}

type Started = { address: Omit<ServerAddress, 'template'>; stop: () => Promise<unknown> }

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
  return {
    address: { host, port, user, password: undefined },
    stop: async () => {
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

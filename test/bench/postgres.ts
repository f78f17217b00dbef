import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { makeFirstKey } from '../../src/auth/keys.ts'
import { openDatabase } from '../../src/database/database.ts'
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../src/database/embedded.ts'
import { migrate } from '../../src/database/migrate.ts'

export interface BenchDatabase {
  client: pg.Client
  url: string
  /** An admin's. */
  key: string
}

/** What is needed to end what was started, in reverse. */
export interface BenchSurroundings {
  rootDir: string
  stops: (() => Promise<unknown>)[]
  log: (text: string) => void
}

/** An embedded PostgreSQL with a folder of its own. */
export async function startPostgres({
  rootDir,
  stops,
  log,
}: BenchSurroundings): Promise<EmbeddedDatabase['connection']> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'first-call-bench-'))
  stops.push(() => rm(dataDir, { recursive: true, force: true }))
  const embedded = await startEmbeddedDatabase({ dataDir, isDefaultDataDir: false, checkoutDir: rootDir, log })
  stops.push(() => embedded.stop())
  return embedded.connection
}

/** A migrated database of its own on the embedded server, with a connection for the benchmark itself. */
export async function makeDatabase(
  { host, port, user, database }: EmbeddedDatabase['connection'],
  name: string,
  { rootDir, stops }: BenchSurroundings,
): Promise<BenchDatabase> {
  const admin = new pg.Client({ host, port, user, database })
  await admin.connect()
  await admin.query(`create database ${name}`)
  await admin.end()
  const connection = { host, port, user, database: name }
  const opened = openDatabase({ connection, hasPooler: false, onIdleError: () => undefined })
  await migrate(opened.patient, path.join(rootDir, 'migrations'))
  const key = await makeFirstKey(opened)
  await opened.close()
  if (key === null) throw new Error(`the database ${name} has keys already`)
  const client = new pg.Client(connection)
  client.on('error', () => undefined)
  await client.connect()
  stops.push(() => client.end())
  // The address of a socket: the host in the address itself stands for nothing.
  return { client, url: `postgres://${user}@localhost:${port}/${name}?host=${encodeURIComponent(host)}`, key }
}

import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, inject, it } from 'vitest'
import { type Database, openDatabase } from '../src/database/database.ts'
import { isMigrated, migrate } from '../src/database/migrate.ts'
import { dumpSchema } from '../src/database/schema-dump.ts'
import { connectionTo, withAdmin } from './postgres.ts'
import { createTestDatabase } from './service.ts'

const rootDir = path.resolve(import.meta.dirname, '..')
const migrations = path.join(rootDir, 'migrations')
const MIGRATIONS = [
  '0001_initial.sql',
  '0002_pbx.sql',
  '0003_lists.sql',
  '0004_mailbox.sql',
  '0005_sync_runs.sql',
  '0006_sound_attempts.sql',
  '0010_access.sql',
  '0011_people.sql',
  '0012_audit.sql',
  '0013_privacy.sql',
  '0014_queue.sql',
  '0015_events.sql',
  '0016_written_calls.sql',
  '0017_claim_desks.sql',
  '0018_person_ids.sql',
]
const committedSchema = () => readFile(path.join(rootDir, 'schema.sql'), 'utf8')

const cleanUp: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

function open(connection: Parameters<typeof openDatabase>[0]['connection']): Database {
  const database = openDatabase({ connection, hasPooler: false, onIdleError: () => undefined })
  cleanUp.push(() => database.close())
  return database
}

/** A database without anything in it. */
async function emptyDatabase() {
  const server = inject('server')
  const name = `${server.template}_empty_${randomUUID().slice(0, 8)}`
  await withAdmin(server, (client) => client.query(`create database ${name} template template0`))
  cleanUp.push(() => withAdmin(server, (client) => client.query(`drop database ${name} with (force)`)))
  return connectionTo(server, name)
}

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-migrations-'))
  cleanUp.push(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text)
  return folder
}

it('schema.sql is what the migrations make; `npm run schema` writes it', async () => {
  const { connection, drop } = await createTestDatabase()
  cleanUp.push(drop)
  expect(await dumpSchema(open(connection).general)).toBe(await committedSchema())
})

it('schema.sql makes the same schema again', async () => {
  const { general } = open(await emptyDatabase())
  await general.query(await committedSchema())
  expect(await dumpSchema(general)).toBe(await committedSchema())
})

it('a second migration finds nothing to do', async () => {
  const { general, patient } = open(await emptyDatabase())
  expect(await migrate(patient, migrations)).toEqual(MIGRATIONS)
  expect(await isMigrated(general, migrations)).toBe(true)
  expect(await migrate(patient, migrations)).toEqual([])
  expect(await dumpSchema(general)).toBe(await committedSchema())
})

it('of five servers that migrate at once each migration is done by one, and all find it done', async () => {
  const connection = await emptyDatabase()
  const servers = Array.from({ length: 5 }, () => open(connection))
  const applied = await Promise.all(servers.map(({ patient }) => migrate(patient, migrations)))
  expect(applied.flat().sort()).toEqual(MIGRATIONS)
  for (const { general } of servers) expect(await isMigrated(general, migrations)).toBe(true)
})

it('a migration may take longer than any request, and a second server waits for it', async () => {
  const connection = await emptyDatabase()
  const folder = await folderOf({ '0001_slow.sql': 'create table slow (id int); select pg_sleep(2)' })
  const servers = [open(connection), open(connection)]
  const applied = await Promise.all(servers.map(({ patient }) => migrate(patient, folder)))
  expect(applied.flat()).toEqual(['0001_slow.sql'])
})

it('a database that a newer version migrated is refused with a sentence, and left as it is', async () => {
  const { connection, drop } = await createTestDatabase()
  cleanUp.push(drop)
  const { general, patient } = open(connection)
  await general.query("insert into schema_migrations (name) values ('0099_from_the_future.sql')")
  await expect(migrate(patient, migrations)).rejects.toThrow(
    'The database has migrations that this version does not know (0099_from_the_future.sql). ' +
      'Start the newer version that made them.',
  )
  expect(await dumpSchema(general)).toBe(await committedSchema())
})

it('a migration that fails leaves nothing of itself, and the ones before it stay', async () => {
  const { general, patient } = open(await emptyDatabase())
  const folder = await folderOf({
    '0001_good.sql': 'create table good (id int)',
    '0002_bad.sql': 'create table bad (id int); select 1 / 0',
  })
  await expect(migrate(patient, folder)).rejects.toThrow('division by zero')
  const { rows } = await general.query("select to_regclass('good') is not null good, to_regclass('bad') is null no_bad")
  expect(rows).toEqual([{ good: true, no_bad: true }])
  expect(await isMigrated(general, folder)).toBe(false)
  await writeFile(path.join(folder, '0002_bad.sql'), 'create table bad (id int)')
  expect(await migrate(patient, folder)).toEqual(['0002_bad.sql'])
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { openDatabase } from '../src/database/database.ts'
import { startEmbeddedDatabase } from '../src/database/embedded.ts'
import { migrate } from '../src/database/migrate.ts'
import { dumpSchema } from '../src/database/schema-dump.ts'

const rootDir = path.resolve(import.meta.dirname, '..')
const dataDir = await mkdtemp(path.join(os.tmpdir(), 'first-call-schema-'))
const server = await startEmbeddedDatabase({
  dataDir,
  isDefaultDataDir: false,
  checkoutDir: rootDir,
  log: (message) => process.stderr.write(`${message}\n`),
})
try {
  const database = openDatabase({ connection: server.connection, hasPooler: false, onIdleError: () => undefined })
  await migrate(database.patient, path.join(rootDir, 'migrations'))
  await writeFile(path.join(rootDir, 'schema.sql'), await dumpSchema(database.general))
  await database.close()
} finally {
  await server.stop()
  await rm(dataDir, { recursive: true, force: true })
}

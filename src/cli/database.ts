import path from 'node:path'
import { type Database, openDatabase, sqlState } from '../database/database.ts'
import { databaseHome } from '../database/home.ts'
import { isMigrated } from '../database/migrate.ts'
import type { Surroundings } from './command.ts'

/**
 * Works on the service's database, whether or not the service runs; then leaves it as it was. Its queries have more time
 * than those for which a request waits.
 *
 * @throws with a sentence for a person where the database cannot be used
 */
export async function withDatabase<Result>(
  { config, rootDir, terminal, signal }: Surroundings,
  work: (database: Database, dataPlace: string) => Promise<Result>,
): Promise<Result> {
  const settings = config()
  const { connection, dataPlace, leave } = await databaseHome(settings, rootDir, terminal.note)
  try {
    const { hasPooler } = settings
    const database = openDatabase({ connection, hasPooler, onIdleError: () => undefined })
    try {
      signal.throwIfAborted()
      if (!(await isUpToDate(database, rootDir))) {
        throw new Error(
          'The database is not up to date with this version. Start First Call once (npm start), then try again.',
        )
      }
      return await work({ ...database, query: database.chores }, dataPlace)
    } finally {
      await database.close()
    }
  } finally {
    await leave()
  }
}

const NO_SUCH_TABLE = '42P01'

async function isUpToDate({ patient }: Database, rootDir: string): Promise<boolean> {
  try {
    return await isMigrated(patient, path.join(rootDir, 'migrations'))
  } catch (error) {
    if (sqlState(error) === NO_SUCH_TABLE) return false
    throw error
  }
}

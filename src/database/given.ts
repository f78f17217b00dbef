import pg from 'pg'
import { type Connection, PATIENT_CONNECT_TIMEOUT_MS } from './database.ts'

/** A database to use, whoever runs it. */
export interface DatabaseHome {
  connection: Connection
  /** Where the data lives, in words. */
  dataPlace: string
  /** Stops what was started for it. */
  leave: () => Promise<unknown>
}

/**
 * The database that `DATABASE_URL` names; `pg` itself says which that is, without its password.
 *
 * @throws with a sentence for a person where it cannot be reached
 */
export async function givenDatabase(connectionString: string): Promise<DatabaseHome> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: PATIENT_CONNECT_TIMEOUT_MS })
  client.on('error', () => undefined)
  const dataPlace = `the database "${client.database}" of the PostgreSQL at ${client.host}, port ${client.port}`
  try {
    await client.connect()
  } catch (error) {
    // One for each address that the name stands for.
    const reasons = error instanceof AggregateError ? error.errors : [error]
    throw new Error(
      `${dataPlace} cannot be used (${reasons.map(wordsOf).join(', ')}). Start it or mend DATABASE_URL, or leave ` +
        'DATABASE_URL out: then First Call starts a PostgreSQL of its own.',
      { cause: error },
    )
  }
  await client.end()
  return { connection: { connectionString }, dataPlace, leave: async () => undefined }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

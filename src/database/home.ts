import type { Config } from '../config.ts'
import { startEmbeddedDatabase } from './embedded.ts'
import { type DatabaseHome, givenDatabase } from './given.ts'

/**
 * The database of this configuration: the one that `DATABASE_URL` names, or the embedded one, which is started or, where
 * it runs already, joined.
 *
 * @param checkoutDir root of the checkout
 * @param log takes what a person should know of the embedded one, a line each
 * @throws with a sentence for a person where it cannot be used
 */
export async function databaseHome(
  { databaseUrl, dataDir, isDefaultDataDir }: Config,
  checkoutDir: string,
  log: (text: string) => void,
): Promise<DatabaseHome> {
  if (databaseUrl !== null) return givenDatabase(databaseUrl)
  const embedded = await startEmbeddedDatabase({ dataDir, isDefaultDataDir, checkoutDir, log })
  return { connection: embedded.connection, dataPlace: embedded.dataDir, leave: () => embedded.stop() }
}

import { createKeyCheck } from '../../src/auth/keys.ts'
import { openDatabase } from '../../src/database/database.ts'
import { median } from './statistics.ts'

const CHECKS = 100_000
const ROUNDS = 5

/**
 * What the check of one key takes: of one that is made and known, as each request of the load brings it.
 *
 * @returns microseconds, the median of some rounds
 */
export async function measureKeyCheck(databaseUrl: string, key: string): Promise<number> {
  const connection = { connectionString: databaseUrl }
  const database = openDatabase({ connection, hasPooler: false, onIdleError: () => undefined })
  try {
    const findCaller = createKeyCheck(database, null)
    const rounds: number[] = []
    // The first one warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      const startedAt = performance.now()
      for (let checks = 0; checks < CHECKS; checks++) {
        if ((await findCaller(key)) === null) throw new Error('the key of the benchmark is refused')
      }
      rounds.push(((performance.now() - startedAt) * 1_000) / CHECKS)
    }
    return median(rounds.slice(1))
  } finally {
    await database.close()
  }
}

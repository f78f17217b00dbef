import { sql } from 'kysely'
import type { Chore } from '../chores.ts'
import type { Database } from '../database/database.ts'
import type { Metrics } from '../metrics.ts'
import type { Instant } from '../time.ts'
import { coverageOf } from './coverage.ts'

const EVERY_MS = 60_000
const DAY_MS = 86_400_000

interface CoverageChoreOptions {
  database: Pick<Database, 'chores'>
  metrics: Metrics
}

/** Shows the coverage of the last 24 hours. */
export function coverageChore(options: CoverageChoreOptions): Chore {
  return {
    name: 'count of what became of calls',
    everyMs: EVERY_MS,
    work: async () => {
      await showCoverage(options)
      return false
    },
  }
}

/** Sets the gauges to the coverage of the last 24 hours, by the database's clock. */
export async function showCoverage({ database, metrics }: CoverageChoreOptions): Promise<void> {
  const { rows } = await sql<{ now: Instant }>`select clock_timestamp() as now`.execute(database.chores)
  const now = rows[0]?.now ?? Date.now()
  const { contradictions, share, eligible, registered } = await coverageOf(database, { from: now - DAY_MS })
  const gauges = metrics.coverage
  gauges.contradictions.set(contradictions)
  gauges.share.set(share)
  gauges.eligible.set(eligible)
  gauges.registered.set(registered)
}

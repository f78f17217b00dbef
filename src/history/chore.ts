import { watched } from '../attempts/watched.ts'
import type { Chore } from '../chores.ts'
import type { Database } from '../database/database.ts'
import type { Metrics } from '../metrics.ts'
import { claimRun, finishRun, giveBackRun } from './runs.ts'
import { workOn } from './work.ts'

export interface SyncChoreOptions {
  database: Database
  metrics: Metrics
  log: {
    info: (fields: object, message: string) => void
    warn: (fields: object, message: string) => void
    error: (fields: object, message: string) => void
  }
}

const LOOK_EVERY_MS = 1_000

/** Goes through history where somebody has asked for it, on one server at a time, one batch at a time. */
export function syncChore(options: SyncChoreOptions): Chore {
  return {
    name: 'sync of the history',
    everyMs: LOOK_EVERY_MS,
    work: (signal) => syncWhereAsked(options, signal),
  }
}

/**
 * Takes up a run, if there is one, and works on it until it is done or the signal comes.
 *
 * @returns whether there may be another one
 * @throws where the database is out of reach: the run is taken up again when its lease is over
 */
export async function syncWhereAsked(
  { database, metrics, log }: SyncChoreOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const run = await claimRun(database)
  if (run === null) return false
  const end = await workOn(run, {
    database,
    events: watched(metrics, log),
    atOnce: 1,
    signal,
    onFailure: ({ contactId }, error) =>
      log.warn(
        { err: error, contactId, syncId: run.id },
        'the calls of a contact could not be synced and are as they were',
      ),
    onProgress: () => undefined,
  })
  if (end === 'interrupted') await giveBackRun(database, run, 'anybody')
  if (end === 'finished') {
    await finishRun(database, run)
    log.info({ syncId: run.id, ...run.counts }, 'the history is synced')
  }
  return true
}

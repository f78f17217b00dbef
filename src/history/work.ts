import { type Run, runOn } from '../attempts/read.ts'
import { Register, type RegisterEvents } from '../attempts/register.ts'
import type { Database } from '../database/database.ts'
import { type ClaimedRun, saveProgress } from './runs.ts'
import { addCounts, type SyncCounts, type SyncOptions, type SyncSurroundings, syncHistory } from './sync.ts'
import type { Reached } from './unheld.ts'

/** A contact whose rows others keep locked is passed over after so long. */
const TIMES = { registerWithin: 10_000, answerWithin: 10_000, isFaultFinal: true }

export interface WorkOptions extends Pick<SyncSurroundings, 'onFailure' | 'signal'> {
  database: Database
  /** Told of what is written; of nothing where it is left out. */
  events?: RegisterEvents
  /** How many chunks are under way: one where others need the database, more where nothing else is as urgent. */
  atOnce: number
  /** Told after each chunk. */
  onProgress(counts: SyncCounts): void
}

/** How the work on a run ended; `lost`: it was taken for dead, and somebody else goes on with it. */
export type WorkEnd = 'finished' | 'interrupted' | 'lost'

/**
 * Goes through what a run has still to go through, on connections of its own, and keeps how far it has come after each
 * chunk. What is killed in between is done again, and finds its own work done.
 *
 * @param run changes with what was done
 * @throws where the database is out of reach; the run can be taken up where it was
 */
export async function workOn(run: ClaimedRun, options: WorkOptions): Promise<WorkEnd> {
  const { database, signal } = options
  for await (const { counts, reached } of goThrough(run.options, run.reached, options)) {
    run.counts = addCounts(run.counts, counts)
    run.reached = reached
    if (!(await saveProgress(database, run))) return 'lost'
    options.onProgress(run.counts)
  }
  return signal.aborted ? 'interrupted' : 'finished'
}

const NO_EVENTS: RegisterEvents = {
  onBatch: () => undefined,
  onRetry: () => undefined,
  onNotRegistered: () => undefined,
}

/** The same without a run: nothing is kept of how far it has come. */
export async function* goThrough(
  options: SyncOptions,
  after: Reached | null,
  { database, events = NO_EVENTS, ...rest }: WorkOptions,
) {
  const run = runOn(database.history, database.hasPooler)
  const register = options.isDryRun
    ? new Register(readingOnly(run), NO_EVENTS, TIMES)
    : new Register(run, events, TIMES)
  yield* syncHistory(options, after, { ...rest, run, register })
}

/** What is planned is refused by nobody, and written by nobody. */
const readingOnly =
  (run: Run): Run =>
  (name, text, values) =>
    name.startsWith('write_') ? Promise.resolve([]) : run(name, text, values)

import { runOn } from '../attempts/read.ts'
import { type Database, isOutage } from '../database/database.ts'
import { beginRun, type ClaimedRun, finishRun, giveBackRun, takeUpRun } from '../history/runs.ts'
import { addCounts, NO_COUNTS, type SyncCounts, type SyncOptions } from '../history/sync.ts'
import { countUnheld } from '../history/unheld.ts'
import { goThrough, type WorkOptions, workOn } from '../history/work.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { type Progress, showProgress } from './progress.ts'
import { syncSummary } from './sync-summary.ts'
import { json } from './terminal.ts'

/** Two are written while the third is read. */
const AT_ONCE = 3

const GO_ON = 'The same command goes on from there.'

/** What became of the calls; without an id where nothing was kept of it. */
interface Done {
  id: string | null
  counts: SyncCounts
}

/** Goes through history, and says what it came to. */
export async function runSync(options: SyncOptions, isForMachines: boolean, surroundings: Surroundings): Promise<void> {
  const { terminal, signal, fail } = surroundings
  const failures: { contact_id: string; reason: string }[] = []
  const startedAt = performance.now()
  const { id, counts } = await withDatabase(surroundings, (database): Promise<Done> => {
    const work: Omit<WorkOptions, 'onProgress'> = {
      database,
      atOnce: AT_ONCE,
      signal,
      onFailure: ({ contactId }, error) => {
        const reason = error instanceof Error ? error.message : String(error)
        failures.push({ contact_id: contactId, reason })
        terminal.note(`The calls of the contact ${contactId} could not be decided and are as they were: ${reason}`)
      },
    }
    return options.isDryRun ? countOnly(options, work, surroundings) : sync(options, work, surroundings)
  })
  const seconds = (performance.now() - startedAt) / 1_000
  terminal.print(
    isForMachines
      ? json({ id, dry_run: options.isDryRun, ...counts, failures, seconds: Number(seconds.toFixed(3)) })
      : syncSummary(counts, options, seconds),
  )
  if (counts.failed > 0) fail()
}

async function countOnly(
  options: SyncOptions,
  work: Omit<WorkOptions, 'onProgress'>,
  surroundings: Surroundings,
): Promise<Done> {
  let counts = NO_COUNTS
  const progress = await progressOf(work.database, { options, reached: null, counts }, surroundings)
  try {
    for await (const step of goThrough(options, null, { ...work, onProgress: () => undefined })) {
      counts = addCounts(counts, step.counts)
      progress.show(counts.seen)
    }
  } finally {
    progress.end()
  }
  surroundings.signal.throwIfAborted()
  return { id: null, counts }
}

async function sync(
  options: SyncOptions,
  work: Omit<WorkOptions, 'onProgress'>,
  surroundings: Surroundings,
): Promise<Done> {
  const { database, signal } = work
  const { terminal } = surroundings
  const run = await runFor(options, database, terminal)
  const progress = await progressOf(database, run, surroundings)
  const end = await workOn(run, { ...work, onProgress: ({ seen }) => progress.show(seen) })
    .catch((error: unknown) => {
      if (!isOutage(error)) throw error
      throw new Error(`The database is out of reach. What was done is done. ${GO_ON}`, { cause: error })
    })
    .finally(() => progress.end())
  if (end === 'finished') await finishRun(database, run)
  if (end === 'lost')
    throw new Error('It stood still for so long that a server has taken it up, which goes on with it.')
  if (end === 'interrupted') {
    await giveBackRun(database, run, 'a person')
    terminal.note(`Ended after ${run.counts.seen} calls, which are done. ${GO_ON}`)
    signal.throwIfAborted()
  }
  return run
}

/** An unfinished one with the same options, or a new one. */
async function runFor(
  options: SyncOptions,
  database: Database,
  terminal: Surroundings['terminal'],
): Promise<ClaimedRun> {
  const found = await takeUpRun(database, options)
  if (found === null) return beginRun(database, options)
  if ('freeInSeconds' in found) {
    throw new Error(
      `The same sync is being worked on (${found.id}, ${found.seen} calls so far). If whoever did so was killed, it can ` +
        `be taken up in ${found.freeInSeconds} s; a running First Call does so by itself.`,
    )
  }
  terminal.note(`Goes on with the sync ${found.id}, which ended after ${found.counts.seen} calls.`)
  return found
}

async function progressOf(
  database: Database,
  { options, reached, counts }: Pick<ClaimedRun, 'options' | 'reached' | 'counts'>,
  { terminal }: Surroundings,
): Promise<Progress> {
  const toDo = await countUnheld(runOn(database.history, database.hasPooler), options, reached)
  return showProgress(terminal, { unit: 'calls', total: counts.seen + toDo, before: counts.seen })
}

import type { Chore } from '../chores.ts'
import type { Database } from '../database/database.ts'
import type { Instant } from '../time.ts'
import { type ReconcileOptions, reconcile, SETTLED_AFTER_MS } from './reconcile.ts'
import {
  type Claim,
  claimReconciliation,
  endClaim,
  keepClaim,
  moveMark,
  startsWithoutResult,
} from './reconcile-marks.ts'
import { LONGEST_CALL_MS } from './unfinished.ts'

export interface ReconcileChoreOptions extends Omit<ReconcileOptions, 'onProgress' | 'now' | 'signal'> {
  database: Database
}

const LOOK_EVERY_MS = 30_000
/** What was told late is found by the next one or the one after. */
const OVERLAP_MS = 2 * 3_600_000
/** After a time without the service, so much at once: the mark moves in between. */
const AT_ONCE_MS = 7 * 86_400_000
const HALF_AN_HOUR_MS = 1_800_000
const AGAIN_AFTER_MS = 300_000

/** Reads the statistics again and again, on one server at a time. */
export function reconcileChore(options: ReconcileChoreOptions): Chore {
  return {
    name: 'reconciliation with the statistics of the PBX',
    everyMs: LOOK_EVERY_MS,
    work: (signal) => reconcileWhereDue(options, signal),
  }
}

/**
 * Reconciles what has been since the last time, and asks for calls that never ended, where that is due.
 *
 * @returns whether there is more to do at once
 * @throws what {@link reconcile} throws; it is due again soon, from where it was
 */
export async function reconcileWhereDue(options: ReconcileChoreOptions, signal: AbortSignal): Promise<boolean> {
  const { database, config } = options
  const claim = await claimReconciliation(database)
  if (claim === null) return false
  const { now, reconciledUntil } = claim
  const reconciling = { ...options, now, signal, onProgress: () => keepClaim(database) }
  const everyMs = config.zadarma.reconcileMinutes * 60_000
  let dueInMs = Math.min(everyMs, AGAIN_AFTER_MS)
  try {
    const last = now - SETTLED_AFTER_MS
    const until = Math.min(last, reconciledUntil + AT_ONCE_MS)
    const { notTaken } = await reconcile({ from: reconciledUntil - OVERLAP_MS, to: until }, reconciling)
    if (notTaken > 0) return false
    await moveMark(database, 'statistics', until)
    if (until < last) {
      dueInMs = 0
      return true
    }
    if (await askForResults(claim, reconciling)) dueInMs = everyMs
    return false
  } finally {
    await endClaim(database, dueInMs)
  }
}

/** Asks for calls that have no result an hour after they began. Gives whether all was taken in. */
async function askForResults(claim: Claim, options: ReconcileOptions & { database: Database }): Promise<boolean> {
  for (const { from, to } of windowsAround(await startsWithoutResult(options.database, claim))) {
    const { notTaken } = await reconcile({ from, to }, options)
    if (notTaken > 0) return false
  }
  await moveMark(options.database, 'results', claim.now)
  return true
}

/**
 * An hour around each moment; those for which the same rows would be read are one.
 *
 * @param moments in their order
 */
export function windowsAround(moments: readonly Instant[]): { from: Instant; to: Instant }[] {
  const windows: { from: Instant; to: Instant }[] = []
  for (const moment of moments) {
    const last = windows.at(-1)
    const [from, to] = [moment - HALF_AN_HOUR_MS, moment + HALF_AN_HOUR_MS]
    if (last !== undefined && from <= last.to + 2 * LONGEST_CALL_MS) last.to = to
    else windows.push({ from, to })
  }
  return windows
}

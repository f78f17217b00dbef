import type { HistoryOutcome } from '../attempts/attempt.ts'
import type { Run } from '../attempts/read.ts'
import { type Register, UnavailableError } from '../attempts/register.ts'
import { isOutage } from '../database/database.ts'
import { syncContact, type UnheldCalls } from './sync-contact.ts'
import { type Chunk, chunksOf, type Range, type Reached } from './unheld.ts'

/** What is to be gone through, and how. */
export interface SyncOptions extends Range {
  /** Whether calls are taken, too, that took place before their opportunity was there (B16). */
  beforeOpportunity: boolean
  /** Nothing is written. */
  isDryRun: boolean
  /** How many calls are decided together. */
  batch: number
}

/** Calls by what became of them. */
export interface SyncCounts {
  seen: number
  registered: number
  before_opportunity: number
  turned_away: Record<string, number>
  failed: number
}

export const NO_COUNTS: SyncCounts = { seen: 0, registered: 0, before_opportunity: 0, turned_away: {}, failed: 0 }

export interface SyncSurroundings {
  /** For looking for calls. */
  run: Run
  register: Register
  /** How many chunks are under way at once. */
  atOnce: number
  /** Told of each contact whose calls could not be decided; they are as they were. */
  onFailure(contact: UnheldCalls, error: unknown): void
  signal: AbortSignal
}

/** How far it has come, with what became of the calls since the last time. */
export interface Step {
  counts: SyncCounts
  reached: Reached
}

/**
 * Goes through the calls that no attempt holds, contact by contact (B16), and tells step by step how far it has come.
 * Ends in order with the signal, between two steps.
 *
 * @param after where another has come to
 * @throws the database's error where it is out of reach; what was not told may have been done
 */
export async function* syncHistory(
  options: SyncOptions,
  after: Reached | null,
  surroundings: SyncSurroundings,
): AsyncGenerator<Step, void, void> {
  const { run, atOnce, signal } = surroundings
  const underWay: Promise<Step>[] = []
  try {
    for await (const chunk of chunksOf(run, options, options.batch, after)) {
      while (underWay.length >= (chunk.isContinued ? 1 : atOnce)) yield await (underWay.shift() as Promise<Step>)
      if (signal.aborted) break
      const step = decideChunk(chunk, options, surroundings)
      // It is told when its turn comes.
      step.catch(() => undefined)
      underWay.push(step)
    }
    for (const step of underWay.splice(0)) yield await step
  } finally {
    await Promise.allSettled(underWay)
  }
}

async function decideChunk(
  { contacts, reached }: Chunk,
  { beforeOpportunity }: SyncOptions,
  { register, onFailure }: SyncSurroundings,
): Promise<Step> {
  const results = await Promise.allSettled(
    contacts.map((contact) => register.registerCallAttempt(syncContact(contact, beforeOpportunity))),
  )
  const counts: SyncCounts = { ...NO_COUNTS, turned_away: {} }
  results.forEach((result, place) => {
    const contact = contacts[place]
    if (contact === undefined) return
    if (result.status === 'fulfilled') {
      for (const outcome of result.value) count(counts, outcome)
      return
    }
    const cause = causeOf(result.reason)
    if (cause === null || isOutage(cause)) throw result.reason
    onFailure(contact, cause)
    counts.seen += contact.callIds.length
    counts.failed += contact.callIds.length
  })
  return { counts, reached }
}

/** Why it could not be done; null where its turn did not come. */
const causeOf = (error: unknown): unknown => (error instanceof UnavailableError ? (error.cause ?? null) : error)

function count(counts: SyncCounts, outcome: HistoryOutcome): void {
  counts.seen++
  if (outcome === 'registered' || outcome === 'before_opportunity') counts[outcome]++
  else counts.turned_away[outcome] = (counts.turned_away[outcome] ?? 0) + 1
}

/** Both together. */
export function addCounts(a: SyncCounts, b: SyncCounts): SyncCounts {
  const turnedAway = { ...a.turned_away }
  for (const [reason, calls] of Object.entries(b.turned_away)) turnedAway[reason] = (turnedAway[reason] ?? 0) + calls
  return {
    seen: a.seen + b.seen,
    registered: a.registered + b.registered,
    before_opportunity: a.before_opportunity + b.before_opportunity,
    turned_away: turnedAway,
    failed: a.failed + b.failed,
  }
}

import type { Actor } from '../audit/actor.ts'
import { emptyAudit } from './audit.ts'
import { callsOf, closeCalls, emptyCalls, emptyOpportunities } from './calls.ts'
import type { ErasingOptions, Erasure, Step, Work } from './erasure.ts'
import { awaitMessages, emptyMessagesOf } from './messages.ts'
import { ownOf } from './own.ts'
import { removeRecordings } from './recordings.ts'
import { removeDialRequests, replaceAnswers } from './requests.ts'
import { emptyReviewItems } from './review.ts'
import { askForErasure, keepErasure, noteErased, putOffErasure } from './store.ts'
import { NOTHING_SOUGHT, tracesOf } from './traces.ts'

/**
 * In this order: what is found by something goes before it. Each may be ended in the middle and done again.
 * Calls lose their notes before their attempts do, so that the two never contradict each other.
 */
export const STEPS: readonly Step[] = [
  awaitMessages,
  closeCalls,
  emptyReviewItems,
  emptyMessagesOf,
  removeRecordings,
  removeDialRequests,
  replaceAnswers,
  emptyAudit,
  emptyCalls,
  emptyOpportunities,
]

/**
 * Removes a contact and whatever tells of the person, everywhere. What counts stays: calls, attempts, outcomes.
 *
 * @returns null where it is done; else why nothing was
 * @throws where it could not be ended within the time, or something failed: it goes on by itself
 */
export async function eraseContact(
  id: string,
  by: Actor,
  isExpected: (revision: number) => boolean,
  options: ErasingOptions,
  signal?: AbortSignal,
): Promise<null | 'not_found' | { revision: number }> {
  const asked = await askForErasure(options.database, id, by, isExpected)
  if (typeof asked === 'string' || 'revision' in asked) return asked
  await carryOut(asked.erasure, options, signal)
  return null
}

/**
 * Does what is left of an erasure.
 *
 * @throws what {@link eraseContact} throws
 */
export async function carryOut(
  erasure: Erasure,
  { database, mails, onStep }: ErasingOptions,
  signal?: AbortSignal,
): Promise<void> {
  const { query } = database
  const { contactId, askedAt } = erasure
  const own = await ownOf(query, contactId, erasure.sought ?? NOTHING_SOUGHT)
  const goOn = keeping(database, erasure, signal)
  const found = { query, mails, contactId, askedAt, traces: tracesOf(own), ownPhones: own.phones, goOn }
  try {
    let callIds: readonly string[] = []
    for (const step of STEPS) {
      await onStep?.(step.name)
      // What was handled just now may have made one more; once they are emptied, not all are found any more.
      if (step === closeCalls) callIds = await callsOf(query, erasure, own.phones)
      await step.do({ ...found, callIds } satisfies Work)
      await goOn()
    }
    await onStep?.('end')
    await noteErased(database, erasure)
  } catch (error) {
    await putOffErasure(database, erasure).catch(() => undefined)
    throw error
  }
}

const SAID_EVERY_MS = 20_000

/** Says now and then that the erasure goes on. */
function keeping(database: ErasingOptions['database'], erasure: Erasure, signal?: AbortSignal): () => Promise<void> {
  let saidAt = performance.now()
  return async () => {
    signal?.throwIfAborted()
    if (performance.now() - saidAt < SAID_EVERY_MS) return
    saidAt = performance.now()
    await keepErasure(database, erasure)
  }
}

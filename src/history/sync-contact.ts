import { decideHistory, type HistoryOutcome, isEligible } from '../attempts/attempt.ts'
import type { Change } from '../attempts/change.ts'
import { NO_NEEDS } from '../attempts/read.ts'
import { SYNC } from '../audit/actor.ts'
import type { Call } from '../calls/call.ts'

/** Calls of one contact that no attempt held when they were looked for, in B4's order. */
export interface UnheldCalls {
  contactId: string
  callIds: readonly string[]
  /** Characters of their long text. */
  size: number
}

/**
 * The history sync's: decides the calls of a contact anew that no attempt holds (B16), all of them by one write.
 *
 * @returns what became of each that is still there and still unheld
 */
export function syncContact(
  { contactId, callIds, size }: UnheldCalls,
  takesEarlier: boolean,
): Change<HistoryOutcome[]> {
  return {
    by: SYNC,
    needs: { ...NO_NEEDS, contactIds: [contactId], callIds, isHistory: true },
    size: size * 2,
    plan: (book) => {
      const calls = callIds.flatMap((id) => book.call(id) ?? []).filter((call) => isUnheldOf(contactId, call))
      const { outcomes, ...decision } = decideHistory(book.situationOfContact(contactId), calls, takesEarlier)
      return { ...decision, result: [...outcomes.values()], restsOn: [] }
    },
  }
}

/** Somebody may have changed it meanwhile; what is pending is the sweep's. */
const isUnheldOf = (contactId: string, call: Call): boolean =>
  isEligible(call) && call.entity_id === contactId && call.outcome !== 'registered' && call.pending === null

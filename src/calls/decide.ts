import { decideCall, isEligible, isSameCall, whyNotEligible } from '../attempts/attempt.ts'
import type { Book } from '../attempts/book.ts'
import type { Plan } from '../attempts/change.ts'
import type { Call } from './call.ts'

/** The call with its attempt. */
export function decided(book: Book, call: Call, stored: Call | null): Plan<Call> {
  const decision = decideCall(book.situationOf(call), { call, stored })
  const result = decision.calls.find(({ id }) => id === call.id) ?? stored ?? call
  const holder = result.opportunity_id === null ? [] : [result.opportunity_id]
  // What leaves the opportunity as it is rests on the call alone.
  return {
    ...decision,
    result,
    restsOn: decision.opportunities.length > 0 ? [call.id, ...holder] : [call.id],
    isWithdrawal: stored !== null && withdraws(call, stored),
  }
}

/**
 * The call without its attempt, which the sweep registers (A9); opportunity and number stay as they were (B8). A call
 * that cannot be an attempt has nothing to wait for, unless its id may be that of a foreign one (B7).
 */
export function undecided(isOwnWork: (call: Call, stored: Call) => boolean, isIdGiven: boolean) {
  return (book: Book, call: Call, stored: Call | null): Plan<Call> => {
    if (stored !== null && isOwnWork(call, stored)) return { result: stored, restsOn: [call.id], calls: [] }
    const mayBeCounted = stored === null ? isIdGiven : isCounted(stored) || stored.pending !== null
    const reason = mayBeCounted ? null : whyNotEligible(call)
    const saved: Call = {
      ...call,
      outcome: reason ?? 'pending',
      opportunity_id: reason === null ? (stored?.opportunity_id ?? null) : null,
      pending:
        reason === null
          ? {
              since: stored?.pending?.since ?? book.now,
              tries: stored?.pending?.tries ?? 0,
              isCounted: stored !== null && isCounted(stored),
            }
          : null,
      revision: (stored?.revision ?? 0) + 1,
      updated_at: book.now,
    }
    return { result: saved, restsOn: [call.id], calls: [saved] }
  }
}

/** Tells what a change finds after its answer was lost: what it has written itself, or what was there before. */
export function ownWork() {
  let planned = 0
  let lost: number | null = null
  return {
    onPlan: (stored: Call | null): void => {
      planned = stored?.revision ?? 0
    },
    onAnswerLost: (): void => {
      lost = planned
    },
    isIn: (call: Call, stored: Call): boolean => lost !== null && stored.revision > lost && isSameCall(call, stored),
  }
}

/** Whether an opportunity counted this call as of its last decision. */
const isCounted = ({ outcome, pending }: Call): boolean => outcome === 'registered' || (pending?.isCounted ?? false)

/** Whether a change takes an attempt away from the opportunity that counts it. */
export function withdraws(call: Call, stored: Call): boolean {
  return isCounted(stored) && (!isEligible(call) || call.entity_id !== stored.entity_id)
}

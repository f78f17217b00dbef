import type { Book } from '../attempts/book.ts'
import type { Plan } from '../attempts/change.ts'
import type { Actor } from './actor.ts'
import { callEntry } from './call-entry.ts'
import { type Entry, entryOf } from './entry.ts'
import { opportunityEntry } from './opportunity-entry.ts'

/**
 * What a plan changes, by whoever asked for it: of calls and opportunities from how they stand in the book, which has
 * what the batch's earlier plans changed, and not yet this one. So each of several changes of one row has its own entry.
 */
export function entriesOf(book: Book, plan: Plan<unknown>, by: Actor): Entry[] {
  const entries: (Entry | null)[] = []
  for (const call of plan.calls ?? []) entries.push(callEntry(by, book.standing(call.id)?.call ?? null, call))
  for (const opportunity of plan.opportunities ?? []) {
    entries.push(opportunityEntry(by, book.standing(opportunity.id)?.opportunity ?? null, opportunity))
  }
  const { newOpportunity, deletedCall, decided, answeredRequest } = plan
  if (newOpportunity !== undefined) entries.push(opportunityEntry(by, null, newOpportunity))
  if (deletedCall !== undefined) entries.push(callEntry(by, deletedCall, null))
  if (decided !== undefined) {
    const { call_id, contact_id, action, reason } = decided.decision
    const answer = { action, call_id, contact_id, reason }
    entries.push(
      entryOf(by, 'review.decided', decided.itemId, null, answer, { contactId: contact_id, callId: call_id }),
    )
  }
  if (answeredRequest !== undefined) {
    const { id, callId } = answeredRequest
    entries.push(entryOf(by, 'dial.answered', id, { call_id: null }, { call_id: callId }))
  }
  return entries.filter((entry) => entry !== null)
}

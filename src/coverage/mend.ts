import { validate as isUuid } from 'uuid'
import { type Decision, decideDeletion, decideDerivation, decideRepair } from '../attempts/attempt.ts'
import type { Book } from '../attempts/book.ts'
import type { Change, Plan } from '../attempts/change.ts'
import { NO_NEEDS } from '../attempts/read.ts'
import { COMMAND_LINE } from '../audit/actor.ts'
import type { Call } from '../calls/call.ts'
import type { Opportunity } from '../opportunities/opportunity.ts'
import type { Contradiction } from './contradictions.ts'

/** What was done about a contradiction, in words; null where there was nothing to do (any more). */
export type Mended = string | null

/**
 * Mends a contradiction from the calls.
 *
 * @param withdrawsUnknown whether attempts go of which there is no call
 * @returns null where the calls do not tell what would be right
 */
export function mend(
  { kind, call_id, opportunity_id }: Contradiction,
  withdrawsUnknown: boolean,
): Change<Mended> | null {
  switch (kind) {
    case 'attempt_without_call':
      return withdrawsUnknown && call_id !== null && opportunity_id !== null ? withdraw(call_id, opportunity_id) : null
    case 'derived_fields_differ':
      return opportunity_id === null ? null : mendOpportunity(opportunity_id)
    case 'foreign_without_attempt':
      return opportunity_id === null || call_id === null ? null : forgetForeign(call_id, opportunity_id)
    case 'attempt_of_deleted_call':
    case 'attempt_of_ineligible_call':
    case 'attempt_of_other_contact':
    case 'attempt_of_unregistered_call':
    case 'attempt_differs':
    case 'second_attempt':
    case 'registered_without_attempt':
    case 'wrong_outcome':
      return call_id === null ? null : mendCall(call_id, opportunity_id)
    default:
      return kind satisfies never
  }
}

/** Holds a call, or what is left of a deleted one, against the opportunity that contradicts it, and its own. */
function mendCall(callId: string, opportunityId: string | null): Change<Mended> {
  return {
    by: COMMAND_LINE,
    needs: {
      ...NO_NEEDS,
      callIds: [callId],
      opportunityIds: opportunityId === null ? [] : [opportunityId],
    },
    plan: (book) => {
      const restsOn = [callId, ...(opportunityId === null ? [] : [opportunityId])]
      const stored = book.call(callId)
      const contradicting = book.opportunity(opportunityId)
      const own = book.opportunity(stored?.opportunity_id ?? null)
      const contactIds = [contradicting?.contact_id, own?.contact_id, stored?.entity_id].flatMap((id) => id ?? [])
      if (stored === undefined) {
        const holds = contradicting?.attempts.some((attempt) => attempt.call_id === callId) ?? false
        if (!holds || !book.isDeleted(callId)) return { result: null, restsOn }
        return planOf(decideDeletion(book.situationOfContacts(contactIds), callId), restsOn, book, callId)
      }
      return planOf(decideRepair(book.situationOfContacts(contactIds), stored), restsOn, book, callId)
    },
  }
}

function withdraw(callId: string, opportunityId: string): Change<Mended> {
  return {
    by: COMMAND_LINE,
    needs: { ...NO_NEEDS, callIds: isUuid(callId) ? [callId] : [], opportunityIds: [opportunityId] },
    plan: (book) => {
      const restsOn = [opportunityId]
      const opportunity = book.opportunity(opportunityId)
      if (opportunity === undefined || numberOf(opportunity, callId) === 0 || book.call(callId) !== undefined) {
        return { result: null, restsOn }
      }
      return planOf(decideDeletion(book.situationOfContact(opportunity.contact_id), callId), restsOn, book, callId)
    },
  }
}

function mendOpportunity(id: string): Change<Mended> {
  return {
    by: COMMAND_LINE,
    needs: { ...NO_NEEDS, opportunityIds: [id] },
    plan: (book) => {
      const opportunity = book.opportunity(id)
      if (opportunity === undefined) return { result: null, restsOn: [id] }
      const decision = decideDerivation(book.situationOfContact(opportunity.contact_id), opportunity)
      return { ...decision, result: `opportunity ${id} says again what follows from its attempts`, restsOn: [id] }
    },
  }
}

function forgetForeign(callId: string, opportunityId: string): Change<Mended> {
  return {
    by: COMMAND_LINE,
    needs: { ...NO_NEEDS, opportunityIds: [opportunityId] },
    plan: (book) => {
      const isOne = ({ call_id, call_created_at }: Opportunity['attempts'][number]): boolean =>
        call_id === callId && call_created_at === null
      const restsOn = [opportunityId]
      if (book.opportunity(opportunityId)?.attempts.some(isOne) ?? false) return { result: null, restsOn }
      return { goneForeignAttempts: [callId], result: 'no longer kept as an older system’s', restsOn }
    },
  }
}

/**
 * What was decided of a call rests on the call as it is. An attempt is no part of its row, so that whoever moves or deletes
 * it at the same moment would not notice: its revision is raised, even where nothing else of it changes (B14).
 */
function planOf(decision: Decision, restsOn: readonly string[], book: Book, callId: string): Plan<Mended> {
  if (decision.opportunities.length === 0 && decision.calls.length === 0) return { result: null, restsOn }
  const stored = book.call(callId)
  const isWritten = stored === undefined || decision.calls.some(({ id }) => id === callId)
  const calls = isWritten
    ? decision.calls
    : [...decision.calls, { ...stored, revision: stored.revision + 1, updated_at: book.now }]
  return { ...decision, calls, restsOn, isWithdrawal: true, result: told(decision, book, callId) }
}

/** What a decision makes of a call, in words. */
function told(decision: Decision, book: Book, callId: string): string {
  const call = decision.calls.find(({ id }) => id === callId) ?? book.call(callId)
  const left = decision.opportunities.filter((now) => {
    const before = book.opportunity(now.id)
    return before !== undefined && numberOf(before, callId) > 0 && numberOf(now, callId) === 0
  })
  const parts = left.map(({ id }) => `withdrawn from opportunity ${id}`)
  if (call !== undefined) parts.push(placeOf(call, decision, book))
  return parts.join('; ')
}

function placeOf(call: Call, decision: Decision, book: Book): string {
  if (call.outcome !== 'registered') return `marked ${call.outcome}`
  const changed = decision.opportunities.find(({ id }) => id === call.opportunity_id)
  const opportunity = changed ?? book.opportunity(call.opportunity_id)
  const number = opportunity === undefined ? 0 : numberOf(opportunity, call.id)
  const colour = opportunity?.attempts[number - 1]?.status ?? 'unknown'
  return `registered as attempt ${number}, ${colour}, of opportunity ${call.opportunity_id}`
}

/** 0 where it has no attempt of the call. */
const numberOf = ({ attempts }: Opportunity, callId: string): number =>
  attempts.findIndex(({ call_id }) => call_id === callId) + 1

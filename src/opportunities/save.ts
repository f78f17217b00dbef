import { decideOpportunityChange, type OlderAttempts, withOlderAttempts } from '../attempts/attempt.ts'
import { type Answer, type AnswerKey, type Book, answerKey as nameOf } from '../attempts/book.ts'
import type { Change } from '../attempts/change.ts'
import { NO_NEEDS } from '../attempts/read.ts'
import type { Actor } from '../audit/actor.ts'
import { noSuch } from '../auth/named.ts'
import { isInSight, type Sight } from '../auth/sight.ts'
import type { Call } from '../calls/call.ts'
import { anyRevision, type RevisionTest, revisionChanged } from '../http/preconditions.ts'
import { KEY_USED_BEFORE, problemOf, type Refusal, refusal } from '../http/refusal.ts'
import type { Instant } from '../time.ts'
import { type OpportunityBody, opportunityBody } from './body.ts'
import type { Opportunity, OpportunityChanges } from './opportunity.ts'

/** An opportunity as a client asks for it, with what an older system knows of its attempts. */
export interface NewOpportunity extends OlderAttempts {
  id: string
  contact_id: string
  title: string | null
  status: string
  assigned_to: string | null
  source: string | null
  created_at: Instant | null
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** `POST`: makes an opportunity; older attempts are checked and taken over (B1, B7). Old calls wait for B16. */
export function createOpportunity(
  asked: NewOpportunity,
  by: Actor,
  answerKey: AnswerKey | null = null,
): Change<Answer> {
  const callIds = Object.values(asked.first_call_attempts).map((attempt) => attempt.call_id)
  const notes = Object.values(asked.first_call_attempts).reduce((length, attempt) => length + attempt.notes.length, 0)
  const ownCallIds = callIds.filter((id) => UUID.test(id))
  const restsOn = [asked.id, ...callIds, ...(answerKey === null ? [] : [nameOf(answerKey)])]
  let createdAt = asked.created_at
  let wasAnswerLost = false

  return {
    by,
    needs: {
      ...NO_NEEDS,
      contactIds: [asked.contact_id],
      callIds: ownCallIds,
      foreignCallIds: callIds,
      opportunityIds: [asked.id],
      answerKeys: answerKey === null ? [] : [answerKey],
    },
    size: notes * (answerKey === null ? 1 : 2),
    plan: (book) => {
      const refuse = (reason: Refusal) => {
        const problem = problemOf(reason)
        return { result: { status: problem.status, body: problem }, restsOn }
      }
      if (answerKey !== null) {
        if (book.wasUsedOtherwise(answerKey)) return refuse(KEY_USED_BEFORE)
        const remembered = book.answer(answerKey)
        if (remembered !== undefined) return { result: remembered, restsOn }
      }
      createdAt ??= book.now
      const existing = book.opportunity(asked.id)
      if (existing !== undefined) {
        if (wasAnswerLost && existing.created_at === createdAt) {
          return { result: { status: 201, body: opportunityBody(existing) }, restsOn }
        }
        return refuse(refusal('conflict', `An opportunity with the id ${asked.id} exists already.`))
      }
      const { title, status, assigned_to, source, id, contact_id } = asked
      const blank: Opportunity = {
        ...{ id, contact_id, title, status, assigned_to, source },
        attempts: [],
        completed_elsewhere: false,
        revision: 1,
        created_at: createdAt,
        updated_at: book.now,
      }
      const taken = withOlderAttempts(blank, asked, {
        calls: new Map(ownCallIds.flatMap((callId): [string, Call][] => entry(callId, book.call(callId)))),
        deleted: new Set(ownCallIds.filter((callId) => book.isDeleted(callId))),
        heldElsewhere: new Set(callIds.filter((callId) => book.isHeldElsewhere(callId))),
      })
      if ('faults' in taken) return refuse(refusal('invalid', 'The attempts cannot be taken over.', taken.faults))
      const answer = { status: 201, body: opportunityBody(taken.opportunity) }
      return {
        result: answer,
        restsOn,
        newOpportunity: taken.opportunity,
        calls: taken.calls.map((call) => ({ ...call, revision: call.revision + 1, updated_at: book.now })),
        ...(answerKey === null ? {} : { answer: { key: answerKey, answer } }),
      }
    },
    onAnswerLost: () => {
      wasAnswerLost = true
    },
  }
}

const entry = (id: string, call: Call | undefined): [string, Call][] => (call === undefined ? [] : [[id, call]])

/**
 * `PATCH`: a person's change; one that opens the opportunity places the calls again that it turned away (B6).
 *
 * @param sight what that person may see: of two who take an opportunity at the same moment, the second finds it gone
 */
export function changeOpportunity(
  id: string,
  changes: OpportunityChanges,
  by: Actor,
  isExpected: RevisionTest = anyRevision,
  sight: Sight = 'everything',
): Change<OpportunityBody | Refusal> {
  let wasAnswerLost = false
  return {
    by,
    needs: { ...NO_NEEDS, opportunityIds: [id] },
    plan: (book: Book) => {
      const opportunity = book.opportunity(id)
      if (opportunity === undefined || !isInSight(sight, opportunity)) {
        return { result: noSuch('opportunity', id), restsOn: [id] }
      }
      const decision = decideOpportunityChange(book.situationOfContact(opportunity.contact_id), opportunity, changes)
      const isOwnWork = wasAnswerLost && decision.opportunities.length === 0
      if (!isExpected(opportunity.revision) && !isOwnWork) {
        return { result: revisionChanged(opportunity), restsOn: [id] }
      }
      const changed = decision.opportunities.find((candidate) => candidate.id === id) ?? opportunity
      return {
        ...decision,
        result: opportunityBody(changed),
        restsOn: [id],
      }
    },
    onAnswerLost: () => {
      wasAnswerLost = true
    },
  }
}

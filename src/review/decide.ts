import { changedByPerson, decideBoth, formatInstant, withFieldsOf } from '../attempts/attempt.ts'
import type { Book } from '../attempts/book.ts'
import type { Change, Plan } from '../attempts/change.ts'
import { NO_NEEDS } from '../attempts/read.ts'
import type { Call } from '../calls/call.ts'
import { decided } from '../calls/decide.ts'
import { type Refusal, refusal } from '../http/refusal.ts'
import { decidedBefore } from './answer.ts'
import type { ReviewAnswer, ReviewItem } from './item.ts'

/** What a decision changes beside its item. */
type Effect = Partial<Pick<Plan<unknown>, 'restsOn' | 'opportunities' | 'calls' | 'deletedCall' | 'isWithdrawal'>>

/**
 * Decides an item of the review list as a person answered it. What follows from it for calls and attempts is written by
 * the same statement as the decision, and only while nobody else has decided: the two never come apart, and the same
 * answer again finds it done.
 *
 * @param answer one in which {@link faultOf} has found no fault
 * @param by whose key it came with
 */
export function decideItem(item: ReviewItem, answer: ReviewAnswer, by: string): Change<ReviewItem | Refusal> {
  const callIds = [
    item.call_id,
    ...item.candidates.flatMap(({ call_id }) => (typeof call_id === 'string' ? call_id : [])),
  ]
  return {
    needs: {
      ...NO_NEEDS,
      reviewItemIds: [item.id],
      callIds: [...new Set(callIds)],
      contactIds: answer.contact_id === null ? [] : [answer.contact_id],
    },
    // Only the whole will do: without its attempt a decision would be half done.
    plan: (book) => {
      const restsOn = [item.id, ...callIds]
      const decision = { ...answer, by, at: formatInstant(book.now) }
      const earlier = book.itemDecision(item.id)
      if (earlier != null) return { result: decidedBefore({ ...item, decision: earlier }, decision), restsOn }
      const effect = effectOf(item, answer, book)
      if (effect === null) return { result: CALL_IS_GONE, restsOn }
      return {
        ...effect,
        decided: { itemId: item.id, decision },
        result: { ...item, decision },
        restsOn: [...restsOn, ...(effect.restsOn ?? [])],
      }
    },
  }
}

const CALL_IS_GONE = refusal('conflict', 'A call that this is about was deleted meanwhile. It can be dismissed only.')

/** Null where a call that is needed was deleted meanwhile. */
function effectOf(item: ReviewItem, answer: ReviewAnswer, book: Book): Effect | null {
  const isDismissed = answer.action === 'dismiss'
  switch (item.kind) {
    case 'doubtful_link': {
      const call = book.call(item.call_id)
      if (call === undefined) return isDismissed ? {} : null
      const { entity_type, entity_id } = call
      // B10: kept or changed, from now on it is a person's word.
      const contact = isDismissed ? { entity_type, entity_id } : linkTo(answer.contact_id)
      return decided(book, changedByPerson(call, contact), call)
    }
    case 'same_call': {
      if (isDismissed) return {}
      const other = item.candidates.find(({ call_id }) => call_id !== answer.call_id)
      const calls = [answer.call_id, other?.call_id].map((id) => (typeof id === 'string' ? book.call(id) : undefined))
      const [staying, withdrawn] = calls
      return staying === undefined || withdrawn === undefined ? null : oneOfTwo(book, staying, withdrawn)
    }
    case 'contradiction':
      return {}
    default:
      return item.kind satisfies never
  }
}

const linkTo = (contactId: string | null) => ({ entity_type: 'contacts', entity_id: contactId })

/** B5, B17: what the other one brought goes over, then it is withdrawn. */
function oneOfTwo(book: Book, stored: Call, other: Call): Effect {
  const call = withFieldsOf(stored, other)
  const { opportunities, calls } = decideBoth(book.situationOfBoth(stored, other), { call, stored }, other.id)
  const isWritten = calls.some(({ id }) => id === stored.id)
  // Written even where it stays as it is: if somebody deleted it at this moment, neither would be left.
  const asItIs = isWritten ? [] : [{ ...stored, revision: stored.revision + 1, updated_at: book.now }]
  return {
    opportunities,
    calls: [...calls, ...asItIs],
    deletedCall: { ...other, revision: other.revision + 1, updated_at: book.now },
    isWithdrawal: true,
  }
}

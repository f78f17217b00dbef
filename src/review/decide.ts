import { changedByPerson, formatInstant } from '../attempts/attempt.ts'
import type { Book } from '../attempts/book.ts'
import type { Change, Plan } from '../attempts/change.ts'
import { NO_NEEDS } from '../attempts/read.ts'
import type { Actor } from '../audit/actor.ts'
import { decided } from '../calls/decide.ts'
import { joined, withAllOf } from '../calls/join.ts'
import { needsOfMail } from '../calls/mail-call.ts'
import { type Refusal, refusal } from '../http/refusal.ts'
import { decidedBefore } from './answer.ts'
import type { ReviewAnswer, ReviewDecision, ReviewItem } from './item.ts'
import { createOfMail, linkMail, type MailTarget, mailOf } from './mail.ts'

/** What a decision changes beside its item. */
type Effect = Partial<Omit<Plan<unknown>, 'result' | 'decided'>> & { unusedAudio?: readonly string[] }

/** Who decides, and how far. */
export interface Deciding extends MailTarget {
  by: Actor
  /** Whose key it came with. */
  decidedBy: string
}

/** An item with its decision. */
export interface DecidedItem {
  item: ReviewItem
  /** Names of files to which nothing refers any more. */
  unusedAudio: readonly string[]
}

/**
 * Decides an item of the review list as a person answered it. What follows from it for calls and attempts is written by
 * the same statement as the decision, and only while nobody else has decided: the two never come apart, and the same
 * answer again finds it done.
 *
 * @param answer one in which {@link faultOf} has found no fault
 */
export function decideItem(
  item: ReviewItem,
  answer: ReviewAnswer,
  { by, decidedBy, ...deciding }: Deciding,
): Change<DecidedItem | Refusal> {
  const callIds = callIdsOf(item, answer)
  return {
    by,
    needs: {
      ...(isAboutMail(item) ? needsOfMail(mailOf(item), null) : NO_NEEDS),
      reviewItemIds: [item.id],
      callIds,
      contactIds: answer.contact_id === null ? [] : [answer.contact_id],
    },
    // Only the whole will do: without its attempt a decision would be half done.
    plan: (book) => {
      const restsOn = [item.id, ...callIds]
      const decision = { ...answer, by: decidedBy, at: formatInstant(book.now) }
      const earlier = book.itemDecision(item.id)
      if (earlier != null) {
        const before = decidedBefore(afterwards(item, earlier), decision)
        return { result: 'code' in before ? before : { item: before, unusedAudio: [] }, restsOn }
      }
      const effect = effectOf(item, answer, book, deciding)
      if (effect === null) return { result: CALL_IS_GONE, restsOn }
      if ('code' in effect) return { result: effect, restsOn }
      const { unusedAudio = [], ...written } = effect
      return {
        ...written,
        decided: { itemId: item.id, decision },
        result: { item: afterwards(item, decision), unusedAudio },
        restsOn: [...restsOn, ...(effect.restsOn ?? [])],
      }
    },
  }
}

/** The item as it is once that is decided: its audio, unless it was dismissed, is a call's. */
function afterwards(item: ReviewItem, decision: ReviewDecision): ReviewItem & { decision: ReviewDecision } {
  if (item.mail === undefined || decision.action === 'dismiss') return { ...item, decision }
  return { ...item, mail: { ...item.mail, audio: [] }, decision }
}

/** The calls on which a decision rests: those of the item, or the one that an e-mail is linked to. */
function callIdsOf({ kind, call_id, candidates }: ReviewItem, answer: ReviewAnswer): string[] {
  const ofItem = kind === 'unmatched_mail' ? [] : [call_id, ...candidates.map((candidate) => candidate.call_id)]
  return [...new Set([...ofItem, answer.call_id].filter((id) => typeof id === 'string'))]
}

const CALL_IS_GONE = refusal(
  'conflict',
  'A call that this is about was deleted or erased meanwhile. It can be dismissed only.',
)

type AboutMail = ReviewItem & Required<Pick<ReviewItem, 'mail'>>
const isAboutMail = (item: ReviewItem): item is AboutMail => item.mail !== undefined

/** Null where a call that is needed was deleted meanwhile. */
function effectOf(item: ReviewItem, answer: ReviewAnswer, book: Book, target: MailTarget): Effect | Refusal | null {
  const isDismissed = answer.action === 'dismiss'
  switch (item.kind) {
    case 'doubtful_link': {
      const call = item.call_id === null ? undefined : book.call(item.call_id)
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
      if (staying === undefined || withdrawn === undefined) return null
      // What one of them has no longer, the other must not give back to it.
      if (staying.isErased || withdrawn.isErased) return null
      return joined(book, withAllOf(staying, withdrawn), staying, withdrawn)
    }
    case 'contradiction':
      return {}
    case 'unmatched_mail':
      if (isDismissed || !isAboutMail(item)) return {}
      if (answer.action === 'link') return linkMail(mailOf(item), answer.call_id, target, book)
      return createOfMail(mailOf(item), answer, target, book)
    default:
      return item.kind satisfies never
  }
}

const linkTo = (contactId: string | null) => ({ entity_type: 'contacts', entity_id: contactId })

import { isSameCall } from '../attempts/attempt.ts'
import type { Book } from '../attempts/book.ts'
import type { Change, Plan } from '../attempts/change.ts'
import { NO_NEEDS } from '../attempts/read.ts'
import type { Actor } from '../audit/actor.ts'
import type { Call, Source } from './call.ts'
import { decided } from './decide.ts'
import { doubtOfLink } from './doubts.ts'
import { answeredRequest, type LinkedTo, mayBeLinked, meantBy } from './link.ts'

/**
 * Whom a call that a machine told of is to be linked to now; null where it stays as it is. One that is linked moves only
 * with its number, or where it turns out to answer a request.
 */
export function newContactOf(call: Call, stored: Call | null, book: Book): LinkedTo | null {
  if (!mayBeLinked(call) || call.phone_number === null) return null
  const isRequested = call.link?.how === 'dial'
  const dial = isRequested ? null : answeredRequest(call, book.dialRequests(), book.now)
  if (dial !== null) {
    return { contactId: dial.contact_id, link: { how: 'dial', candidates: [dial.contact_id] }, dial }
  }
  const isSettled = call.entity_id !== null && stored?.phone_number === call.phone_number
  return isSettled ? null : meantBy(book.holdersOfNumber(call.phone_number))
}

/** The call with its contact, which any person's word replaces (B10). */
export function linked(call: Call, linkedTo: LinkedTo | null): Call {
  if (linkedTo === null) return call
  const sources = { ...call.sources, entity_type: LINKER, entity_id: LINKER }
  return { ...call, entity_type: 'contacts', entity_id: linkedTo.contactId, link: linkedTo.link, sources }
}

/** The lowest word of a machine that hears calls: which of them found the contact makes no difference. */
const LINKER: Source = 'start'

/** What of the link is written beside the call. */
export function besideLink(call: Call, linkedTo: LinkedTo | null): Pick<Plan<unknown>, 'answeredRequest'> {
  if (linkedTo === null || linkedTo.dial === null) return {}
  return { answeredRequest: { id: linkedTo.dial.id, callId: call.id } }
}

/**
 * Links a call whose number somebody has by now, and registers it (B16).
 *
 * @returns whether it was linked
 */
export function linkCall(id: string, by: Actor): Change<boolean> {
  return {
    by,
    needs: { ...NO_NEEDS, callIds: [id], byNumber: true },
    plan: (book) => {
      const stored = book.call(id)
      const linkedTo = stored === undefined || stored.entity_id !== null ? null : newContactOf(stored, stored, book)
      if (stored === undefined || linkedTo === null) return { result: false, restsOn: [id] }
      const call = linked(stored, linkedTo)
      return {
        ...decided(book, call, stored),
        result: !isSameCall(call, stored),
        doubts: doubtOfLink(call, linkedTo),
        ...besideLink(call, linkedTo),
      }
    },
  }
}

import { isSameCall } from '../attempts/attempt.ts'
import type { Book } from '../attempts/book.ts'
import type { Change, Plan } from '../attempts/change.ts'
import { NO_NEEDS } from '../attempts/read.ts'
import type { Actor } from '../audit/actor.ts'
import type { Call, Source } from './call.ts'
import { decided } from './decide.ts'
import { doubtOfLink } from './doubts.ts'
import { joined, withAllOf } from './join.ts'
import { answeredRequest, type DialRequest, type LinkedTo, mayBeLinked, meantBy } from './link.ts'

/**
 * Whom a call that a machine told of is to be linked to now; null where it stays as it is. One that is linked moves only
 * with its number, or where it turns out to answer a request.
 */
export function newContactOf(call: Call, stored: Call | null, book: Book): LinkedTo | null {
  if (!mayBeLinked(call) || call.phone_number === null) return null
  const isRequested = call.link?.how === 'dial'
  const dial = isRequested ? null : answeredRequest(call, unwrittenRequests(call.phone_number, book), book.now)
  if (dial !== null) {
    return { contactId: dial.contact_id, link: { how: 'dial', candidates: [dial.contact_id] }, dial }
  }
  const isSettled = call.entity_id !== null && stored?.phone_number === call.phone_number
  return isSettled ? null : meantBy(book.holdersOfNumber(call.phone_number))
}

/** What somebody has said of their call is joined with it, and does not only tell its contact. */
const unwrittenRequests = (number: string, book: Book): DialRequest[] =>
  book.openRequests(number).filter((request) => book.writtenCallOf(request) === null)

/** What somebody said of a call that was asked for, before the PBX told of it. */
export interface WrittenCall {
  request: DialRequest
  call: Call
}

/**
 * What was said before of a call that the PBX tells of now, as the call that was asked for; null where nothing was. One
 * that has its contact by a person's word or by a request already answers no other one.
 *
 * @param told the call as the PBX tells of it
 */
export function writtenCallOf(told: Call, book: Book): WrittenCall | null {
  if (!mayBeLinked(told) || told.phone_number === null || told.link?.how === 'dial') return null
  const request = answeredRequest(told, book.openRequests(told.phone_number), book.now)
  const call = request === null ? null : book.writtenCallOf(request)
  return request === null || call === null ? null : { request, call }
}

/** The call with its contact, which any person's word replaces (B10). */
export function linked(call: Call, linkedTo: LinkedTo | null): Call {
  if (linkedTo === null) return call
  const sources = { ...call.sources, entity_type: LINKER, entity_id: LINKER }
  return { ...call, entity_type: 'contacts', entity_id: linkedTo.contactId, link: linkedTo.link, sources }
}

/** The lowest word of a machine that hears calls: which of them found the contact makes no difference. */
const LINKER: Source = 'start'

/** What of the link is written beside the call: the request that it answers. */
export function besideLink(
  call: Call,
  linkedTo: LinkedTo | null,
  written: WrittenCall | null = null,
): Pick<Plan<unknown>, 'answeredRequest'> {
  const request = written?.request ?? linkedTo?.dial ?? null
  return request === null ? {} : { answeredRequest: { id: request.id, callId: call.id } }
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
      if (stored === undefined || stored.entity_id !== null) return { result: false, restsOn: [id] }
      const written = stored.provider === null ? null : writtenCallOf(stored, book)
      if (written !== null) {
        const call = withAllOf(stored, written.call)
        return { ...joined(book, call, stored, written.call), result: true, ...besideLink(call, null, written) }
      }
      const linkedTo = newContactOf(stored, stored, book)
      if (linkedTo === null) return { result: false, restsOn: [id] }
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

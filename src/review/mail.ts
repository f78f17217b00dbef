import { changedByPerson } from '../attempts/attempt.ts'
import type { Book } from '../attempts/book.ts'
import type { Plan } from '../attempts/change.ts'
import { noSuch } from '../auth/named.ts'
import type { Call, Recording } from '../calls/call.ts'
import { decided } from '../calls/decide.ts'
import { doubtOfLink } from '../calls/doubts.ts'
import { besideLink, linked, newContactOf } from '../calls/linking.ts'
import type { MailOfCall } from '../calls/mail.ts'
import { callOfMail, namesOf, type WithMail, withMail, withoutNamesOfOthers } from '../calls/mail-call.ts'
import { type Refusal, refusal } from '../http/refusal.ts'
import type { ReviewAnswer, ReviewItem } from './item.ts'

/** The e-mail that an item is about, as it was when nothing was found for it. */
export function mailOf({ id, mail }: ReviewItem & Required<Pick<ReviewItem, 'mail'>>): MailOfCall {
  const { kept, audio } = mail
  return {
    ...kept,
    messageId: id,
    recordings: audio.map((one) => ({
      id: one.id,
      providerRecordingId: kept.names[one.id] ?? null,
      fileName: one.file_name ?? '',
      contentType: one.content_type ?? '',
      sizeBytes: one.size_bytes ?? 0,
      sha256: one.sha256 ?? '',
    })),
  }
}

/** What becomes of a call by an e-mail, and which of its audio the call had already. */
export type MailEffect = Plan<Call> & Pick<WithMail, 'unusedAudio'>

/** To which calls an e-mail may go. */
export interface MailTarget {
  /** How its call was found. */
  matchedBy: Recording['matched_by']
  /** Whether a call of that contact may come of it: an agent changes nothing of whom he does not see. */
  mayLinkTo: (contactId: string) => boolean
}

/** The e-mail goes to a call that there is; null where it was deleted meanwhile. */
export function linkMail(
  mail: MailOfCall,
  callId: string | null,
  target: MailTarget,
  book: Book,
): MailEffect | Refusal | null {
  const stored = callId === null ? undefined : book.call(callId)
  // Of one that was erased, too, nothing more is kept.
  if (stored === undefined || stored.isErased) return null
  return effectOf(
    mail,
    withMail(stored, withoutNamesOfOthers(mail, stored, book), target.matchedBy),
    stored,
    target,
    book,
  )
}

/** The e-mail makes a call: with the contact that the person names, else with whom its number tells. */
export function createOfMail(
  mail: MailOfCall,
  { contact_id }: ReviewAnswer,
  target: MailTarget,
  book: Book,
): MailEffect | Refusal {
  const refused = whyNotNew(mail, book)
  if (refused !== null) return refused
  const made = callOfMail(mail, 'person', book.now, book.now)
  const byPerson = { entity_type: 'contacts', entity_id: contact_id }
  const call = contact_id === null ? made.call : changedByPerson(made.call, byPerson)
  return effectOf(mail, { ...made, call }, null, target, book)
}

/** What an e-mail names is there by now, or was deleted. */
function whyNotNew({ provider, pbxCallId, recordings }: MailOfCall, book: Book): Refusal | null {
  const holders = namesOf(recordings).flatMap((name) => book.callIdByRecording(provider, name) ?? [])
  const isDeleted =
    (pbxCallId !== null && book.isDeleted(null, provider, pbxCallId)) || holders.some((id) => book.isDeleted(id))
  if (isDeleted)
    return refusal(
      'conflict',
      'The call that the message names was deleted, and stays deleted. It can be dismissed or linked.',
    )
  const known = pbxCallId === null ? undefined : book.callByProviderKey(provider, pbxCallId)
  const callId = known?.id ?? holders[0]
  if (callId === undefined) return null
  return refusal('conflict', `The call that the message names is there already: it can be linked to ${callId}.`)
}

function effectOf(
  mail: MailOfCall,
  { call: told, unusedAudio }: WithMail,
  stored: Call | null,
  { mayLinkTo }: MailTarget,
  book: Book,
): MailEffect | Refusal {
  const linkedTo = newContactOf(told, stored, book)
  if (linkedTo !== null && !mayLinkTo(linkedTo.contactId)) return noSuch('item', mail.messageId)
  const call = linked(told, linkedTo)
  const isKept = new Set(call.recordings.map(({ id }) => id))
  return {
    ...decided(book, call, stored),
    doubts: linkedTo === null ? [] : doubtOfLink(call, linkedTo),
    ...besideLink(call, linkedTo),
    goneRecordings: mail.recordings.flatMap(({ id }) => (isKept.has(id) ? [] : id)),
    unusedAudio,
  }
}

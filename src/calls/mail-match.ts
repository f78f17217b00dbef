import { formatInstant } from '../attempts/attempt.ts'
import type { Book } from '../attempts/book.ts'
import type { Doubt } from '../review/item.ts'
import type { Instant } from '../time.ts'
import type { Call, MatchHow, Recording } from './call.ts'
import type { MailOfCall, MailSettings } from './mail.ts'

/** What an e-mail is about, as far as can be told from what is known; with a sentence that says why. */
export type MailMatch = { sentence: string } & (
  | { is: 'call'; call: Call; how: MatchHow }
  /** What became of it when it was handled before. */
  | { is: 'own'; call: Call }
  | { is: 'deleted' }
  /** What told of the person of its call is gone, and so goes this. */
  | { is: 'erased' }
  | { is: 'new' }
  | { is: 'doubt'; candidates: Doubt['candidates'] }
)

/** B17: so far apart may two starts of one call be. */
export const SAME_START_MS = 60_000

/** Finds the call of an e-mail: by a name, which is sure; else by number and start. It never guesses. */
export function matchOf(mail: MailOfCall, book: Book, settings: MailSettings): MailMatch {
  return (
    ofErased(mail, book) ??
    ofFiles(mail, book) ??
    ofMessage(mail, book) ??
    byName(mail, book) ??
    byStart(mail, book, settings) ??
    withoutCall(mail, book, settings)
  )
}

/** Whether it names a call that was erased, or made one. */
function ofErased({ messageId, provider, pbxCallId, recordings }: MailOfCall, book: Book): MailMatch | null {
  const holderIds = recordings.flatMap(({ providerRecordingId: name, fileName }) => [
    (name === null ? null : book.callIdByRecording(provider, name)) ?? null,
    book.callIdByFile(fileName) ?? null,
  ])
  const isErased = book.isErased(messageId, provider, pbxCallId) || holderIds.some((id) => book.isErased(id))
  return isErased ? { is: 'erased', sentence: 'The person of the call was erased, and stays erased.' } : null
}

/** Where its audio is, if the message was handled before. */
function ofFiles({ recordings }: MailOfCall, book: Book): MailMatch | null {
  for (const { fileName } of recordings) {
    const callId = book.callIdByFile(fileName)
    if (callId == null) continue
    const call = book.call(callId)
    if (call !== undefined)
      return { is: 'own', call, sentence: 'The message was handled before, and this call has its audio.' }
    return { is: 'deleted', sentence: 'The message was handled before, and its call was deleted since.' }
  }
  return null
}

/** The call that it made, if it was handled before and none of its audio is there. */
function ofMessage({ messageId }: MailOfCall, book: Book): MailMatch | null {
  const call = book.call(messageId)
  if (call === undefined) return null
  return { is: 'own', call, sentence: 'The message was handled before, and made this call.' }
}

/** By the PBX's id of the call, then by its names of the recordings. */
function byName({ provider, pbxCallId, recordings }: MailOfCall, book: Book): MailMatch | null {
  const names = recordings.flatMap(({ providerRecordingId }) => providerRecordingId ?? [])
  const holderIds = [...new Set(names.flatMap((name) => book.callIdByRecording(provider, name) ?? []))]
  const isDeleted =
    (pbxCallId !== null && book.isDeleted(null, provider, pbxCallId)) || holderIds.some((id) => book.isDeleted(id))
  if (isDeleted) return { is: 'deleted', sentence: 'The call that the message names was deleted, and stays deleted.' }
  const named = pbxCallId === null ? undefined : book.callByProviderKey(provider, pbxCallId)
  const holders = holderIds.flatMap((id) => book.call(id) ?? [])
  const [holder] = holders
  const calls = [...new Set(named === undefined ? holders : [named, ...holders])]
  const isOfOtherId = named === undefined && pbxCallId !== null && holder != null && holder.provider !== null
  if (calls.length > 1 || isOfOtherId) {
    return {
      is: 'doubt',
      sentence: 'The names in the message, of the call and of its recordings, belong to different calls.',
      candidates: calls.map((call) => candidate(call, null)),
    }
  }
  if (named !== undefined) {
    return { is: 'call', call: named, how: 'pbx_call_id', sentence: `The message names the call ${pbxCallId}.` }
  }
  if (holder === undefined) return null
  return { is: 'call', call: holder, how: 'recording_id', sentence: 'The message names a recording of the call.' }
}

/** A call that could be the one, and how far its start is away. */
interface Near {
  call: Call
  distanceMs: number
}

/** By number and start, nearest first by whom they are of; null where nothing fits. */
function byStart(mail: MailOfCall, book: Book, settings: MailSettings): MailMatch | null {
  const near = nearCalls(mail, book, settings).filter(({ call }) => mayBeOf(mail, call))
  const { extension } = mail.fields
  const hashes = new Set(mail.recordings.map(({ sha256 }) => sha256))
  const hasSameAudio = ({ call }: Near): boolean =>
    call.recordings.some(({ sha256 }) => sha256 !== null && hashes.has(sha256))
  const isOfExtension = ({ call, distanceMs }: Near): boolean =>
    extension !== null && call.extension === extension && call.started_at !== null && distanceMs <= SAME_START_MS
  const isWithoutAudio = ({ call }: Near): boolean => !call.recordings.some(isAudio)
  return (
    nearestOf(
      near.filter((one) => hasSameAudio(one) && isOfExtension(one)),
      'number_extension_start',
    ) ??
    nearestOf(near.filter(hasSameAudio), 'number_start') ??
    nearestOf(near.filter(isOfExtension), 'number_extension_start') ??
    nearestOf(near.filter(isWithoutAudio), 'number_start') ??
    perhapsFetched(near.filter(({ call }) => !isOfOtherExtension(call, extension)))
  )
}

function nearestOf(near: readonly Near[], how: MatchHow): MailMatch | null {
  const [nearest, second] = near
  if (nearest === undefined) return null
  if (second?.distanceMs === nearest.distanceMs) {
    const equal = near.filter(({ distanceMs }) => distanceMs === nearest.distanceMs)
    return {
      is: 'doubt',
      sentence: `${equal.length} calls began equally near to it, ${seconds(nearest)} s away.`,
      candidates: near.map(({ call, distanceMs }) => candidate(call, distanceMs)),
    }
  }
  const what = how === 'number_start' ? 'the same number' : 'the same number and extension'
  return { is: 'call', call: nearest.call, how, sentence: `A call with ${what} began ${seconds(nearest)} s away.` }
}

/** Audio that the PBX itself gave may be the same that it mailed, of a call that is there: another one is not made. */
function perhapsFetched(near: readonly Near[]): MailMatch | null {
  const isFetched = ({ call }: Near): boolean => call.recordings.filter(isAudio).every((one) => one.matched_by === null)
  const fetched = near.filter(isFetched)
  if (fetched.length === 0) return null
  return {
    is: 'doubt',
    sentence:
      'A call to or from the number at about this time has its recording already, and nothing tells whether it is this one.',
    candidates: fetched.map(({ call, distanceMs }) => candidate(call, distanceMs)),
  }
}

/** Nothing fits: a new call where its direction and number are known, else a person decides. */
function withoutCall(mail: MailOfCall, book: Book, settings: MailSettings): MailMatch {
  const unknown = [
    ...(mail.fields.phone_number === null ? ['the number'] : []),
    ...(mail.direction === null ? ['the direction'] : []),
  ]
  if (unknown.length === 0 && book.isDeleted(mail.messageId))
    return { is: 'deleted', sentence: 'The message was handled before, and the call that it made was deleted since.' }
  if (unknown.length === 0) return { is: 'new', sentence: 'No call fits, and enough is known of a new one.' }
  return {
    is: 'doubt',
    sentence: `No call fits, and too little is known of a new one: the message does not tell ${unknown.join(', ')}.`,
    candidates: nearCalls(mail, book, settings).map(({ call, distanceMs }) => candidate(call, distanceMs)),
  }
}

function nearCalls({ fields }: MailOfCall, book: Book, { matchMinutes }: MailSettings): Near[] {
  const { phone_number, started_at } = fields
  if (phone_number === null || started_at === null) return []
  return book
    .callsNear(phone_number, started_at, withinMs({ matchMinutes }))
    .map((call) => ({ call, distanceMs: Math.abs(startOf(call) - started_at) }))
    .sort((a, b) => a.distanceMs - b.distanceMs || (a.call.id < b.call.id ? -1 : 1))
}

/** How far around the start of an e-mail calls are looked for. */
export const withinMs = ({ matchMinutes }: MailSettings): number => Math.max(matchMinutes * 60_000, SAME_START_MS)

/** Whether nothing tells the call from that of the e-mail: neither the way it went, nor a name of call or recording. */
function mayBeOf({ provider, pbxCallId, direction, recordings }: MailOfCall, call: Call): boolean {
  if (direction !== null && call.direction !== direction) return false
  if (pbxCallId !== null && call.provider === provider) return false
  return !haveOtherNames(
    call.recordings.map(nameOf),
    recordings.map(({ providerRecordingId }) => providerRecordingId),
  )
}

const nameOf = ({ provider_recording_id }: Recording): string | null => provider_recording_id

/** B17: whether both have names, and none in common. */
export function haveOtherNames(a: readonly (string | null)[], b: readonly (string | null)[]): boolean {
  const [own, others] = [a, b].map((names) => names.filter((name) => name !== null))
  if (own === undefined || others === undefined || own.length === 0 || others.length === 0) return false
  return !own.some((name) => others.includes(name))
}

/** An extension that one of the two does not know is no other one. */
export const isOfOtherExtension = (call: Pick<Call, 'extension'>, extension: string | null): boolean =>
  call.extension !== null && extension !== null && call.extension !== extension

const isAudio = ({ status }: Recording): boolean => status === 'available'

const startOf = ({ started_at, created_at }: Call): Instant => started_at ?? created_at

const seconds = ({ distanceMs }: Near): number => Math.round(distanceMs / 1_000)

const candidate = (call: Call, distanceMs: number | null): Doubt['candidates'][number] => ({
  call_id: call.id,
  started_at: call.started_at === null ? null : formatInstant(call.started_at),
  phone_number: call.phone_number,
  extension: call.extension,
  distance_seconds: distanceMs === null ? null : Math.round(distanceMs / 1_000),
})

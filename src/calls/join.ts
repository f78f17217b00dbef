import { decideBoth, withFieldsOf } from '../attempts/attempt.ts'
import type { Book } from '../attempts/book.ts'
import type { Plan } from '../attempts/change.ts'
import type { Instant } from '../time.ts'
import { withRecordingsOf } from './audio.ts'
import type { Call, Recording } from './call.ts'
import { haveOtherNames, isOfOtherExtension, SAME_START_MS } from './mail-match.ts'
import type { CallReport } from './report.ts'

/* B17: one call of which there are two records, or would be. */

/** Whether a call is known only by an e-mail: it made the call, and no PBX has named it, whatever a person said of it. */
export function isOnlyByMail({ provider, sources }: Call): boolean {
  return provider === null && sources.call === 'email'
}

/** A call with the provider's key, which is no longer known only by an e-mail. */
export function withKey(call: Call, provider: string, provider_call_id: string): Call {
  const { call: _, ...sources } = call.sources
  return { ...call, provider, provider_call_id, sources }
}

/** Whether the PBX has told how a call ended. Of one that has only begun it is too early to say whose e-mail it is. */
export function isToldByEnd({ provider, sources }: Call): boolean {
  return provider !== null && Object.values(sources).some((source) => source === 'end' || source === 'statistics')
}

/** What one record of a call tells, to be compared with another. */
type Told = Pick<Call, 'direction' | 'phone_number' | 'extension' | 'started_at'> & {
  recordings: readonly Pick<Recording, 'provider_recording_id' | 'sha256'>[]
  /** Null where it is told of for the first time. */
  created_at: Instant | null
}

/**
 * Whether what the PBX tells is a call that is known only by an e-mail, as far as number, extension, start and audio say.
 * An extension that one of the two does not know is no other one; audio of its own that differs is another call's.
 */
export function isSameByStart(mailCall: Call, told: Told): boolean {
  const { phone_number, extension, started_at, direction } = told
  if (phone_number === null || started_at === null || mailCall.started_at === null) return false
  return (
    isOnlyByMail(mailCall) &&
    mailCall.phone_number === phone_number &&
    mailCall.direction === direction &&
    !isOfOtherExtension(mailCall, extension) &&
    Math.abs(mailCall.started_at - started_at) <= SAME_START_MS &&
    !haveOtherAudio(mailCall.recordings, told.recordings) &&
    !isRuledOut(mailCall, told)
  )
}

/** Whoever made the call of an e-mail that waited saw the calls that there were when it came, and took it for none. */
const isRuledOut = ({ id, recordings }: Call, { created_at }: Told): boolean =>
  created_at !== null && created_at < momentOf(id) && recordings.some((one) => one.matched_by === 'person')

/** When the message came whose id a call has: of version 7. */
const momentOf = (id: string): Instant => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)

function haveOtherAudio(own: Told['recordings'], others: Told['recordings']): boolean {
  const [names, otherNames] = [own, others].map((list) => list.map((one) => one.provider_recording_id))
  const [hashes, otherHashes] = [own, others].map((list) => list.map((one) => one.sha256))
  const isOther = haveOtherNames(names ?? [], otherNames ?? [])
  const isNamed = !isOther && names?.some((name) => name !== null && otherNames?.includes(name))
  return isOther || (isNamed !== true && haveOtherNames(hashes ?? [], otherHashes ?? []))
}

/**
 * The call that is known only by an e-mail and that a report tells of too: it has a recording that the report names, or
 * the report is an end's and number, extension and start fit. Of several the nearest, then the one made first. A call
 * that a person made is the one, too, where an e-mail gave it a recording that the report names, as long as the PBX's
 * call is no second record of it: what a person made is not withdrawn by a machine.
 *
 * @param stored the call that has the report's key or is to get it, where there is one
 */
export function mailCallOf(report: CallReport, stored: Call | null, book: Book): Call | null {
  const { provider, machine, fields, recordingIds } = report
  for (const name of recordingIds) {
    const holderId = book.callIdByRecording(provider, name)
    const holder = holderId === undefined || holderId === stored?.id ? undefined : book.call(holderId)
    if (holder !== undefined && (isOnlyByMail(holder) || (stored === null && holder.provider === null))) return holder
  }
  const { phone_number = null, started_at = null } = fields
  const isFinal = machine === 'end' || machine === 'statistics'
  if (!isFinal || phone_number === null || started_at === null) return null
  const told: Told = {
    direction: fields.direction,
    phone_number,
    extension: fields.extension ?? stored?.extension ?? null,
    started_at,
    created_at: stored?.created_at ?? null,
    recordings: [
      ...(stored?.recordings ?? []),
      ...recordingIds.map((name) => ({ provider_recording_id: name, sha256: null })),
    ],
  }
  const distance = ({ started_at: start }: Call): number => Math.abs((start ?? 0) - started_at)
  const [nearest] = book
    .callsNear(phone_number, started_at, SAME_START_MS)
    .filter((call) => isSameByStart(call, told))
    .sort((a, b) => distance(a) - distance(b) || a.created_at - b.created_at || (a.id < b.id ? -1 : 1))
  return nearest ?? null
}

/** A call with all that another record of it brought. */
export function withAllOf(call: Call, other: Call): Call {
  return { ...withFieldsOf(call, other), recordings: withRecordingsOf(call.recordings, other.recordings) }
}

/**
 * Two records become one: what the other brought has gone over already, now it gives its attempt back and leaves its
 * stone (B5, B17).
 *
 * @param call as the one that stays is to be
 * @param stored as it is stored
 */
export function joined(book: Book, call: Call, stored: Call, other: Call): Plan<Call> {
  const decision = decideBoth(book.situationOf(call, stored, other), { call, stored }, other.id)
  const written = decision.calls.find(({ id }) => id === stored.id)
  // Written even where it stays as it is: if somebody deleted it at this moment, neither would be left.
  const asItIs = { ...stored, revision: stored.revision + 1, updated_at: book.now }
  const isKept = new Set(call.recordings.map(({ id }) => id))
  return {
    opportunities: decision.opportunities,
    calls: written === undefined ? [...decision.calls, asItIs] : decision.calls,
    deletedCall: { ...other, revision: other.revision + 1, updated_at: book.now },
    goneRecordings: [...stored.recordings, ...other.recordings].flatMap(({ id }) => (isKept.has(id) ? [] : id)),
    isWithdrawal: true,
    result: written ?? asItIs,
    restsOn: [stored.id, other.id],
  }
}

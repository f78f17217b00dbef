import { v7 as uuidv7 } from 'uuid'
import { isSameCall, reportedByMachine, withoutEmpty } from '../attempts/attempt.ts'
import type { Book } from '../attempts/book.ts'
import type { Change, Plan } from '../attempts/change.ts'
import { NO_NEEDS } from '../attempts/read.ts'
import type { Actor } from '../audit/actor.ts'
import { emptied, type Message, type MessageResult, settledMessage } from '../inbox/message.ts'
import type { Doubt } from '../review/item.ts'
import type { Instant } from '../time.ts'
import {
  type Call,
  type CallChanges,
  type CallFields,
  newCall,
  type Recording,
  type Source,
  sourcesOf,
} from './call.ts'
import { decided, ownWork, undecided, withdraws } from './decide.ts'
import { contradictionsOf, doubtOfLink, doubtOfStart, sameCallsOf, withoutSecondWord } from './doubts.ts'
import { joined, mailCallOf, withAllOf, withKey } from './join.ts'
import { besideLink, linked, newContactOf, writtenCallOf } from './linking.ts'

/** What a machine tells of one call of a provider (B12). */
export interface CallReport {
  provider: string
  provider_call_id: string
  /** Whose word it is: among machines the higher one wins (B10). */
  machine: Exclude<Source, 'person'>
  fields: CallChanges & Pick<CallFields, 'direction'>
  /** The provider's names of recordings of this call. */
  recordingIds: readonly string[]
  /** Whether there is a recording, also where nothing names it yet. */
  isRecorded: boolean
}

/** What is made of the call, as it is to be and as it is stored, and of another record of it that goes. */
type Finish = (book: Book, call: Call, stored: Call | null, other: Call | null) => Plan<Call> | null

/** What a report came to. */
export interface Reported extends MessageResult {
  /** Null where it changed no call. */
  outcome: Call['outcome'] | null
  /** What it was to the call. */
  news: 'new' | 'changed' | 'unchanged'
}

/**
 * The user's `createOrUpdateCall`: makes the call that a machine tells of, or completes it (B10 to B12), links it to its
 * contact, and registers. A repeat changes nothing.
 *
 * @param message the raw message that told it, which is settled by the same statement
 */
export function createOrUpdateCall(report: CallReport, by: Actor, message: Message | null = null): Change<Reported> {
  const { provider, provider_call_id, fields, machine, recordingIds } = report
  const id = uuidv7()
  const recordingId = idsByName()
  const own = ownWork()
  let createdAt: Instant | null = null

  const made = (now: Instant): Call => {
    createdAt ??= now
    const told = { ...withoutEmpty(fields), direction: fields.direction }
    const sources = sourcesOf(Object.keys(told), machine)
    return newCall(told, { id, provider, provider_call_id, sources, created_at: createdAt, updated_at: now })
  }

  const toldOf = (stored: Call | null, book: Book): Call =>
    stored === null
      ? made(book.now)
      : reportedByMachine(withKey(stored, provider, provider_call_id), withoutSecondWord(stored, report), machine)

  const plan = (book: Book, finish: Finish): Plan<Reported> | null => {
    const holders = recordingIds.flatMap((name) => book.callIdByRecording(provider, name) ?? [])
    const isErased = book.isErased(null, provider, provider_call_id) || holders.some((holder) => book.isErased(holder))
    // B5: it is kept that it came, and nothing of what it tells.
    if (isErased) return settled(kept('erased'))
    const isDeleted = book.isDeleted(id, provider, provider_call_id) || holders.some((holder) => book.isDeleted(holder))
    if (isDeleted) return settled(kept('deleted'))
    const known = book.callByProviderKey(provider, provider_call_id) ?? null
    const toldAlone = toldOf(known, book)
    const written = writtenCallOf(toldAlone, book)
    // B17: one of which only a person or an e-mail has told takes the name, or becomes one with the call that has it.
    const mailCall = mailCallOf(report, known ?? written?.call ?? null, book)
    const [stored = null, other = null] = [known, written?.call ?? null, mailCall].filter((record) => record !== null)
    own.onPlan(stored)
    const told = stored === known ? toldAlone : toldOf(stored, book)
    const whole = other === null ? told : withAllOf(told, other)
    const named = withRecordings(whole, report, book, recordingId, other)
    const linkedTo = newContactOf(named.call, stored, book)
    const call = linked(named.call, linkedTo)
    const doubts = [
      ...(stored === null ? [] : contradictionsOf(stored, report)),
      ...doubtOfStart(told, report),
      ...named.doubts,
      ...(hasMoved(call, known) ? sameCallsOf(call, book.sameMoment(call)) : []),
      ...(linkedTo === null ? [] : doubtOfLink(call, linkedTo)),
    ]
    const isNews = stored === null || other !== null || !isSameCall(call, stored)
    // A machine's repeat registers nothing new (B16).
    const decision = isNews ? finish(book, call, stored, other) : { result: stored, restsOn: [stored.id] }
    if (decision === null) return null
    const news = stored === null ? 'new' : isNews ? 'changed' : 'unchanged'
    return {
      ...decision,
      ...settled({ result: 'call', reason: null, callId: call.id, outcome: decision.result.outcome, news }),
      restsOn: decision.restsOn,
      doubts,
      ...besideLink(call, linkedTo, written),
    }
  }

  const settled = (result: Reported): Plan<Reported> => ({
    result,
    restsOn: [],
    ...(message === null
      ? {}
      : { message: settledMessage(result.reason === 'erased' ? emptied(message) : message, result) }),
  })

  return {
    by,
    needs: {
      ...NO_NEEDS,
      providerKeys: [{ provider, provider_call_id }],
      byNumber: true,
      numbers: fields.phone_number
        ? [{ phone_number: fields.phone_number, started_at: fields.started_at ?? null }]
        : [],
      recordings: recordingIds.map((name) => ({ provider, provider_recording_id: name })),
    },
    // The raw message goes as hexadecimal digits.
    size: (message?.body.length ?? 0) * 2,
    plan: (book) =>
      plan(book, (_, call, stored, other) =>
        stored === null || other === null ? decided(book, call, stored) : joined(book, call, stored, other),
      ) ?? settled(kept('deleted')),
    planWithoutRegistering: (book) =>
      plan(book, (_, call, stored, other) =>
        other !== null || (stored !== null && withdraws(call, stored))
          ? null
          : undecided(own.isIn, false)(book, call, stored),
      ),
    onAnswerLost: own.onAnswerLost,
  }
}

const kept = (reason: string): Reported => ({
  result: 'kept',
  reason,
  callId: null,
  outcome: null,
  news: 'unchanged',
})

/** Whether something changed that tells one call from another. */
const hasMoved = (call: Call, stored: Call | null): boolean =>
  call.phone_number !== stored?.phone_number ||
  call.extension !== stored?.extension ||
  call.started_at !== stored?.started_at

/** Ids that stay the same however often a change is planned. */
function idsByName(): (name: string | null) => string {
  const ids = new Map<string | null, string>()
  return (name) => {
    const id = ids.get(name) ?? uuidv7()
    ids.set(name, id)
    return id
  }
}

/**
 * The call with the recordings that a report names. One that was only known to be there gets its name; one that another
 * call has (B17) stays there, for a person to decide.
 */
function withRecordings(
  call: Call,
  { provider, recordingIds, isRecorded }: CallReport,
  book: Book,
  idOf: (name: string | null) => string,
  other: Call | null,
): { call: Call; doubts: Doubt[] } {
  const recordings: Recording[] = [...call.recordings]
  const doubts: Doubt[] = []
  for (const name of recordingIds) {
    const holder = book.callIdByRecording(provider, name)
    if (holder !== undefined) {
      if (holder !== call.id && holder !== other?.id) doubts.push(recordingOfAnother(call, name, holder))
      continue
    }
    const place = recordings.findIndex((one) => one.provider_recording_id === null && one.status !== 'missing')
    const unnamed = recordings[place]
    if (unnamed === undefined) recordings.push(expected(idOf(name), provider, name))
    else recordings[place] = { ...unnamed, provider_recording_id: name }
  }
  if (isRecorded && recordings.length === 0 && doubts.length === 0)
    recordings.push(expected(idOf(null), provider, null))
  const isUnchanged = recordings.every((one, place) => one === call.recordings[place])
  return { call: isUnchanged ? call : { ...call, recordings }, doubts }
}

const expected = (id: string, provider: string, name: string | null): Recording => ({
  id,
  provider,
  provider_recording_id: name,
  status: 'expected',
  content_type: null,
  size_bytes: null,
  file_name: null,
  sha256: null,
  matched_by: null,
})

const recordingOfAnother = (call: Call, name: string, holder: string): Doubt => ({
  kind: 'contradiction',
  naturalKey: `contradiction:${call.id}:recording`,
  callId: call.id,
  reason: `The PBX told of the recording ${name} for this call, but another call has it.`,
  candidates: [{ call_id: call.id }, { call_id: holder }],
})

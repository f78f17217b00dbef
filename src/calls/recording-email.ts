import { formatInstant, isSameCall } from '../attempts/attempt.ts'
import type { Book } from '../attempts/book.ts'
import type { Change, Plan } from '../attempts/change.ts'
import { type Run, readForDeciding } from '../attempts/read.ts'
import type { Actor } from '../audit/actor.ts'
import { emptied, type Message, settledMessage } from '../inbox/message.ts'
import type { Decided, Doubt } from '../review/item.ts'
import type { Instant } from '../time.ts'
import type { Call } from './call.ts'
import { decided, ownWork, undecided, withdraws } from './decide.ts'
import { doubtOfLink, sameCallsOf } from './doubts.ts'
import { besideLink, linked, newContactOf } from './linking.ts'
import type { MailOfCall, MailReported, MailSettings } from './mail.ts'
import { audioOf, callOfMail, needsOfMail, type WithMail, withMail, withoutNamesOfOthers } from './mail-call.ts'
import { type MailMatch, matchOf } from './mail-match.ts'

/**
 * The user's `processZadarmaRecordingEmail`: gives the call of an e-mail its audio and what the e-mail tells of it (B10,
 * B11), makes the call where there is none (B17), links it to its contact, and registers. What it cannot decide goes to
 * the review list. Handled again, it changes nothing.
 *
 * @param message the raw message, which is settled by the same statement
 */
export function processRecordingEmail(
  mail: MailOfCall,
  message: Message,
  settings: MailSettings,
  by: Actor,
): Change<MailReported> {
  const own = ownWork()
  let wasAnswerLost = false
  let createdAt: Instant | null = null

  const plan = (book: Book, finish: Finish): Plan<MailReported> | null => {
    const match = matchOf(mail, book, settings)
    if (match.is === 'own') {
      // A person may have given it to a call that its names are not of.
      const own = withoutNamesOfOthers(mail, match.call, book)
      return withCall(book, match.call, withMail(match.call, own, null), finish, null)
    }
    const decision = book.itemDecision(mail.messageId)
    // What a person has decided is not asked again.
    if (decision != null) return settled({ ...REVIEW, unusedAudio: filesOfNobody(book) })
    switch (match.is) {
      case 'call':
        return withCall(book, match.call, withMail(match.call, mail, match.how), finish, match.how)
      case 'deleted':
        return settled({ ...SET_ASIDE, reason: 'deleted', unusedAudio: filesOfNobody(book) })
      case 'erased':
        return settled({ ...SET_ASIDE, reason: 'erased', unusedAudio: filesOfNobody(book) })
      case 'new':
        if (!isOfRecording(mail)) return settled(SET_ASIDE)
        createdAt ??= book.now
        return withCall(book, null, callOfMail(mail, 'new_call', createdAt, book.now), finish, null)
      case 'doubt':
        if (!isOfRecording(mail)) return settled(SET_ASIDE)
        return { ...settled(REVIEW), doubts: [doubtOfMail(mail, message, match, filesOfNobody(book))] }
      default:
        return match satisfies never
    }
  }

  /** The call with what the e-mail brought; of a new one, nothing is stored. */
  const withCall = (
    book: Book,
    stored: Call | null,
    { call: told, unusedAudio }: WithMail,
    finish: Finish,
    how: MailReported['how'],
  ): Plan<MailReported> | null => {
    own.onPlan(stored)
    const linkedTo = newContactOf(told, stored, book)
    const call = linked(told, linkedTo)
    const isNews = stored === null || !isSameCall(call, stored)
    // A machine's repeat registers nothing new (B16).
    const made = isNews ? finish(book, call, stored) : { result: stored, restsOn: [stored.id] }
    if (made === null) return null
    const isNew = stored === null || (wasAnswerLost && stored.id === mail.messageId)
    const isDuplicate = unusedAudio.length > 0 && unusedAudio.length === mail.recordings.length
    return {
      ...made,
      ...settled({
        result: 'call',
        reason: null,
        callId: call.id,
        became: isNew ? 'new_call' : isDuplicate ? 'duplicate' : 'attached',
        how,
        unusedAudio,
      }),
      restsOn: [...made.restsOn, mail.messageId],
      doubts: [
        ...(stored === null ? sameCallsOf(call, book.sameMoment(call)) : []),
        ...(linkedTo === null ? [] : doubtOfLink(call, linkedTo)),
      ],
      ...besideLink(call, linkedTo),
      ...(book.itemDecision(mail.messageId) === null ? closing(mail, call, stored, book) : {}),
    }
  }

  const settled = (result: MailReported): Plan<MailReported> => ({
    result,
    restsOn: [mail.messageId],
    message: settledMessage(result.reason === 'erased' ? emptied(message) : message, result),
  })

  const filesOfNobody = (book: Book): string[] =>
    mail.recordings.flatMap(({ fileName }) => (book.callIdByFile(fileName) === undefined ? fileName : []))

  return {
    by,
    needs: needsOfMail(mail, settings),
    // The raw message goes as hexadecimal digits.
    size: message.body.length * 2,
    plan: (book) => plan(book, decided) ?? settled(SET_ASIDE),
    planWithoutRegistering: (book) =>
      plan(book, (_, call, stored) =>
        stored !== null && withdraws(call, stored) ? null : undecided(own.isIn, false)(book, call, stored),
      ),
    onAnswerLost: () => {
      own.onAnswerLost()
      wasAnswerLost = true
    },
  }
}

type Finish = (book: Book, call: Call, stored: Call | null) => Plan<Call> | null

const NOTHING_DONE = { result: 'kept', callId: null, how: null, unusedAudio: [] } as const
const SET_ASIDE: MailReported = { ...NOTHING_DONE, became: 'set_aside', reason: 'no_recording' }
const REVIEW: MailReported = { ...NOTHING_DONE, became: 'review', reason: 'review' }

/** A message that waited for a person, and has its call by now. */
function closing(
  { messageId, recordings }: MailOfCall,
  call: Call,
  stored: Call | null,
  book: Book,
): { decided: Decided; goneRecordings: readonly string[] } {
  const isKept = new Set(call.recordings.map(({ id }) => id))
  return {
    decided: {
      itemId: messageId,
      decision: {
        action: stored === null ? 'create' : 'link',
        call_id: stored === null ? null : call.id,
        contact_id: null,
        reason: null,
        by: BY_ITSELF,
        at: formatInstant(book.now),
      },
    },
    goneRecordings: recordings.flatMap(({ id }) => (isKept.has(id) ? [] : id)),
  }
}

/** Who has decided what needed no person any more. */
export const BY_ITSELF = 'first-call'

/**
 * What a person is to decide of an e-mail; one that waits already learns what is understood by now.
 *
 * @param newFiles those that it does not have yet
 */
function doubtOfMail(
  mail: MailOfCall,
  message: Message,
  match: MailMatch & { is: 'doubt' },
  newFiles: readonly string[],
): Doubt {
  const { messageId, recordings, ...told } = mail
  const { subject = null, from = null } = message.headers
  const names = recordings.flatMap(({ id, providerRecordingId: name }) => (name === null ? [] : [[id, name] as const]))
  const received_at = formatInstant(message.receivedAt)
  return {
    kind: 'unmatched_mail',
    naturalKey: `mail:${messageId}`,
    callId: null,
    reason: match.sentence,
    candidates: match.candidates,
    mail: {
      messageId,
      kept: { ...told, subject, from, received_at, names: Object.fromEntries(names) },
      audio: audioOf(
        recordings.flatMap((one) => (newFiles.includes(one.fileName) ? { ...one, providerRecordingId: null } : [])),
        mail.provider,
        null,
      ),
    },
  }
}

/** What would become of an e-mail. */
export interface FoundCall extends Pick<MailReported, 'became' | 'how' | 'callId'> {
  candidates: Doubt['candidates']
  /** Why. */
  sentence: string
}

/** Matches an e-mail with what is known now, and writes nothing. */
export async function findCallOfMail(run: Run, mail: MailOfCall, settings: MailSettings): Promise<FoundCall> {
  const match = matchOf(mail, await readForDeciding(run, needsOfMail(mail, settings)), settings)
  const { sentence } = match
  const found = { how: null, callId: null, candidates: [], sentence }
  switch (match.is) {
    case 'call':
      return { ...found, became: 'attached', how: match.how, callId: match.call.id }
    case 'own':
      return { ...found, became: 'attached', callId: match.call.id }
    case 'deleted':
    case 'erased':
      return { ...found, became: 'set_aside' }
    case 'new':
      return isOfRecording(mail)
        ? { ...found, became: 'new_call' }
        : { ...found, became: 'set_aside', sentence: NO_AUDIO }
    case 'doubt': {
      const { candidates } = match
      return isOfRecording(mail)
        ? { ...found, became: 'review', candidates }
        : { ...found, became: 'set_aside', candidates, sentence: NO_AUDIO }
    }
    default:
      return match satisfies never
  }
}

/** Whether it is about a recording at all, even one that could not be kept. */
const isOfRecording = ({ recordings, hasLeftOut }: MailOfCall): boolean => recordings.length > 0 || hasLeftOut

const NO_AUDIO = 'No call fits, and the message has no recording.'

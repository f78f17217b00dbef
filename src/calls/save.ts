import {
  broughtInAgain,
  changedByPerson,
  decideDeletion,
  repeatedByPerson,
  sourcesOfPerson,
} from '../attempts/attempt.ts'
import { type Answer, type AnswerKey, type Book, answerKey as nameOf } from '../attempts/book.ts'
import type { Change, Plan } from '../attempts/change.ts'
import { NO_NEEDS } from '../attempts/read.ts'
import { type Actor, SWEEP } from '../audit/actor.ts'
import { noSuch } from '../auth/named.ts'
import { anyRevision, type RevisionTest, revisionChanged } from '../http/preconditions.ts'
import { KEY_USED_BEFORE, problemOf, type Refusal, refusal } from '../http/refusal.ts'
import type { Instant } from '../time.ts'
import { type CallBody, callBody } from './body.ts'
import { type Call, type CallChanges, type CallFields, newCall, PERSONAL_FIELDS } from './call.ts'
import { decided, ownWork, undecided, withdraws } from './decide.ts'

/** A call as a client asks for it. */
export interface NewCall {
  id: string
  /** Whether the client brought the id, or the server made it. */
  isIdGiven: boolean
  provider: string | null
  provider_call_id: string | null
  created_at: Instant | null
  /** Whether it is a line of a file, which does not know what was changed since. */
  isOfFile?: true
  /** The request to be put through whose call it is: the PBX has not told of it, as far as the client knows. */
  dialRequestId?: string | undefined
  /** The fields that were sent, `null` where they were sent as null. */
  fields: CallChanges & Pick<CallFields, 'direction'>
}

/** The moment from which the calls of one batch get their rising `created_at` (B4). */
interface BatchClock {
  start: Instant | null
}

/** Where a call stands in its batch. */
export interface Place {
  clock: BatchClock
  place: number
}

/**
 * `POST`: makes a call, or takes it as one more report of the call that has the provider's key (B12).
 * Its result is the whole answer, so that it can be kept for a repeated `Idempotency-Key`.
 */
export function createCall(
  asked: NewCall,
  by: Actor,
  { clock, place }: Place = { clock: { start: null }, place: 0 },
  answerKey: AnswerKey | null = null,
): Change<Answer> {
  let createdAt = asked.created_at
  /** What was last planned: a call that is new, and not one more report of one. */
  let isCreation = false
  let wasCreationLost = false
  const own = ownWork()

  /** Decided once, so that what is found after a lost answer can be told from somebody else's. */
  const creation = (now: Instant): Instant => {
    clock.start ??= now
    createdAt ??= clock.start + place
    return createdAt
  }

  const made = (now: Instant): Call =>
    newCall(asked.fields, {
      id: asked.id,
      provider: asked.provider,
      provider_call_id: asked.provider_call_id,
      sources: sourcesOfPerson({}, asked.fields),
      created_at: creation(now),
      updated_at: now,
    })

  const repeated = (existing: Call): Call =>
    asked.isOfFile === true ? broughtInAgain(existing, asked.fields) : repeatedByPerson(existing, asked.fields)

  /** What is known before any deciding: an answer given before, a call that exists, or nothing. */
  const known = (book: Book): { answer: Answer } | { existing: Call } | null => {
    if (answerKey !== null) {
      if (book.wasUsedOtherwise(answerKey)) return refused(KEY_USED_BEFORE)
      const answer = book.answer(answerKey)
      if (answer !== undefined) return { answer }
    }
    const { provider, provider_call_id, id, isIdGiven } = asked
    if (book.isDeleted(id, provider, provider_call_id)) {
      return refused(refusal('conflict', 'A call with this id or provider key was deleted, and stays deleted.'))
    }
    if (provider !== null && provider_call_id !== null) {
      const existing = book.callByProviderKey(provider, provider_call_id)
      if (existing !== undefined) {
        if (existing.isErased) return refused(refusal('conflict', STAYS_ERASED))
        if (wasCreationLost && existing.id === id && existing.created_at === createdAt) {
          return { answer: created(existing, book) }
        }
        if (!isIdGiven || existing.id === id) return { existing }
        return refused(refusal('conflict', `The call with this provider key has the id ${existing.id}.`))
      }
    }
    const existing = book.call(id)
    if (existing === undefined) {
      const why = asked.dialRequestId === undefined ? null : whyNotOf(asked.dialRequestId, asked.fields, book)
      return why === null ? null : refused(why)
    }
    if (wasCreationLost && existing.created_at === createdAt) return { answer: created(existing, book) }
    return refused(refusal('conflict', `A call with the id ${id} exists already.`))
  }

  const restsOn = answerKey === null ? [asked.id] : [asked.id, nameOf(answerKey)]

  const plan = (book: Book, finish: (book: Book, call: Call, stored: Call | null) => Plan<Call>): Plan<Answer> => {
    const found = known(book)
    if (found !== null && 'answer' in found) return { result: found.answer, restsOn }
    const stored = found?.existing ?? null
    isCreation = stored === null
    own.onPlan(stored)
    const call = stored === null ? made(book.now) : repeated(stored)
    const decided = finish(book, call, stored)
    const body = bodyIn(decided, book)
    const answer = { status: stored === null ? 201 : 200, body }
    return {
      ...decided,
      result: answer,
      ...(answerKey === null ? {} : { answer: { key: answerKey, answer } }),
      ...besideWritten(asked, book),
    }
  }

  return {
    by,
    needs: {
      ...NO_NEEDS,
      // A repeated one may lack what the call has already, and one with an id be changed in the same batch.
      contactIds:
        asked.fields.entity_id && (asked.provider !== null || asked.isIdGiven || mayConcern(asked.fields))
          ? [asked.fields.entity_id]
          : [],
      callIds: asked.isIdGiven ? [asked.id] : [],
      providerKeys:
        asked.provider !== null && asked.provider_call_id !== null
          ? [{ provider: asked.provider, provider_call_id: asked.provider_call_id }]
          : [],
      answerKeys: answerKey === null ? [] : [answerKey],
      dialRequestIds: asked.dialRequestId === undefined ? [] : [asked.dialRequestId],
    },
    // As the call, as its attempt's notes, and in the answer that is kept.
    size: lengthOf(asked.fields) * (answerKey === null ? 2 : 3),
    plan: (book) => plan(book, decided),
    planWithoutRegistering: (book) => {
      const found = known(book)
      const isWithdrawal = found !== null && 'existing' in found && withdraws(repeated(found.existing), found.existing)
      return isWithdrawal ? null : plan(book, undecided(own.isIn, asked.isIdGiven))
    },
    onAnswerLost: () => {
      own.onAnswerLost()
      wasCreationLost ||= isCreation
    },
  }
}

/** Why a new call is not the one that was asked for with this request; null where it is. */
function whyNotOf(requestId: string, fields: NewCall['fields'], book: Book): Refusal | null {
  const request = book.dialRequest(requestId)
  if (request === undefined) return noSuch('request', requestId)
  if (!mayConcern(fields) || fields.entity_id !== request.contact_id) {
    return refusal('invalid', 'The call was not saved.', [NOT_AS_ASKED])
  }
  const toldId = [request.call_id, request.written_call_id].find((id) => id !== null && book.call(id) !== undefined)
  if (toldId == null) return null
  return refusal('conflict', `The call that was asked for is there already. It has the id ${toldId}: change that one.`)
}

/** What somebody says of the call that was asked for, which the PBX may tell of later. */
function besideWritten({ id, dialRequestId }: NewCall, book: Book): Pick<Plan<unknown>, 'writtenRequest'> {
  const request = dialRequestId === undefined ? undefined : book.dialRequest(dialRequestId)
  return request === undefined || request.call_id !== null ? {} : { writtenRequest: { id: request.id, callId: id } }
}

const NOT_AS_ASKED = { path: 'dial_request_id', message: 'is a request for an outbound call to another contact' }

const lengthOf = ({ call_result, resumen_llamada }: CallChanges): number =>
  (call_result?.length ?? 0) + (resumen_llamada?.length ?? 0)

/** Whether a new call's contact matters (A1). */
const mayConcern = ({ direction, entity_type }: NewCall['fields']): boolean =>
  direction === 'outbound' && entity_type === 'contacts'

/** `PUT` and `PATCH`: changes what is sent. */
export function updateCall(
  id: string,
  changes: CallChanges & { provider?: string | null; provider_call_id?: string | null },
  by: Actor,
  isExpected: RevisionTest = anyRevision,
): Change<CallBody | Refusal> {
  const own = ownWork()
  const { provider, provider_call_id, ...fields } = changes

  const plan = (
    book: Book,
    finish: (book: Book, call: Call, stored: Call) => Plan<Call> | null,
  ): Plan<CallBody | Refusal> | null => {
    const stored = book.call(id)
    if (stored === undefined) return { result: noSuchCall(id), restsOn: [id] }
    const errors = [
      ...(provider === undefined || provider === stored.provider ? [] : [keyFault('provider')]),
      ...(provider_call_id === undefined || provider_call_id === stored.provider_call_id
        ? []
        : [keyFault('provider_call_id')]),
    ]
    if (errors.length > 0) return { result: refusal('invalid', 'The call was not changed.', errors), restsOn: [id] }
    // Nothing of it comes back; its status may be corrected all the same.
    if (stored.isErased && PERSONAL_FIELDS.some((field) => fields[field] != null)) {
      return { result: refusal('erased', PERSON_IS_ERASED), restsOn: [id] }
    }
    const call = changedByPerson(stored, fields)
    own.onPlan(stored)
    const plan = finish(book, call, stored)
    if (plan === null) return null
    const isOwnWork = own.isIn(call, stored) && isExpected(stored.revision - 1)
    if (!isExpected(stored.revision) && !isOwnWork) return { result: revisionChanged(stored), restsOn: [id] }
    return { ...plan, result: bodyIn(plan, book) }
  }

  return {
    by,
    needs: { ...NO_NEEDS, callIds: [id], contactIds: changes.entity_id ? [changes.entity_id] : [] },
    size: lengthOf(fields) * 2,
    plan: (book) => plan(book, decided) ?? { result: noSuchCall(id), restsOn: [id] },
    planWithoutRegistering: (book) =>
      plan(book, (_, call, stored) => (withdraws(call, stored) ? null : undecided(own.isIn, true)(book, call, stored))),
    onAnswerLost: own.onAnswerLost,
  }
}

/** `DELETE`: the call gives its attempt back, and stays away (B5). */
export function deleteCall(id: string, by: Actor, isExpected: RevisionTest = anyRevision): Change<null | Refusal> {
  let wasAnswerLost = false
  return {
    by,
    needs: { ...NO_NEEDS, callIds: [id] },
    plan: (book) => {
      const stored = book.call(id)
      if (stored === undefined) {
        return { result: wasAnswerLost && book.isDeleted(id) ? null : noSuchCall(id), restsOn: [id] }
      }
      if (!isExpected(stored.revision)) return { result: revisionChanged(stored), restsOn: [id] }
      const decision = decideDeletion(book.situationOf(stored), id)
      const deletedCall = { ...stored, revision: stored.revision + 1, updated_at: book.now }
      return { ...decision, deletedCall, result: null, restsOn: [id] }
    },
    onAnswerLost: () => {
      wasAnswerLost = true
    },
  }
}

/** The sweep's: decides a call again that is pending, or whose id an older system's attempt holds (B5, B7, B9). */
export function retryCall(id: string): Change<void> {
  return {
    by: SWEEP,
    needs: { ...NO_NEEDS, callIds: [id] },
    plan: (book) => {
      const stored = book.call(id)
      const holder = book.holderOf(id)
      if (stored === undefined && holder !== undefined && book.isDeleted(id)) {
        return { ...decideDeletion(book.situationOfContact(holder.contact_id), id), result: undefined, restsOn: [id] }
      }
      // Another batch may have settled it meanwhile.
      const isOpen = stored !== undefined && (stored.pending !== null || book.isHeldElsewhere(id))
      if (!isOpen) return { result: undefined, restsOn: [id] }
      return { ...decided(book, stored, stored), result: undefined }
    },
  }
}

function bodyIn(plan: Plan<Call>, book: Book): CallBody {
  const { result: call } = plan
  const changed = plan.opportunities?.find(({ id }) => id === call.opportunity_id)
  return callBody(call, changed ?? book.opportunity(call.opportunity_id) ?? null)
}

function created(call: Call, book: Book): Answer {
  return { status: 201, body: callBody(call, book.opportunity(call.opportunity_id) ?? null) }
}

function refused(reason: Refusal): { answer: Answer } {
  const problem = problemOf(reason)
  return { answer: { status: problem.status, body: problem } }
}

const STAYS_ERASED = 'The call with this provider key was erased, and stays erased.'
const PERSON_IS_ERASED = `The person of this call was erased: it takes no ${PERSONAL_FIELDS.join(', ')} any more.`

const noSuchCall = (id: string): Refusal => refusal('not_found', `There is no call with the id ${id}.`)

const keyFault = (path: string): { path: string; message: string } => ({
  path,
  message: 'is given at creation and cannot be changed',
})

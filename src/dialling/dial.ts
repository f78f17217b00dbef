import type { Answer, AnswerKey } from '../attempts/book.ts'
import type { Actor } from '../audit/actor.ts'
import { ERASED, noSuch } from '../auth/named.ts'
import { findContact } from '../contacts/store.ts'
import type { Database } from '../database/database.ts'
import { isErased } from '../erasure/store.ts'
import { refusedAnswer, rememberedAnswer } from '../http/idempotency.ts'
import { type Refusal, refusal } from '../http/refusal.ts'
import type { ZadarmaApi } from '../zadarma/api.ts'
import { ZadarmaError, type ZadarmaErrorCode } from '../zadarma/error.ts'
import { changeAnswer, removeRequest, storeRequest } from './store.ts'

/** Whoever asked is waiting. */
const ANSWERED_WITHIN_MS = 15_000

/**
 * Lets the PBX call an extension and then one of the contact's numbers. It stores no call, only the request: the first
 * call from that extension to that number that the PBX tells of takes the contact.
 *
 * @returns the whole answer; one that rang, or may have, is kept for a repeated `Idempotency-Key`
 */
export async function dialContact(
  { contact_id, extension, phone_number: wanted }: Wanted,
  by: Actor,
  answerKey: AnswerKey | null,
  { database, zadarmaApi }: { database: Database; zadarmaApi: ZadarmaApi | null },
): Promise<Answer> {
  const remembered = answerKey === null ? null : await rememberedAnswer(database, answerKey)
  if (remembered !== null) return remembered
  if (zadarmaApi === null) return refusedAnswer(NOT_SET)
  const contact = await findContact(database, contact_id)
  if (contact === null) {
    return refusedAnswer((await isErased(database, contact_id)) ? ERASED : noSuch('contact', contact_id))
  }
  const phone_number = wanted ?? contact.phones[0]
  if (phone_number === undefined) return refusedAnswer(refusal('invalid', 'Nobody was called.', [NO_PHONE]))
  if (!contact.phones.includes(phone_number)) {
    return refusedAnswer(refusal('invalid', 'Nobody was called.', [NOT_THEIRS]))
  }

  // Before anybody is called: the PBX may tell of the call sooner than it answers.
  const stored = await storeRequest(database, { contact_id, extension, phone_number }, by, answerKey)
  if (stored === null) {
    const winner = answerKey === null ? null : await rememberedAnswer(database, answerKey)
    return winner ?? refusedAnswer(refusal('conflict', 'The same request is under way.'))
  }
  try {
    const signal = AbortSignal.timeout(ANSWERED_WITHIN_MS)
    // By the extension, so that notifications and statistics name it; the number as the PBX writes them.
    const callback = { from: extension, to: phone_number.replace('+', ''), sip: extension }
    await zadarmaApi.requestCallback(callback, { signal })
    return stored.answer
  } catch (error) {
    if (error instanceof ZadarmaError && NOBODY_CALLED.has(error.code)) {
      await removeRequest(database, stored.id, by, answerKey)
      return refusedAnswer(notMade('Nobody was called.', error.message, false))
    }
    if (!(error instanceof ZadarmaError) && !isTimeout(error)) throw error
    // The telephone may be ringing: a repeat of the request must not let it ring twice.
    const why = error instanceof ZadarmaError ? error.message : 'Zadarma did not answer in time.'
    const answer = refusedAnswer(notMade('It is not known whether the call is made.', why, true))
    if (answerKey !== null) await changeAnswer(database, answerKey, answer)
    return answer
  }
}

/** Whom to call, and who is called first. */
interface Wanted {
  contact_id: string
  extension: string
  /** One of the contact's, in E.164; else the first. */
  phone_number?: string | undefined
}

const notMade = (what: string, why: string, mayRing: boolean): Refusal => ({
  ...refusal('bad_gateway', `${what} ${why}`),
  more: { may_ring: mayRing, why },
})

/** After any other answer, or none, the telephone may be ringing. */
const NOBODY_CALLED: ReadonlySet<ZadarmaErrorCode> = new Set(['refused', 'unauthorized', 'limited'])

const NOT_SET = refusal('unavailable', 'To call from here, set ZADARMA_KEY and ZADARMA_SECRET and start again.')
const NO_PHONE = { path: 'contact_id', message: 'is a contact without a telephone number; add one' }
const NOT_THEIRS = { path: 'phone_number', message: 'is not a number of this contact as it is now' }

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError'

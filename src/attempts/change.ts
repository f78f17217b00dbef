import type { Actor } from '../audit/actor.ts'
import type { Call } from '../calls/call.ts'
import type { HandledMessage } from '../inbox/message.ts'
import type { Opportunity } from '../opportunities/opportunity.ts'
import type { Decided, Doubt } from '../review/item.ts'
import type { Answer, AnswerKey, Book } from './book.ts'
import type { Needs } from './read.ts'

/**
 * One thing that somebody asks for: a call to save or delete, an opportunity to make or change. It says what it has to
 * know, and, knowing it, what is to be written and answered. It is planned anew whenever its writing was refused.
 */
export interface Change<Result> {
  /** Who asks for it. */
  by: Actor
  needs: Needs
  /** About how many characters of long text it reads and writes; nothing worth counting where it is left out. */
  size?: number
  /** Decides with everything known. */
  plan(book: Book): Plan<Result>
  /**
   * Saves the call although its attempt cannot be registered (A9). Undefined, or null as its plan, where only the whole
   * will do: what gives an attempt back is not half done (B9).
   */
  planWithoutRegistering?(book: Book): Plan<Result> | null
  /** Told when an answer was lost on the way, so that what is found next may be this change's own work. */
  onAnswerLost?(): void
}

export interface Plan<Result> {
  result: Result
  /** B9: it gives an attempt back, and is not written once the caller may have been told that it was not. */
  isWithdrawal?: boolean
  /** Ids of the calls and opportunities on which the result rests, written or not. */
  restsOn: readonly string[]
  /** The next states of what changes; with the call's own (B14). */
  opportunities?: readonly Opportunity[]
  calls?: readonly Call[]
  newOpportunity?: Opportunity
  deletedCall?: Call
  /** Ids of recordings that became one with another, which stays. */
  goneRecordings?: readonly string[]
  /** B7: ids of which it is kept, beside the opportunity, that they are those of foreign attempts, which they are not. */
  goneForeignAttempts?: readonly string[]
  answer?: { key: AnswerKey; answer: Answer }
  /** What a person is to decide. */
  doubts?: readonly Doubt[]
  /** What a person has decided: it is written only while nobody else has. */
  decided?: Decided
  /** The request that a call answers of which the PBX tells. */
  answeredRequest?: { id: string; callId: string }
  /** The request whose call somebody writes down before the PBX tells of it. */
  writtenRequest?: { id: string; callId: string }
  /** The raw message that this settles. */
  message?: HandledMessage
}

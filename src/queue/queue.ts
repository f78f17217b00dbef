import type { ContactBody } from '../contacts/contact.ts'
import { readCursor, writeCursor } from '../http/cursor.ts'
import { type Refusal, refusal } from '../http/refusal.ts'
import type { OpportunityBody } from '../opportunities/body.ts'

/*
 * Whom to call next: never tried, the newest first; then by fewest attempts and longest wait.
 */

/** So long a lead is one's own; who is still at it renews it. */
export const CLAIM_MINUTES = 15

/** So many are counted; more are as many. */
export const COUNTED_AT_MOST = 1_000

/** A place in the queue: how often that lead was tried, when it was made or tried last, and its id. */
export interface QueuePosition {
  attempts: number
  /** `created_at` of one that was never tried, else the time of its last attempt. */
  key: string
  id: string
}

/** So many that were skipped are left out. */
export const SKIPPED_AT_MOST = 200

/** Where somebody works: who has several windows open has other leads in each. */
export interface Desk {
  owner: string
  /** Empty where nobody said which. */
  desk: string
}

/** Who asks. */
export interface Claimant extends Desk {
  name: string
}

/** Who has a lead. */
export interface Claim {
  name: string
  until: string
  mine: boolean
}

/** A lead that waits for a call. */
export interface Queued {
  opportunity: OpportunityBody
  /** Null where the CRM keeps its contacts elsewhere (B18). */
  contact: ContactBody | null
  claim: Claim | null
}

/** Writes a position as a text that a client gives back unread. */
export const writeQueueCursor = ({ attempts, ...place }: QueuePosition): string => `${attempts}${writeCursor(place)}`

/** Reads a position; null where the text is not one that {@link writeQueueCursor} wrote. */
export function readQueueCursor(text: string): QueuePosition | null {
  const [, attempts, rest = ''] = /^([0-4])(.+)$/.exec(text) ?? []
  const place = readCursor(rest)
  return attempts === undefined || place === null ? null : { attempts: Number(attempts), ...place }
}

/** The answer to who wants a lead that somebody else has, or that is open elsewhere. */
export function takenBy(claim: Claim): Refusal {
  const { name, until, mine } = claim
  const detail = mine
    ? `You have this lead open in another window, until ${until}. Send take_over to have it here.`
    : `${name} is calling this lead, and has it until ${until}.`
  return { ...refusal('conflict', detail), more: { claim } }
}

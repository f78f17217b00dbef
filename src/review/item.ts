import type { Recording } from '../calls/call.ts'
import type { MailOfCall } from '../calls/mail.ts'

/** What a machine could not decide, as it is found. */
export interface Doubt {
  kind: (typeof KINDS)[number]
  /** The same doubt is told once. */
  naturalKey: string
  /** Null where it is about an e-mail. */
  callId: string | null
  /** A sentence for the person who decides. */
  reason: string
  candidates: readonly Readonly<Record<string, string | number | null>>[]
  /** Of an e-mail that no call could be found for. */
  mail?: MailDoubt
}

/** An e-mail that waits for a person, with its audio. */
export interface MailDoubt {
  messageId: string
  kept: KeptMail
  audio: readonly Recording[]
}

/** What is kept of an e-mail until a person has decided, and to show what was decided on. */
export interface KeptMail extends Omit<MailOfCall, 'messageId' | 'recordings'> {
  subject: string | null
  from: string | null
  received_at: string
  /** The provider's names of its recordings, by their ids here. */
  names: Readonly<Record<string, string>>
}

export const KINDS = ['doubtful_link', 'contradiction', 'same_call', 'unmatched_mail'] as const

/** A doubt as a person finds it on the list. */
export interface ReviewItem {
  id: string
  kind: Doubt['kind']
  /** Null where it is about an e-mail. */
  call_id: string | null
  reason: string
  candidates: Doubt['candidates']
  created_at: string
  /** The e-mail that it is about. */
  mail?: { kept: KeptMail; audio: readonly Recording[] }
  /** Null while it is open. */
  decision: ReviewDecision | null
}

export const ACTIONS = ['link', 'create', 'dismiss'] as const

/** What a person answers to an item. */
export interface ReviewAnswer {
  action: (typeof ACTIONS)[number]
  /** Of two calls that are one, the one that stays. */
  call_id: string | null
  /** Whom the call went to. */
  contact_id: string | null
  /** In the person's own words. */
  reason: string | null
}

/** What was decided, by whose key, and when. */
export interface ReviewDecision extends ReviewAnswer {
  by: string
  at: string
}

/** A decision that is to be written. */
export interface Decided {
  itemId: string
  decision: ReviewDecision
}

/** Whether it is the same answer of the same person, sent again. */
export function isSameDecision(a: Omit<ReviewDecision, 'at'>, b: Omit<ReviewDecision, 'at'>): boolean {
  const fields = ['action', 'call_id', 'contact_id', 'reason', 'by'] as const
  return fields.every((field) => a[field] === b[field])
}

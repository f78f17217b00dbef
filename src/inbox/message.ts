import type { Instant } from '../time.ts'

/** A raw message of a door, as it came. */
export interface Message {
  id: string
  door: 'zadarma' | 'mail'
  receivedAt: Instant
  /** Those that its reading needs, and where it came from; no secret among them. */
  headers: Readonly<Record<string, string>>
  body: Buffer
  /** The fields of the form that `body` is, where the door has read them already. */
  form?: Readonly<Record<string, string>>
  /** In the folder of mails, where it is too large for `body`, which then is empty. */
  fileName?: string | null
  /** How often it was tried, including now, where that is known. */
  tries?: number
  /** The request that brings it, where it is handled at once. */
  requestId?: string
  /** What it calls itself, such as `NOTIFY_END`. */
  event: string
  /** Whether its content is gone, or is not to be stored. */
  isEmptied?: boolean
}

/** What became of a message. */
export interface MessageResult {
  result: 'call' | 'kept'
  /** Why it changed no call; null where it told of one. */
  reason: string | null
  callId: string | null
}

export type HandledMessage = Message & MessageResult

/** A message with what became of it. */
export const settledMessage = (message: Message, { result, reason, callId }: MessageResult): HandledMessage => ({
  ...message,
  result,
  reason,
  callId,
})

/** A message without what it tells. What a notification calls itself tells of nobody; a mail's subject may. */
export function emptied(message: Message): Message {
  const event = message.door === 'mail' ? EMPTIED : message.event
  return { ...message, headers: {}, body: Buffer.alloc(0), event, isEmptied: true }
}

/** What a mail is called whose content is gone. */
export const EMPTIED = 'emptied'

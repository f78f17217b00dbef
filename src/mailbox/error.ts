/** Why a mailbox could not be read. */
export type MailboxErrorCode =
  /** The server does not take who we say we are. */
  | 'refused'
  /** The connection could not be made, broke, or fell silent. */
  | 'disconnected'
  /** Another server reads this mailbox by now. */
  | 'taken'
  /** Anything else that the server says no to, such as a folder that is not there. */
  | 'failed'

/** Thrown where a mailbox cannot be read. The message is for people and holds no password or token. */
export class MailboxError extends Error {
  override name = 'MailboxError'
  readonly code: MailboxErrorCode

  constructor(code: MailboxErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

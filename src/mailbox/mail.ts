/** Thrown where the message itself is at fault, so that trying it again would not help. The message is for people. */
export class MailError extends Error {
  override name = 'MailError'
}

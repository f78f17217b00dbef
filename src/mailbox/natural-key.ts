import { columnText } from '../zadarma/fields.ts'

/**
 * What makes a message the same as another one, whichever way it comes: its Message-ID and what it says. The same
 * Message-ID may come with another content, and a message may have none.
 *
 * @param bodyHash SHA-256 of its body, in hexadecimal digits
 */
export function naturalKeyOf(messageId: string | null, bodyHash: string): string {
  return `mail:${columnText(messageId ?? '', 500) ?? ''}:${bodyHash}`
}

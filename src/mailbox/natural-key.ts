import { createHash } from 'node:crypto'
import { columnText } from '../zadarma/fields.ts'
import type { MailHeader } from './header.ts'

/**
 * What makes a message the same as another one, whichever way it comes: its Message-ID and what it says. The same
 * Message-ID may come with another content; a message that has none is told by its sender, subject and date.
 *
 * @param bodyHash SHA-256 of its body, in hexadecimal digits
 */
export function naturalKeyOf({ messageId, from, subject, date }: MailHeader, bodyHash: string): string {
  const name = columnText(messageId ?? '', 500)
  const told = JSON.stringify([from, subject, date])
  return `mail:${name ?? createHash('sha256').update(told).digest('hex').slice(0, 32)}:${bodyHash}`
}

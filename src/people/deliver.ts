import type { Actor } from '../audit/actor.ts'
import type { Database } from '../database/database.ts'
import type { Instant } from '../time.ts'
import { type LinkKind, linkAddress, makeLink } from './links.ts'
import { type MailSender, sendLink } from './mail.ts'
import type { User } from './user.ts'

/** A link that is on its way to its person. */
export interface Delivery {
  kind: LinkKind
  expiresAt: Instant
  /** Null where it was mailed: then it is nobody else's business. */
  address: string | null
  /** Why it was not mailed, though there is a server for it. */
  fault: string | null
}

/**
 * Makes the link by which a person sets a password, and mails it where there is a server for that; else, or where that
 * fails, it is for whoever asked to hand it over.
 *
 * @param publicUrl without a slash at its end
 */
export async function deliverLink(
  database: Pick<Database, 'query'>,
  { publicUrl, mail }: { publicUrl: string; mail: MailSender | null },
  user: User,
  by: Actor,
): Promise<Delivery> {
  const link = await makeLink(database, user, by)
  const address = linkAddress(publicUrl, link)
  const fault = mail === null ? null : await sendLink(mail, user, link.kind, address)
  const isMailed = mail !== null && fault === null
  return { kind: link.kind, expiresAt: link.expiresAt, address: isMailed ? null : address, fault }
}

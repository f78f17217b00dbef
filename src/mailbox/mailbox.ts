import { createHash } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import type { MailboxAddress } from './mailbox-url.ts'
import type { WhenDone } from './when-done.ts'

/** The mailbox that recordings come to. */
export interface MailboxConfig extends MailboxAddress {
  folder: string
  whenDone: WhenDone
  /** Null: the password of the address is used. */
  oauth: OauthConfig | null
  /** Whose word on the server's certificate is taken; null: of those whom Node.js trusts. */
  trust: SecureContext | null
}

/** Where access tokens come from, by a refresh token that a person has granted. */
export interface OauthConfig {
  clientId: string
  clientSecret: string
  refreshToken: string
  tokenUrl: string
}

/** What the cursor of this folder is kept under: the same for everybody who reads it. */
export function mailboxIdOf({ user, host, folder }: MailboxConfig): string {
  const name = folder.toUpperCase() === 'INBOX' ? 'INBOX' : folder
  return createHash('sha256').update(`${user}@${host}/${name}`).digest('hex')
}

/** How it is spoken of in the log. */
export function mailboxNameOf({ user, host, folder }: MailboxConfig): string {
  return `${folder} of ${user} at ${host}`
}

import type { Check } from '../zadarma/check.ts'
import { MailboxError } from './error.ts'
import type { MailboxConfig } from './mailbox.ts'
import { accessTokens } from './oauth.ts'

export interface MailboxCheckOptions {
  /** Null where none is set up. */
  mailbox: MailboxConfig | null
  /** Whose messages are taken. */
  allowedSenders: readonly string[]
  signal: AbortSignal
}

/** A person waits: what does not answer is given up sooner than by the reader. */
const ANSWER_MS = 10_000

/**
 * Looks whether the mailbox can be read as it is set up: logs in, opens the folder, and leaves. Nothing is read or marked.
 *
 * @throws the signal's reason
 */
export async function checkMailbox({ mailbox, allowedSenders, signal }: MailboxCheckOptions): Promise<Check[]> {
  if (mailbox === null) return [NONE]
  const { host, user, folder } = mailbox
  try {
    // 27 MB that a service without a mailbox does not need.
    const { connectMailbox } = await import('./connection.ts')
    const login =
      mailbox.oauth === null
        ? { pass: mailbox.password ?? '' }
        : { accessToken: await accessTokens(mailbox.oauth).get(signal) }
    const connection = await connectMailbox(mailbox, login, ANSWER_MS, signal)
    connection.close()
  } catch (error) {
    if (!(error instanceof MailboxError)) throw error
    return [{ what: 'mailbox', ok: false, detail: error.message, todo: TODO[error.code] }]
  }
  return [
    { what: 'log-in', ok: true, detail: `${host} lets ${user} in`, todo: null },
    { what: 'folder', ok: true, detail: `${folder} can be opened`, todo: null },
    { what: 'senders', ok: true, detail: `messages are taken from ${allowedSenders.join(', ')}`, todo: null },
  ]
}

const NONE: Check = {
  what: 'mailbox',
  ok: null,
  detail: 'none is set up, so no recordings come by e-mail',
  todo: 'Where the PBX mails its recordings, set MAILBOX_URL such as imaps://user:password@imap.example.com.',
}

const TODO: Readonly<Record<MailboxError['code'], string>> = {
  refused:
    'See that user and password in MAILBOX_URL are right. Some providers ask for a password of its own for programs, or for MAILBOX_OAUTH_….',
  disconnected: 'See that this machine reaches the host and port of MAILBOX_URL, and trusts its certificate.',
  taken: 'Try again.',
  failed: 'See that there is the folder of MAILBOX_FOLDER, and that the account may open it by IMAP.',
}

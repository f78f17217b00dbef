/** How a mail came: from the mailbox, by a request with a key, or from a file that somebody gave. */
export type MailWay = (typeof WAYS)[number]

const WAYS = ['imap', 'push', 'import'] as const

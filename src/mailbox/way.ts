/** How a mail came: from the mailbox, by a request with a key, or from a file that somebody gave. */
export type MailWay = 'imap' | 'push' | 'import'

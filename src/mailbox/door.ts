import path from 'node:path'
import type { Actor } from '../audit/actor.ts'
import type { processRecordingEmail } from '../calls/recording-email.ts'
import type { ReadMessage } from '../inbox/inbox.ts'
import type { Message, MessageResult } from '../inbox/message.ts'
import { isAllowedSender } from './allowed-senders.ts'
import type { MailFolders } from './files.ts'
import { mailOfCall } from './mail-of-call.ts'
import type { MailQuestion, ParserThread } from './parser.ts'

export interface MailDoorOptions {
  parser: Pick<ParserThread, 'read'>
  folders: MailFolders
  /** A recording of more bytes is not kept. */
  recordingMaxBytes: number
  /** Addresses and domains whose mails in the mailbox are read. */
  allowedSenders: readonly string[]
  /** A call is looked for so many minutes around the start that a mail tells. */
  matchMinutes: number
  /** What a mail changes. */
  processMail: typeof processRecordingEmail
  /** Who changes what a mail tells. */
  actorOf: (message: Message) => Actor
  log: { warn: (fields: object, message: string) => void }
}

/** Not of an allowed sender. */
export const NOT_ALLOWED: MessageResult = { result: 'kept', reason: 'sender', callId: null }

/** Makes of a mail, as it is stored, the change of the call that it tells of; its recordings are files then. */
export function mailMessages(options: MailDoorOptions): ReadMessage {
  const { parser, allowedSenders, matchMinutes, processMail, actorOf, log } = options
  return async (message) => {
    const { way, from } = message.headers
    // Who has a key, or the file, vouches for it.
    if (way === 'imap' && !isAllowedSender(from ?? null, allowedSenders)) return NOT_ALLOWED
    const read = await parser.read(questionOf(message, options))
    const { remarks } = read.mail
    if (remarks.length > 0) log.warn({ messageId: message.id, remarks }, 'a recording of a mail is left out')
    // Its row is there already, with all of its bytes.
    const stored = { ...message, body: Buffer.alloc(0) }
    return processMail(mailOfCall(message.id, read), stored, { matchMinutes }, actorOf(message))
  }
}

function questionOf(message: Message, { folders, recordingMaxBytes }: MailDoorOptions): MailQuestion {
  const { id: messageId, receivedAt, body, fileName = null, tries = 1 } = message
  return {
    raw: fileName === null ? body : path.join(folders.mails, fileName),
    place: { folder: folders.recordings, messageId, receivedAt, tries, maximumBytes: recordingMaxBytes },
  }
}

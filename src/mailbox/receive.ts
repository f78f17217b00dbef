import { createHash } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { formatInstant } from '../attempts/attempt.ts'
import { isAnswerLost } from '../database/database.ts'
import type { StoredMessage } from '../inbox/store.ts'
import { columnText } from '../zadarma/fields.ts'
import { NOT_ALLOWED } from './door.ts'
import { handleMail, type MailOptions, type ReceivedMail } from './handle.ts'
import { type MailHeader, readHeader } from './header.ts'
import { MailError, MailTooLargeError } from './mail.ts'
import { naturalKeyOf } from './natural-key.ts'
import { discard, finish, mailFileName, spool } from './spool.ts'
import { keepMail, type NewMail, takeUp } from './store.ts'
import type { MailWay } from './way.ts'

/**
 * Takes in one raw message, whichever way it comes: it is committed, large ones as files, and then handled. The same
 * message again changes nothing.
 *
 * @param requestId of the request that brings it
 * @throws MailError where it is empty or, unless it comes from the mailbox, too large; whatever the chunks throw; the
 * database's error, or the file system's, where it is not kept: then nothing of it is
 */
export async function receiveMail(
  raw: AsyncIterable<Uint8Array>,
  way: MailWay,
  options: MailOptions,
  requestId?: string,
): Promise<ReceivedMail> {
  const { messages } = options.inbox.metrics
  try {
    const received = await takeIn(raw, way, options, requestId)
    messages.inc({ door: 'mail', result: 'accepted' })
    return received
  } catch (error) {
    // The mailbox brings it again.
    if (way !== 'imap' || error instanceof MailError) messages.inc({ door: 'mail', result: 'refused' })
    throw error
  }
}

async function takeIn(
  raw: AsyncIterable<Uint8Array>,
  way: MailWay,
  options: MailOptions,
  requestId: string | undefined,
): Promise<ReceivedMail> {
  const place = { folder: options.folders.mails, id: uuidv7() }
  const spooled = await spool(raw, place).catch((error: unknown) => {
    // Nobody could send it smaller, and the mailbox would bring it again and again.
    if (way === 'imap' && error instanceof MailTooLargeError) return error
    throw error
  })
  if (spooled instanceof MailTooLargeError) return keepHeadOnly(spooled.head, place.id, way, options)
  const isInFile = spooled.body === null
  const mail = newMail(readHeader(spooled.head), place.id, way, {
    bodyHash: spooled.bodyHash,
    body: spooled.body ?? Buffer.alloc(0),
    fileName: isInFile ? mailFileName(place.id) : null,
  })
  const earlier = await commit(mail, place, options)
  if (earlier === null) return handleMail(requestedBy(requestId, claimed(mail)), options)
  if (isInFile) await discard(place)
  return repeated(earlier, way, options, requestId)
}

/** Gives the file its name, and then commits the row. */
async function commit(
  mail: NewMail,
  place: { folder: string; id: string },
  { inbox }: MailOptions,
): Promise<StoredMessage | null> {
  try {
    if (mail.fileName !== null) await finish(place)
    return await keepMail(inbox.database, mail)
  } catch (error) {
    // What was perhaps committed must keep its file. If it was not, nobody knows the file, and it goes after a day.
    if (mail.fileName !== null && !isAnswerLost(error)) await discard(place)
    throw error
  }
}

/** Sent again, it changes nothing; but what was set aside for its sender is taken up where somebody vouches for it. */
async function repeated(
  earlier: StoredMessage,
  way: MailWay,
  options: MailOptions,
  requestId: string | undefined,
): Promise<ReceivedMail> {
  const isForSender = earlier.result === 'kept' && earlier.reason === NOT_ALLOWED.reason
  const taken = isForSender && way !== 'imap' ? await takeUp(options.inbox.database, earlier.id, way) : null
  if (taken !== null) return handleMail(requestedBy(requestId, taken), options)
  return { id: earlier.id, result: 'duplicate', callId: earlier.callId }
}

/** Of a message of the mailbox that is too large, so much that a person can find it there. */
async function keepHeadOnly(head: Buffer, id: string, way: MailWay, { inbox }: MailOptions): Promise<ReceivedMail> {
  const bodyHash = createHash('sha256').update(head).digest('hex')
  const mail = newMail(readHeader(head), id, way, { bodyHash, body: head, fileName: null })
  const earlier = await keepMail(inbox.database, mail, { reason: 'too_large' })
  return { id: earlier?.id ?? id, result: earlier === null ? 'set_aside' : 'duplicate', callId: null }
}

function newMail(
  header: MailHeader,
  id: string,
  way: MailWay,
  { bodyHash, ...content }: Pick<NewMail, 'body' | 'fileName'> & { bodyHash: string },
): NewMail {
  const { from, subject, date, messageId } = header
  const told = { from, subject, date: date === null ? null : formatInstant(date), 'message-id': messageId }
  const headers = Object.entries(told).flatMap(([name, value]) => {
    const text = columnText(value ?? '', LONGEST_HEADER)
    return text === null ? [] : [[name, text]]
  })
  return {
    id,
    naturalKey: naturalKeyOf(header, bodyHash),
    receivedAt: Date.now(),
    headers: { way, ...Object.fromEntries(headers) },
    event: columnText(subject ?? '', 100) ?? 'none',
    ...content,
  }
}

const LONGEST_HEADER = 500

const requestedBy = (requestId: string | undefined, message: StoredMessage): StoredMessage =>
  requestId === undefined ? message : { ...message, requestId }

/** As its row is, at its first try. */
const claimed = (mail: NewMail): StoredMessage => ({
  ...mail,
  door: 'mail',
  result: null,
  reason: null,
  callId: null,
  handledAt: null,
  dueAt: null,
  tries: 1,
  fault: null,
  isEmptied: false,
})

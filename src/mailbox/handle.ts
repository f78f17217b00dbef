import { UnavailableError } from '../attempts/register.ts'
import { isUnavailable } from '../database/database.ts'
import { handleMessage, type InboxOptions } from '../inbox/inbox.ts'
import type { Message, MessageResult } from '../inbox/message.ts'
import { type StoredMessage, settleMessage } from '../inbox/store.ts'
import { type MailFolders, removeAudioOf } from './files.ts'
import { MailTroubleError } from './parser.ts'
import { CLAIM_AGAIN_MS, claimAgain, noteMailFault, putOff } from './store.ts'
import type { UnreadableMail } from './unreadable.ts'

export interface MailOptions {
  /** Reads mails among its messages. */
  inbox: InboxOptions
  folders: MailFolders
  /** What a mail says, for whoever looks for somebody in it; of one that cannot be read, its bytes. */
  textOf: (message: Message) => Promise<string>
  /** Puts a message before a person that cannot be read. */
  unreadable: UnreadableMail
  /** What is being handled: to be waited for at the end. */
  underway: Set<Promise<unknown>>
}

/** What a mail came to. */
export interface ReceivedMail {
  /** Of its message in the inbox. */
  id: string
  /** `waiting`: it is kept, but the database or the disk did not take the rest; it is handled later. */
  result: 'attached' | 'new_call' | 'review' | 'set_aside' | 'duplicate' | 'waiting'
  callId: string | null
}

const MOST_TRIES = 3

/**
 * Handles a mail that is stored and claimed. What fails by a fault of the message is tried three times, then a person
 * finds it on the review list; what fails by another is tried until it succeeds. It never throws but for an outage.
 *
 * @throws the database's error where it does not take even the fault
 */
export function handleMail(message: StoredMessage, options: MailOptions): Promise<ReceivedMail> {
  const handled = handleClaimed(message, options)
  options.underway.add(handled)
  const done = (): boolean => options.underway.delete(handled)
  handled.then(done, done)
  return handled
}

async function handleClaimed(message: StoredMessage, options: MailOptions): Promise<ReceivedMail> {
  const { id, tries, fault } = message
  const { database, log } = options.inbox
  // Each of its tries ended without a word: whoever tried it died over it.
  if (tries > MOST_TRIES) return setAside(message, fault ?? 'Whoever tried to read it ended.', options)
  const claiming = setInterval(() => void claimAgain(database, id).catch(() => undefined), CLAIM_AGAIN_MS)
  try {
    return received(id, await handleMessage(message, options.inbox))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    log.warn({ err: error, messageId: id, tries }, 'a mail could not be handled yet')
    if (isTrouble(error)) {
      await putOff(database, id, why)
      return { id, result: 'waiting', callId: null }
    }
    if (tries >= MOST_TRIES) return await setAside(message, why, options)
    await noteMailFault(database, id, why)
    return { id, result: 'review', callId: null }
  } finally {
    clearInterval(claiming)
  }
}

const isTrouble = (error: unknown): boolean =>
  error instanceof MailTroubleError || error instanceof UnavailableError || isUnavailable(error)

async function setAside(message: StoredMessage, fault: string, options: MailOptions): Promise<ReceivedMail> {
  const { folders, inbox, unreadable } = options
  await removeAudioOf(inbox.database, folders.recordings, [message])
  const change = unreadable(message, fault)
  if ('plan' in change) await inbox.register.registerCallAttempt(change)
  else await settleMessage(inbox.database, message.id, change)
  inbox.log.warn({ messageId: message.id, reason: fault }, 'a mail cannot be read, and waits for a person')
  return { id: message.id, result: 'review', callId: null }
}

/** What a door tells of a mail that is handled. */
function received(id: string, result: MessageResult): ReceivedMail {
  const became = 'became' in result ? (result.became as ReceivedMail['result']) : 'set_aside'
  return { id, result: became, callId: result.callId }
}

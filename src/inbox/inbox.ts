import type { Change } from '../attempts/change.ts'
import type { Register } from '../attempts/register.ts'
import type { Database } from '../database/database.ts'
import type { Metrics } from '../metrics.ts'
import { soonOrNull } from '../wait.ts'
import type { Message, MessageResult } from './message.ts'
import { claimMessages, keepMessage, noteFault, settleMessage } from './store.ts'

/** What a door makes of its messages: a change, or what it is where it changes no call. */
export type ReadMessage = (message: Message) => Promise<Change<MessageResult> | MessageResult>

export interface InboxOptions {
  database: Database
  register: Register
  metrics: Metrics
  readMessage: ReadMessage
  /** Told what a message's change came to, once it is written. */
  onHandled?: (result: MessageResult, message: Message) => Promise<void>
  log: { warn: (fields: object, message: string) => void }
  /** A message that is not handled within so many milliseconds waits in the inbox. */
  atOnceMs?: number
}

const AT_ONCE_MS = 100

/**
 * Takes a message in: it is committed when this returns, and handled too, where that takes no longer than a tenth of a
 * second. What becomes of it is written by the same statement as the message, or, if it comes later, beside it.
 *
 * @throws where the database does not take it
 */
export async function receiveMessage(message: Message, options: InboxOptions): Promise<void> {
  const { database, register, metrics, readMessage, log, atOnceMs = AT_ONCE_MS } = options
  const read = await readMessage(message).catch((error: unknown) => {
    log.warn({ err: error, messageId: message.id }, 'a message could not be read, and waits in the inbox')
    return null
  })
  if (read === null || !('plan' in read)) {
    await keepMessage(database, message, read)
    return
  }
  const handled = register.registerCallAttempt(read).then(() => true)
  if (await soonOrNull(atOnceMs, handled)) return
  metrics.late.inc({ door: message.door })
  await keepMessage(database, message, null)
}

/** Handles a message that is stored: a repeat changes nothing that is already true. */
export async function handleMessage(message: Message, options: InboxOptions): Promise<MessageResult> {
  const { database, register, readMessage, onHandled } = options
  const read = await readMessage(message)
  if ('plan' in read) {
    const result = await register.registerCallAttempt(read)
    await onHandled?.(result, message)
    return result
  }
  await settleMessage(database, message.id, read)
  return read
}

/** Handles the notifications that are due. Gives how many were tried. */
export async function sweepInbox(options: InboxOptions): Promise<number> {
  const messages = await claimMessages(options.database)
  await Promise.all(
    messages.map((message) =>
      handleMessage(message, options).catch(async (error: unknown) => {
        options.log.warn({ err: error, messageId: message.id }, 'a message could not be handled yet')
        await noteFault(options.database, message.id, error instanceof Error ? error.message : String(error))
      }),
    ),
  )
  return messages.length
}

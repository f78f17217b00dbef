import { UnavailableError } from '../attempts/register.ts'
import { isUnavailable } from '../database/database.ts'
import { waitFor } from '../wait.ts'
import type { MailboxConnection } from './connection.ts'
import { MailboxError } from './error.ts'
import { MailError } from './mail.ts'
import type { Reading } from './reading.ts'
import { growingWaits } from './waits.ts'

/** So much of a message is in memory at a time. */
const PART_BYTES = 128 * 1024
/** Of what is no outage, and so may never succeed: the messages behind it must not wait for ever. */
const TRIES = 3

/**
 * Hands a message on until it is taken, and does with it in the mailbox what is set. That comes before the cursor moves:
 * a server that dies in between begins with this message again.
 *
 * @throws MailboxError where the connection breaks; the signal's reason
 */
export async function takeMessage(uid: number, connection: MailboxConnection, reading: Reading): Promise<void> {
  const { metrics, log } = reading
  const taken = await untilTaken(uid, connection, reading)
  switch (taken.is) {
    case 'gone':
      return
    case 'passed over':
      metrics.mailboxMessages.inc({ result: 'passed_over' })
      log.error({ uid, reason: taken.reason }, 'a message is passed over, and left in the mailbox as it is')
      return
    case 'taken':
      metrics.mailboxMessages.inc({ result: 'read' })
      if (!isSetAside(taken.result)) await finish(uid, connection, reading)
      return
    default:
      taken satisfies never
  }
}

type Taken = { is: 'taken'; result: unknown } | { is: 'gone' } | { is: 'passed over'; reason: string }

async function untilTaken(uid: number, connection: MailboxConnection, reading: Reading): Promise<Taken> {
  const { receive, log, times, signal } = reading
  const waits = growingWaits(times.firstWaitMs, times.longestWaitMs)
  for (let tries = 1; ; tries++) {
    const first = await connection.part(uid, 0, PART_BYTES)
    if (first === null) return { is: 'gone' }
    const message = rawMessage(uid, first, connection)
    try {
      const result = await receive(message.raw, signal)
      // Whoever swallowed that has taken a part for the whole.
      if (message.brokenBy !== null) throw message.brokenBy
      return { is: 'taken', result }
    } catch (error) {
      signal.throwIfAborted()
      if (message.brokenBy !== null) throw message.brokenBy
      if (error instanceof MailError) return { is: 'passed over', reason: error.message }
      if (!isOutage(error) && tries >= TRIES) return { is: 'passed over', reason: String(error) }
      const waitMs = waits.nextMs()
      log.warn({ err: error, uid, waitMs }, 'a message of the mailbox could not be stored and is tried again')
      await waitFor(waitMs, signal)
    }
  }
}

interface RawMessage {
  raw: AsyncIterable<Uint8Array>
  /** What ended it before its end, whatever its reader makes of that. */
  brokenBy: unknown
}

function rawMessage(uid: number, first: Uint8Array, connection: MailboxConnection): RawMessage {
  const message: RawMessage = { raw: parts(), brokenBy: null }

  async function* parts(): AsyncGenerator<Uint8Array> {
    let start = first.byteLength
    let part = first
    while (part.byteLength > 0) {
      yield part
      // One that is shorter is the last; a longer one is the whole, from a server that knows no parts.
      if (part.byteLength !== PART_BYTES) return
      part = await next(start)
      start += part.byteLength
    }
  }

  async function next(start: number): Promise<Uint8Array> {
    try {
      const part = await connection.part(uid, start, PART_BYTES)
      if (part !== null) return part
      throw new MailboxError('failed', 'A message was taken out of the mailbox while it was read.')
    } catch (error) {
      message.brokenBy = error
      throw error
    }
  }

  return message
}

/** Whether it is the database that does not take it, or the disk, and no fault that stays. */
function isOutage(error: unknown): boolean {
  if (error instanceof UnavailableError || isUnavailable(error)) return true
  return error instanceof Error && 'syscall' in error
}

function isSetAside(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'result' in result && result.result === 'set_aside'
}

async function finish(uid: number, connection: MailboxConnection, { mailbox, log }: Reading): Promise<void> {
  const { whenDone } = mailbox
  switch (whenDone.do) {
    case 'leave':
      return
    case 'mark':
      if (!(await connection.markSeen(uid))) log.warn({ uid }, 'the server does not mark a message as seen')
      return
    case 'move':
      if (!(await connection.move(uid, whenDone.folder))) {
        log.warn({ uid, folder: whenDone.folder }, 'the server does not move a message; it stays where it is')
      }
      return
    default:
      whenDone satisfies never
  }
}

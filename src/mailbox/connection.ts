import type { Writable } from 'node:stream'
import { ImapFlow } from 'imapflow'
import { MailboxError } from './error.ts'
import { faultOfImap } from './imap-fault.ts'
import type { MailboxConfig } from './mailbox.ts'
import { OLDEST_TLS } from './trust.ts'

/** One connection with its folder open. Once anything failed on it, it is of no more use, and the next is a new one. */
export interface MailboxConnection {
  /** The name of this counting of messages; under another one the same UID is another message. */
  uidValidity: bigint
  /** The UIDs of the messages after this one, in their order. */
  uidsAfter(uid: number): Promise<number[]>
  /** So many bytes of a message, fewer where it ends; null where it is not there any more. Nothing is marked by that. */
  part(uid: number, start: number, length: number): Promise<Uint8Array | null>
  /** @returns whether the server did it */
  markSeen(uid: number): Promise<boolean>
  /** @returns whether the server did it; the message is never away from both folders */
  move(uid: number, folder: string): Promise<boolean>
  /** Waits until the server tells of something new, the connection is gone, or so long. */
  untilNews(longestMs: number): Promise<void>
  close(): void
}

/** How the server is to know us. */
export type Login = { pass: string } | { accessToken: string }

/** A line or a part that is longer than any that is asked for ends the connection, and not the service's memory. */
const LONGEST_LINE_BYTES = 16 * 1024 ** 2
const LARGEST_PART_BYTES = 128 * 1024 ** 2

/**
 * Connects, logs in and opens the folder. Without TLS and a certificate that is known to be the host's, nothing is said.
 *
 * @param answerMs what takes longer than this is given up
 * @param signal ends the connection
 * @throws MailboxError, as all that is done on it
 */
export async function connectMailbox(
  mailbox: MailboxConfig,
  login: Login,
  answerMs: number,
  signal: AbortSignal,
): Promise<MailboxConnection> {
  signal.throwIfAborted()
  const { host, port, isTlsFromStart, user, folder, trust, whenDone } = mailbox
  const client = new ImapFlow({
    host,
    port,
    secure: isTlsFromStart,
    ...(isTlsFromStart ? {} : { doSTARTTLS: true }),
    auth: { user, ...login },
    tls: {
      rejectUnauthorized: true,
      minVersion: OLDEST_TLS,
      ...(trust === null ? {} : { secureContext: trust }),
    },
    // It would tell what is said, and that is other people's mail.
    logger: false,
    clientInfo: { name: 'First Call', version: '', vendor: '', 'support-url': '' },
    disableAutoIdle: true,
    connectionTimeout: answerMs,
    greetingTimeout: answerMs,
    maxLineLength: LONGEST_LINE_BYTES,
    maxLiteralSize: LARGEST_PART_BYTES,
    maxResponseSize: LARGEST_PART_BYTES + LONGEST_LINE_BYTES,
  })
  let hasNews = false
  let wake = (): void => undefined
  // What goes wrong fails the command that waits, or the next one.
  client.on('error', () => undefined)
  outliveClosing(client)
  client.on('exists', () => {
    hasNews = true
    wake()
  })
  const close = (): void => client.close()
  signal.addEventListener('abort', close)
  client.on('close', () => {
    signal.removeEventListener('abort', close)
    wake()
  })

  /** Gives the answer, or closes the connection. */
  async function answered<Answer>(asking: Promise<Answer>): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined
    let abort = (): void => undefined
    const noAnswer = new Promise<never>((_, reject) => {
      const silence = `${host} did not answer within ${answerMs / 1_000} s.`
      timer = setTimeout(() => reject(new MailboxError('disconnected', silence)), answerMs)
      abort = () => reject(signal.reason)
      signal.addEventListener('abort', abort)
    })
    // Nobody may be left to hear of it.
    asking.catch(() => undefined)
    try {
      signal.throwIfAborted()
      return await Promise.race([asking, noAnswer])
    } catch (error) {
      client.close()
      signal.throwIfAborted()
      throw error instanceof MailboxError ? error : faultOfImap(error, mailbox, login)
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }

  /** Whether the server did it. ImapFlow takes a connection that broke meanwhile for a no. */
  async function done(asking: Promise<unknown>): Promise<boolean> {
    const isDone = Boolean(await answered(asking))
    if (isDone || client.usable) return isDone
    signal.throwIfAborted()
    throw new MailboxError('disconnected', `${host} broke the connection off.`)
  }

  async function moveByCopy(uid: number, target: string): Promise<boolean> {
    const range = String(uid)
    if (!(await done(client.messageCopy(range, target, { uid: true })))) return false
    // Where only one message can be taken out, it is; elsewhere that would take out whatever others have marked.
    return client.capabilities.has('UIDPLUS')
      ? done(client.messageDelete(range, { uid: true }))
      : done(client.messageFlagsAdd(range, ['\\Deleted'], { uid: true }))
  }

  // Its parts have limits of their own; together they must not take longer than one.
  await answered(client.connect())
  if (whenDone.do === 'move') {
    // Where it cannot be made, it is there, or moving says what is wrong.
    await answered(client.mailboxCreate(whenDone.folder).catch(() => null))
  }
  const { uidValidity } = await answered(client.mailboxOpen(folder))

  return {
    uidValidity,
    uidsAfter: async (uid) => {
      hasNews = false
      const found = await answered(client.search({ uid: `${uid + 1}:*` }, { uid: true }))
      if (!Array.isArray(found)) {
        // ImapFlow has no other answer where the connection is gone.
        const fault = client.usable ? `does not answer what is in ${folder}` : 'broke the connection off'
        client.close()
        signal.throwIfAborted()
        throw new MailboxError('disconnected', `${host} ${fault}.`)
      }
      // The range's end is the last message there is, even where that comes before its beginning.
      return found.filter((one) => one > uid).sort((one, other) => one - other)
    },
    part: async (uid, start, length) => {
      const query = { uid: true, source: { start, maxLength: length } }
      const message = await answered(client.fetchOne(String(uid), query, { uid: true }))
      if (!message) return null
      return message.source ?? new Uint8Array()
    },
    markSeen: (uid) => done(client.messageFlagsAdd(String(uid), ['\\Seen'], { uid: true })),
    move: async (uid, target) => {
      if (!client.capabilities.has('MOVE')) return moveByCopy(uid, target)
      return done(client.messageMove(String(uid), target, { uid: true }))
    },
    untilNews: async (longestMs) => {
      if (hasNews || !client.usable) return
      // The next command ends it. Where it ends by itself or is refused, the wait goes on.
      client.idle().catch(() => undefined)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, longestMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    },
    close,
  }
}

/**
 * When it closes, ImapFlow lets go of its socket before what it has still to send has failed. That would be nobody's to hear of
 * but the process's, which would end.
 */
function outliveClosing(client: ImapFlow): void {
  const close = client.close.bind(client)
  client.close = () => {
    const { socket, writeSocket } = client as unknown as Record<string, Writable | null | undefined>
    for (const one of [socket, writeSocket]) one?.on('error', () => undefined)
    close()
  }
}

import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { createSecureContext } from 'node:tls'
import { expect } from 'vitest'
import { type Connection, type Database, openDatabase } from '../../src/database/database.ts'
import { type MailboxConfig, mailboxIdOf } from '../../src/mailbox/mailbox.ts'
import { readMailbox } from '../../src/mailbox/reader.ts'
import type { ReaderOptions, ReaderTimes, Receive } from '../../src/mailbox/reading.ts'
import { createMetrics, type Metrics } from '../../src/metrics.ts'
import type { Instant } from '../../src/time.ts'
import { CERTIFICATE, type MailServerOptions, PASSWORD } from '../mail-server.ts'
import { createTestDatabase } from '../service.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'

/** Short where something is waited for, long where nothing should depend on it. */
export const TIMES: ReaderTimes = {
  pollMs: 60_000,
  answerMs: 10_000,
  firstWaitMs: 1,
  longestWaitMs: 5,
  leaseMs: 30_000,
  stopMs: 400,
}

const TRUST = createSecureContext({ ca: CERTIFICATE })

/** How the mailbox of a server is read, through whatever listens on that port. */
function mailboxAt(port: number, changes: Partial<MailboxConfig> = {}): MailboxConfig {
  return {
    host: '127.0.0.1',
    port,
    isTlsFromStart: true,
    user: 'recordings@example.com',
    password: PASSWORD,
    folder: 'INBOX',
    whenDone: { do: 'mark' },
    oauth: null,
    trust: TRUST,
    ...changes,
  }
}

/** What a reader told, a line each. */
export type Line = { level: 'info' | 'warn' | 'error'; message: string } & Record<string, unknown>

export interface TestReader {
  /** The messages that were received, in their order; the same one may be among them more than once. */
  received: string[]
  lines: Line[]
  metrics: Metrics
  stop(): Promise<void>
}

/** Everything that was told to the log by any reader of this process. */
export const allLines: Line[] = []

/** Reads a mailbox until it is stopped. */
function startReader(
  options: Pick<ReaderOptions, 'mailbox' | 'database'> & { times?: Partial<ReaderTimes>; receive?: Receive },
): TestReader {
  const stopping = new AbortController()
  const received: string[] = []
  const lines: Line[] = []
  const telling = (level: Line['level']) => (fields: object, text: string) => {
    const line = { ...fields, level, message: text }
    lines.push(line)
    allLines.push(line)
  }
  const metrics = createMetrics()
  const reading = readMailbox({
    receive: async (raw) => void received.push(await wholeOf(raw)),
    ...options,
    log: { info: telling('info'), warn: telling('warn'), error: telling('error') },
    metrics,
    signal: stopping.signal,
    times: { ...TIMES, ...options.times },
  })
  return {
    received,
    lines,
    metrics,
    stop: async () => {
      stopping.abort()
      await reading
    },
  }
}

/** All of it, byte by byte a character. */
export async function wholeOf(raw: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of raw) parts.push(part)
  return Buffer.concat(parts).toString('latin1')
}

/**
 * Stores a message in the inbox, where it is not there yet.
 *
 * @returns how many rows that made
 */
export async function storeIn(database: Database, raw: AsyncIterable<Uint8Array>): Promise<number> {
  const body = Buffer.from(await wholeOf(raw), 'latin1')
  const key = `mail::${createHash('sha256').update(body).digest('hex')}`
  const { rowCount } = await database.general.query(
    `insert into inbox (id, door, natural_key, received_at, body, event, due_at)
     values ($1, 'mail', $2, now(), $3, 'none', now()) on conflict (natural_key) where natural_key is not null do nothing`,
    [randomUUID(), key, body],
  )
  return rowCount ?? 0
}

/** Waits until it holds; what keeps it from holding is shown where it never does. */
export async function until(look: () => unknown, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    if (await look()) return
    if (performance.now() > deadline) throw new Error(`it never came to ${look}`)
    await wait(5)
  }
}

/** Waits until so much of the log is there. */
export async function untilTold(reader: TestReader, words: string | RegExp): Promise<Line> {
  const found = () => reader.lines.find((line) => JSON.stringify(line, errorsToo).search(words) >= 0)
  await until(found).catch(() => expect(reader.lines).toContain(words))
  return found() ?? expect.fail()
}

const errorsToo = (_: string, value: unknown): unknown => (value instanceof Error ? String(value) : value)

/** How far a mailbox was read, as it is stored. */
async function cursorOf(database: Database, mailbox: MailboxConfig) {
  return database.query
    .selectFrom('mailboxes')
    .select(['uid_validity', 'last_uid'])
    .where('id', '=', mailboxIdOf(mailbox))
    .executeTakeFirst()
}

/** What the cases need of a mail server. */
export interface AnyMailServer {
  port: number
  /** Puts a message into the mailbox. */
  deliver(raw: string): unknown
  /** Of a folder, in their order. */
  messages(folder?: string): StoredMessage[] | Promise<StoredMessage[]>
  /** Every message has another UID from now on, under another UIDVALIDITY. */
  recount(): unknown
  /** From now on this password is the right one. */
  setPassword(password: string): unknown
  close(): Promise<void>
}

export interface StoredMessage {
  flags: string[]
  raw: string
}

export interface Stage<Server extends AnyMailServer> {
  server: Server
  proxy: FaultProxy
  /** Through the proxy. */
  mailbox: MailboxConfig
  database: Database
  read(options?: {
    times?: Partial<ReaderTimes>
    receive?: Receive
    mailbox?: Partial<MailboxConfig>
    database?: Database
  }): TestReader
  cursor(): ReturnType<typeof cursorOf>
  /** Until when it is somebody's alone. */
  claimedUntil(): Promise<Instant>
}

export interface Stages<Server extends AnyMailServer, Options> {
  database: Database
  connection: Connection
  on(act: (stage: Stage<Server>) => Promise<void>, options?: Options): Promise<void>
  close(): Promise<void>
}

/**
 * A database for a test file, and for each act on it a mailbox of its own, behind a proxy.
 *
 * @param serverOf gives the server, where a user of this name has the mailbox
 */
export async function createStages<Server extends AnyMailServer, Options extends MailServerOptions>(
  serverOf: (user: string, options?: Options) => Promise<Server>,
): Promise<Stages<Server, Options>> {
  const { connection, drop } = await createTestDatabase()
  const database = openDatabase({ connection, hasPooler: false, onIdleError: () => undefined })
  let acts = 0
  return {
    database,
    connection,
    on: async (act, options) => {
      // Whose cursor is whose is known by user, host and folder.
      const user = `recordings-${++acts}@example.com`
      const server = await serverOf(user, options)
      const proxy = await startFaultProxy(server.port)
      const readers: TestReader[] = []
      const mailbox = mailboxAt(proxy.port, { user, isTlsFromStart: (options?.tls ?? 'at once') === 'at once' })
      try {
        await act({
          server,
          proxy,
          mailbox,
          database,
          read: ({ mailbox: changes = {}, ...given } = {}) => {
            const reader = startReader({ database, mailbox: { ...mailbox, ...changes }, ...given })
            readers.push(reader)
            return reader
          },
          cursor: () => cursorOf(database, mailbox),
          claimedUntil: async () => {
            const claims = database.query.selectFrom('mailboxes').where('id', '=', mailboxIdOf(mailbox))
            return (await claims.select('claimed_until').executeTakeFirstOrThrow()).claimed_until
          },
        })
      } finally {
        for (const reader of readers) await reader.stop()
        await proxy.close()
        await server.close()
      }
    },
    close: async () => {
      await database.close()
      await drop()
    },
  }
}

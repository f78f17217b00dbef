import type { Database } from '../database/database.ts'
import type { Metrics } from '../metrics.ts'
import type { Claim } from './cursor.ts'
import type { MailboxConfig } from './mailbox.ts'
import type { AccessTokens } from './oauth.ts'
import type { GrowingWaits } from './waits.ts'

/**
 * Takes a message in. Resolves once it is committed; what it resolves with tells, as `{ result: 'set_aside' }`, that the
 * message is none of ours and is to be left as it is.
 *
 * Throws MailError where the message is at fault, anything else where the database or the disk is.
 */
export type Receive = (raw: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<unknown>

export interface ReaderOptions {
  mailbox: MailboxConfig
  receive: Receive
  database: Database
  log: ReaderLog
  metrics: Metrics
  /** Ends it: within a second, whatever it is at. */
  signal: AbortSignal
  times?: Partial<ReaderTimes>
}

interface ReaderLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface ReaderTimes {
  /** How often is looked for new messages of which the server did not tell. */
  pollMs: number
  /** A server that is silent for so long is gone. */
  answerMs: number
  /** After the first failure; twice as long after each further one. */
  firstWaitMs: number
  longestWaitMs: number
  /** A server of ours that has not told of itself for so long is dead, and another reads on. */
  leaseMs: number
  /** When the signal comes, what is at work is waited for so long, and as long again for the claim to be given back. */
  stopMs: number
}

/** What everything that reads has at hand. */
export interface Reading extends ReaderOptions {
  times: ReaderTimes
  claim: Claim
  tokens: AccessTokens | null
  waits: GrowingWaits
}

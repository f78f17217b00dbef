import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { waitFor } from '../wait.ts'
import { connectMailbox, type MailboxConnection } from './connection.ts'
import { type Claim, claimMailbox, moveCursor, noteLook, openCursor, releaseMailbox } from './cursor.ts'
import { MailboxError } from './error.ts'
import { mailboxIdOf, mailboxNameOf } from './mailbox.ts'
import { accessTokens } from './oauth.ts'
import type { ReaderOptions, ReaderTimes, Reading } from './reading.ts'
import { takeMessage } from './take.ts'
import { growingWaits } from './waits.ts'

/** Together they bring the reader back within a minute of what stopped it, whatever that was (R21). */
const TIMES: ReaderTimes = {
  pollMs: 60_000,
  answerMs: 30_000,
  firstWaitMs: 1_000,
  longestWaitMs: 50_000,
  leaseMs: 30_000,
  stopMs: 400,
}

/**
 * Reads a mailbox until the signal comes: each message is received at least once, in the order of their arrival, by one
 * server of several at a time.
 *
 * Nothing that goes wrong ends it. It is told to the log, and tried again on a new connection.
 */
export async function readMailbox(options: ReaderOptions): Promise<void> {
  const { mailbox, database, metrics, signal } = options
  metrics.mailboxExpected.set(1)
  const times = { ...TIMES, ...options.times }
  const claim: Claim = { mailboxId: mailboxIdOf(mailbox), claimedBy: randomUUID(), leaseMs: times.leaseMs }
  const tokens = mailbox.oauth === null ? null : accessTokens(mailbox.oauth)
  const waits = growingWaits(times.firstWaitMs, times.longestWaitMs)
  const ended = readAgainAndAgain({ ...options, times, claim, tokens, waits })
  await Promise.race([ended, soLongAfter(signal, times.stopMs)])
  const released = releaseMailbox(database, claim).catch(() => undefined)
  await Promise.race([released, pause(times.stopMs, undefined, { ref: false })])
}

/** Never for ever: what hangs at that moment is not waited for. */
function soLongAfter(signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const begin = (): void => void setTimeout(resolve, ms).unref()
    if (signal.aborted) begin()
    else signal.addEventListener('abort', begin)
  })
}

async function readAgainAndAgain(reading: Reading): Promise<void> {
  const { mailbox, database, claim, times, waits, log, signal } = reading
  const wait = (ms: number): Promise<unknown> => pause(ms, undefined, { signal }).catch(() => undefined)
  while (!signal.aborted) {
    try {
      if (await claimMailbox(database, claim)) await readWhileClaimed(reading)
      await wait(times.leaseMs / 3)
    } catch (error) {
      if (signal.aborted) return
      // Who asks again and again with a wrong password may be locked out.
      const isRefused = error instanceof MailboxError && error.code === 'refused'
      const waitMs = isRefused ? times.longestWaitMs : waits.nextMs()
      log.warn({ ...reasonOf(error), waitMs }, `reading ${mailboxNameOf(mailbox)} failed and is tried again`)
      await wait(waitMs)
    }
  }
}

/** A MailboxError has it all in its message; of others the whole is needed. */
function reasonOf(error: unknown): object {
  return error instanceof MailboxError ? { reason: error.message } : { err: error }
}

/** Reads as long as the claim is kept and the connection holds. Ends without an error only if another has the mailbox. */
async function readWhileClaimed(reading: Reading): Promise<void> {
  const { database, claim, times, signal, log, mailbox } = reading
  signal.throwIfAborted()
  const ending = new AbortController()
  const keeping = setInterval(() => {
    // Where the database does not answer, nobody else can claim it either.
    claimMailbox(database, claim).then(
      (isOurs) => isOurs || ending.abort(new MailboxError('taken', 'Another server reads the mailbox by now.')),
      () => undefined,
    )
  }, times.leaseMs / 3)
  const end = (): void => {
    clearInterval(keeping)
    ending.abort(signal.reason)
  }
  signal.addEventListener('abort', end)
  try {
    await readOn({ ...reading, signal: ending.signal })
  } catch (error) {
    if (!(error instanceof MailboxError && error.code === 'taken')) throw error
    log.warn({ reason: error.message }, `${mailboxNameOf(mailbox)} is left to another server`)
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
}

/** Takes what has come, and waits for more; until something fails. */
async function readOn(reading: Reading): Promise<never> {
  const { mailbox, database, claim, metrics, log, times, waits } = reading
  const connection = await connect(reading)
  metrics.mailboxConnected.set(1)
  try {
    const { uidValidity } = connection
    let lastUid = await openCursor(database, claim, uidValidity)
    log.info({ lastUid }, `reading ${mailboxNameOf(mailbox)}`)
    while (lastUid !== null) {
      for (const uid of await connection.uidsAfter(lastUid)) {
        await takeMessage(uid, connection, reading)
        await movedOn(uid, reading, uidValidity)
        lastUid = uid
        waits.reset()
      }
      metrics.mailboxLastLook.setToCurrentTime()
      // It is for people to see, and no reason to end the connection.
      await noteLook(database, claim).catch(() => undefined)
      waits.reset()
      await connection.untilNews(times.pollMs)
    }
    throw new MailboxError('taken', 'Another server has claimed the mailbox.')
  } finally {
    metrics.mailboxConnected.set(0)
    connection.close()
  }
}

/** With a token that is not taken any more, a new one is fetched once. */
async function connect({ mailbox, tokens, times, signal }: Reading): Promise<MailboxConnection> {
  if (tokens === null) return connectMailbox(mailbox, { pass: mailbox.password ?? '' }, times.answerMs, signal)
  const accessToken = await tokens.get(signal)
  try {
    return await connectMailbox(mailbox, { accessToken }, times.answerMs, signal)
  } catch (error) {
    if (!(error instanceof MailboxError && error.code === 'refused')) throw error
    tokens.forget()
    return connectMailbox(mailbox, { accessToken: await tokens.get(signal) }, times.answerMs, signal)
  }
}

/** The message is stored: the cursor moves behind it, as soon as the database takes that. */
async function movedOn(uid: number, reading: Reading, uidValidity: bigint): Promise<void> {
  const { database, claim, times, log, signal } = reading
  const waits = growingWaits(times.firstWaitMs, times.longestWaitMs)
  for (;;) {
    try {
      if (await moveCursor(database, claim, { uidValidity, uid })) return
      throw new MailboxError('taken', 'Another server has claimed the mailbox.')
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof MailboxError) throw error
      const waitMs = waits.nextMs()
      log.warn({ err: error, uid, waitMs }, 'the cursor of the mailbox cannot be moved yet')
      await waitFor(waitMs, signal)
    }
  }
}

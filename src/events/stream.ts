import type { ServerResponse } from 'node:http'
import type { Caller } from '../auth/caller.ts'
import type { Database } from '../database/database.ts'
import { waitFor } from '../wait.ts'
import { type Change, type Told, tellOf } from './change.ts'
import type { Feed } from './feed.ts'
import { changesAfter, PAGE } from './read.ts'
import { changesFor } from './seen.ts'

/** A sign of life, which keeps proxies from taking it for dead. */
const BEAT_MS = 15_000
/** What comes so soon after what was told waits so long, and is told together. */
const TOLD_EVERY_MS = 300
/** So often it is looked whether whoever listens still may. */
const LOOKED_AGAIN_MS = 1_000

export interface StreamOptions {
  feed: Feed
  database: Pick<Database, 'query'>
  caller: Caller
  /** Who the same request comes from now; null where nobody any more. */
  callerNow: () => Promise<Caller | null>
  /** The number after which the client goes on; null where it begins. */
  after: number | null
  /** Told why the stream ends where the database does not answer; the client comes again, and goes on where it was. */
  onFault: (error: unknown) => void
  /** Told when it is over, whoever ended it. */
  onEnd: () => void
}

const KINDS_OF_PAGES = ['call', 'opportunity', 'contact', 'review', 'key', 'user', 'sync'] as const
const EVERYTHING: Told = Object.fromEntries(KINDS_OF_PAGES.map((kind) => [kind, 'all']))

/**
 * Sends what changes as server-sent events until the client goes, may not listen any more, or somebody ends it. The
 * number beside each event is the one up to which everything has been told, so that nothing is missed by going on there.
 *
 * @returns ends it
 */
export function stream(
  response: ServerResponse,
  { feed, database, caller, callerNow, after, onFault, onEnd }: StreamOptions,
): () => void {
  let waiting: Change[] = []
  let waitingUpTo = 0
  // What was missed is told first.
  let isTelling = true
  let isOver = false
  const ending = new AbortController()
  const ends: (() => void)[] = [() => ending.abort()]

  function close(): void {
    if (isOver) return
    isOver = true
    for (const end of ends) end()
    response.end()
    onEnd()
  }
  response.once('close', close)
  begin().catch(fail)

  async function begin(): Promise<void> {
    const { settled, end } = await feed.listen((changes, upTo) => {
      waiting.push(...changes)
      waitingUpTo = upTo
      if (!isTelling) tellWaiting().catch(fail)
    })
    // Whoever has gone meanwhile is not told of by the response any more.
    if (isOver || response.destroyed) {
      end()
      return close()
    }
    const beating = setInterval(() => response.write(':\n\n'), BEAT_MS)
    const lookingAgain = setInterval(() => void endUnlessSame(), LOOKED_AGAIN_MS)
    ends.push(
      end,
      () => clearInterval(beating),
      () => clearInterval(lookingAgain),
    )
    response.write('retry: 1000\n\n')
    tell(after === null ? {} : await missedAfter(after), settled)
    await tellWaiting()
  }

  function fail(error: unknown): void {
    if (!isOver) onFault(error)
    close()
  }

  async function missedAfter(last: number): Promise<Told> {
    const missed = await changesAfter(database, { last, missing: new Map() })
    // Too many to be told of one by one: whatever is shown is asked for anew.
    return missed.length >= PAGE ? EVERYTHING : tellOf(await changesFor(database, caller, missed))
  }

  /** The first is told at once; what comes while it is looked who may hear of it, or soon after, together afterwards. */
  async function tellWaiting(): Promise<void> {
    isTelling = true
    while (waiting.length > 0 && !isOver) {
      const [changes, upTo] = [waiting, waitingUpTo]
      waiting = []
      tell(tellOf(await changesFor(database, caller, changes)), upTo)
      await waitFor(TOLD_EVERY_MS, ending.signal).catch(() => undefined)
    }
    isTelling = false
  }

  /** Also what tells of nothing says how far it is. */
  function tell(told: Told, upTo: number): void {
    if (!isOver) response.write(`id: ${upTo}\nevent: changes\ndata: ${JSON.stringify(told)}\n\n`)
  }

  async function endUnlessSame(): Promise<void> {
    const now = await callerNow().catch(() => caller)
    if (now?.owner !== caller.owner || now.role !== caller.role || now.userId !== caller.userId) close()
  }

  return close
}

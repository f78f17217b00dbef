import type { ServerResponse } from 'node:http'
import type { Caller } from '../auth/caller.ts'
import type { Database } from '../database/database.ts'
import { type Change, type Told, tellOf } from './change.ts'
import type { Feed } from './feed.ts'
import { changesAfter, PAGE } from './read.ts'
import { changesFor } from './seen.ts'

/** A sign of life, which keeps proxies from taking it for dead. */
const BEAT_MS = 15_000
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
}

const KINDS_OF_PAGES = ['call', 'opportunity', 'contact', 'review', 'key', 'user', 'sync'] as const
const EVERYTHING: Told = Object.fromEntries(KINDS_OF_PAGES.map((kind) => [kind, 'all']))

/**
 * Sends what changes as server-sent events until the client goes, may not listen any more, or somebody ends it.
 *
 * @returns ends it
 */
export async function stream(
  response: ServerResponse,
  { feed, database, caller, callerNow, after }: StreamOptions,
): Promise<() => void> {
  let waiting: Change[] = []
  let settledNext = 0
  let isSending = false
  let isOver = false

  const { settled, end } = await feed.listen((changes, upTo) => {
    waiting.push(...changes)
    settledNext = upTo
    void send()
  })
  const beating = setInterval(() => response.write(':\n\n'), BEAT_MS)
  const lookingAgain = setInterval(() => void endUnlessSame(), LOOKED_AGAIN_MS)

  function close(): void {
    if (isOver) return
    isOver = true
    end()
    clearInterval(beating)
    clearInterval(lookingAgain)
    response.end()
  }

  async function endUnlessSame(): Promise<void> {
    const now = await callerNow().catch(() => caller)
    if (now?.owner !== caller.owner || now.role !== caller.role || now.userId !== caller.userId) close()
  }

  /** What comes while it is looked who may hear of it, is told together. */
  async function send(): Promise<void> {
    if (isSending) return
    isSending = true
    try {
      while (waiting.length > 0 && !isOver) {
        const changes = waiting
        waiting = []
        tell(tellOf(await changesFor(database, caller, changes)), settledNext)
      }
    } catch {
      // Where the database does not answer, the client comes again, and goes on where it was.
      close()
    } finally {
      isSending = false
    }
  }

  /** Also what tells of nothing says how far it is. */
  function tell(told: Told, upTo: number): void {
    if (!isOver) response.write(`id: ${upTo}\nevent: changes\ndata: ${JSON.stringify(told)}\n\n`)
  }

  response.once('close', close)
  response.write('retry: 1000\n\n')
  if (after === null) tell({}, settled)
  else {
    const missed = await changesAfter(database, { last: after, missing: new Map() })
    // Too many to be told of one by one: whatever is shown is asked for anew.
    const told = missed.length >= PAGE ? EVERYTHING : tellOf(await changesFor(database, caller, missed))
    tell(told, settled)
  }
  return close
}

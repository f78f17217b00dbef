import type { ServerResponse } from 'node:http'
import type { Caller } from '../auth/caller.ts'
import type { Database } from '../database/database.ts'
import { waitFor } from '../wait.ts'
import { ALL, type Told } from './change.ts'
import type { Feed } from './feed.ts'
import { changesAfter, PAGE } from './read.ts'
import type { Hearer, News, Telling } from './telling.ts'

/** A sign of life, which keeps proxies from taking it for dead. */
const BEAT_MS = 15_000
/** So often it is looked whether whoever listens still may. */
const LOOKED_AGAIN_MS = 1_000

export interface StreamOptions {
  feed: Feed
  database: Pick<Database, 'query'>
  telling: Telling
  caller: Caller
  withOpportunities: boolean
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
const EVERYTHING = JSON.stringify(Object.fromEntries(KINDS_OF_PAGES.map((kind) => [kind, ALL])))
const NOTHING = JSON.stringify({} satisfies Told)

/**
 * Sends what changes as server-sent events until the client goes, may not listen any more, or somebody ends it. The
 * number beside each event is the one up to which everything has been told, so that nothing is missed by going on there.
 *
 * @returns ends it
 */
export function stream(
  response: ServerResponse,
  { feed, database, telling, caller, withOpportunities, callerNow, after, onFault, onEnd }: StreamOptions,
): () => void {
  const hearer: Hearer = { caller, withOpportunities }
  let waiting: News[] = []
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
    const { settled, end } = await feed.listen((news) => {
      waiting.push(news)
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
    tell(after === null ? NOTHING : await missedAfter(after, settled), settled)
    // What others were told of it meanwhile may be older than what was missed: it is read anew.
    waiting = waiting.map((news) => ({ ...news }))
    await tellWaiting()
  }

  function fail(error: unknown): void {
    if (!isOver) onFault(error)
    close()
  }

  async function missedAfter(last: number, settled: number): Promise<string> {
    const changes = await changesAfter(database, { last, missing: new Map() })
    // Too many to be told of one by one: whatever is shown is asked for anew.
    return changes.length >= PAGE ? EVERYTHING : telling({ changes, settled }, hearer)
  }

  /** What comes while it is looked who may hear of what, or in as long a time afterwards, is told together. */
  async function tellWaiting(): Promise<void> {
    isTelling = true
    while (waiting.length > 0 && !isOver) {
      const news = together(waiting)
      waiting = []
      const begun = performance.now()
      tell(await telling(news, hearer), news.settled)
      // Those who ask the database for much leave room for others.
      await waitFor(performance.now() - begun, ending.signal).catch(() => undefined)
    }
    isTelling = false
  }

  /** Also what tells of nothing says how far it is. */
  function tell(told: string, upTo: number): void {
    if (!isOver) response.write(`id: ${upTo}\nevent: changes\ndata: ${told}\n\n`)
  }

  async function endUnlessSame(): Promise<void> {
    const now = await callerNow().catch(() => caller)
    if (now?.owner !== caller.owner || now.role !== caller.role || now.userId !== caller.userId) close()
  }

  return close
}

/** One piece of news is passed on as it is, so that it is put into words once for all. */
function together(waiting: readonly News[]): News {
  const [first = { changes: [], settled: 0 }] = waiting
  if (waiting.length < 2) return first
  return { changes: waiting.flatMap(({ changes }) => changes), settled: waiting.at(-1)?.settled ?? 0 }
}

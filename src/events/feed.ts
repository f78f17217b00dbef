import type { Database } from '../database/database.ts'
import { waitFor } from '../wait.ts'
import { beginning, changesAfter } from './read.ts'
import { advance, settledUpTo, type Tail } from './tail.ts'
import type { News } from './telling.ts'

type Listener = (news: News) => void

/** What has changed, as soon as the database knows it: on every server, whichever of them did it. */
export interface Feed {
  /**
   * Tells of what changes from now on.
   *
   * @returns the number up to which nothing more will be told, and how to end it
   */
  listen(listener: Listener): Promise<{ settled: number; end: () => void }>
  close(): Promise<void>
}

interface FeedOptions {
  database: Pick<Database, 'query'>
  /** Told where the database is out of reach; it is asked again. */
  onFault: (error: unknown) => void
  lookEveryMs?: number
}

const LOOK_EVERY_MS = 100
/** What comes so soon after what was told is told together, to all at the same moment. */
const TOLD_EVERY_MS = 250
const AFTER_FAULT_MS = 1_000

/**
 * One look for all listeners of a server, while there are any: ten times a second, and less often while there is always
 * more. (`notify` with each commit would have all writers wait for each other.)
 */
export function openFeed({ database, onFault, lookEveryMs = LOOK_EVERY_MS }: FeedOptions): Feed {
  const listeners = new Set<Listener>()
  const closing = new AbortController()
  let begun: Promise<{ tail: Tail }> | null = null
  let looking: Promise<void> | null = null

  const begin = (): Promise<{ tail: Tail }> => {
    const beginningNow = beginning(database, performance.now()).then((tail) => ({ tail }))
    beginningNow.catch(() => {
      begun = null
    })
    return beginningNow
  }

  /** @returns whether there was anything */
  async function look(place: { tail: Tail }): Promise<boolean> {
    const changes = await changesAfter(database, place.tail)
    const ids = changes.map(({ id }) => id)
    place.tail = advance(place.tail, ids, performance.now())
    if (changes.length === 0) return false
    const news = { changes, settled: settledUpTo(place.tail) }
    for (const listener of listeners) listener(news)
    return true
  }

  async function lookWhileAnybodyListens(place: { tail: Tail }): Promise<void> {
    while (listeners.size > 0 && !closing.signal.aborted) {
      const pauseMs = await look(place).then(
        (isNew) => (isNew ? TOLD_EVERY_MS : lookEveryMs),
        (error: unknown) => {
          onFault(error)
          return AFTER_FAULT_MS
        },
      )
      await waitFor(pauseMs, closing.signal).catch(() => undefined)
    }
    begun = null
    looking = null
  }

  return {
    async listen(listener) {
      begun ??= begin()
      const place = await begun
      listeners.add(listener)
      looking ??= lookWhileAnybodyListens(place)
      return { settled: settledUpTo(place.tail), end: () => void listeners.delete(listener) }
    },
    async close() {
      closing.abort()
      await looking
    },
  }
}

import type { QueryClient } from '@tanstack/react-query'

/*
 * What others change, as the service tells it. A browser has few connections to one service: of all its tabs one listens, and
 * passes on what it hears.
 */

/** Ids of each kind that changed, or `all` where they are very many. */
type Changes = Readonly<Record<string, readonly string[] | 'all'>>

const CHANNEL = 'first-call changes'
const EVERYTHING: Changes = { call: 'all', opportunity: 'all', contact: 'all', review: 'all', key: 'all', user: 'all' }

/** The first words of queries that show a kind of thing. */
const SHOWN_BY: Readonly<Record<string, readonly string[]>> = {
  call: ['call', 'calls', 'coverage', 'queue', 'state'],
  opportunity: ['opportunity', 'opportunities', 'queue', 'coverage'],
  contact: ['contact', 'contacts', 'opportunity', 'opportunities', 'queue'],
  review: ['review'],
  key: ['keys'],
  user: ['users', 'people', 'me'],
  sync: ['sync'],
}

/** Lists are fetched anew at most so often, however much happens. */
const LISTS_EVERY_MS = 1_000

/**
 * Listens for as long as the page is there.
 *
 * @returns ends it
 */
export function listen(queries: QueryClient): () => void {
  const channel = new BroadcastChannel(CHANNEL)
  const leaving = new AbortController()
  const take = refresher(queries)
  channel.onmessage = ({ data }: MessageEvent<Changes>) => take(data)

  const lead = () =>
    new Promise<void>((resolve) => {
      const source = new EventSource('/api/events')
      let isBegun = false
      const tell = (changes: Changes) => {
        take(changes)
        channel.postMessage(changes)
      }
      source.addEventListener('changes', ({ data }: MessageEvent<string>) => {
        // A tab that begins to listen does not know what the one before it had heard.
        tell(isBegun ? JSON.parse(data) : EVERYTHING)
        isBegun = true
      })
      leaving.signal.addEventListener('abort', () => {
        source.close()
        resolve()
      })
    })
  // The lock is held for as long as the tab lives; the next one has it then.
  navigator.locks?.request(CHANNEL, { signal: leaving.signal }, lead).catch(() => undefined)
  if (navigator.locks === undefined) void lead()

  return () => {
    leaving.abort()
    channel.close()
  }
}

/** What is shown of single things is fetched at once, lists together a moment later. */
function refresher(queries: QueryClient): (changes: Changes) => void {
  const waiting = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const refreshLists = () => {
    timer = undefined
    const words = new Set(waiting)
    waiting.clear()
    void queries.invalidateQueries({
      predicate: ({ queryKey: [word, id] }) => words.has(String(word)) && typeof id !== 'string',
    })
  }
  return (changes) => {
    for (const [kind, ids] of Object.entries(changes)) {
      const words = SHOWN_BY[kind] ?? []
      for (const word of words) waiting.add(word)
      const isChanged = (id: unknown): boolean => ids === 'all' || ids.includes(String(id))
      // A call's lead and a contact's show it, too: what they are about stands in their keys.
      void queries.invalidateQueries({
        predicate: ({ queryKey: [word, id] }) =>
          typeof id === 'string' && words.includes(String(word)) && (word !== kind || isChanged(id)),
      })
    }
    if (Object.keys(changes).length > 0 && timer === undefined) timer = setTimeout(refreshLists, LISTS_EVERY_MS)
  }
}

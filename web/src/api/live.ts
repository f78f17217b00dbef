import type { QueryClient } from '@tanstack/react-query'
import { type News, newsOf, newsOfBoth } from './changes.ts'
import { type RefresherOptions, refresher } from './refresh.ts'
import { keepListening } from './stream.ts'

/*
 * What others change, as the service tells it. A browser has few connections to one service: of all its tabs one listens, and
 * passes on what it hears.
 */

const CHANNEL = 'first-call changes'

/** What the tab that listens tells the others. */
type Message = { news: News; id: string } | { isLive: boolean }

/** Under which it is known whether changes are heard of: true or false. */
export const LIVE = ['live'] as const

const ask = (lastId: string | null, signal: AbortSignal): Promise<Response> =>
  fetch('/api/events?include=opportunities', {
    headers: { accept: 'text/event-stream', ...(lastId === null ? {} : { 'last-event-id': lastId }) },
    cache: 'no-store',
    signal,
  })

const NOTHING: News = { changes: {}, leads: new Map() }

/**
 * Listens for as long as the page is there.
 *
 * @param since the number of the event after which whatever is shown was asked for
 * @returns ends it
 */
export function listen(
  queries: QueryClient,
  refreshLeads: RefresherOptions['refreshLeads'],
  since: string,
): () => void {
  const channel = new BroadcastChannel(CHANNEL)
  const leaving = new AbortController()
  const { signal } = leaving
  const { take, end } = refresher({ queries, refreshLeads })
  let lastId = since
  let unseen = NOTHING

  /** Nobody looks at a page that is hidden: it is brought up to date when it is shown. */
  const show = () => {
    if (document.hidden) return
    const news = unseen
    unseen = NOTHING
    take(news)
  }
  document.addEventListener('visibilitychange', show, { signal })

  const hear = (message: Message) => {
    if ('isLive' in message) {
      queries.setQueryData(LIVE, message.isLive)
      return
    }
    lastId = message.id
    unseen = newsOfBoth(unseen, message.news)
    show()
  }
  channel.onmessage = ({ data }: MessageEvent<Message>) => hear(data)
  const tell = (message: Message) => {
    hear(message)
    channel.postMessage(message)
  }

  const lead = () =>
    keepListening({
      ask,
      lastId,
      onTold: (told, id) => tell({ news: newsOf(told), id }),
      onLive: (isLive) => tell({ isLive }),
      onStranger: () => void queries.invalidateQueries({ queryKey: ['me'] }),
      online: window,
      signal,
    })
  // The lock is held for as long as the tab lives; the next one has it then.
  navigator.locks?.request(CHANNEL, { signal }, lead).catch(() => undefined)
  if (navigator.locks === undefined) void lead()

  return () => {
    leaving.abort()
    channel.close()
    end()
  }
}

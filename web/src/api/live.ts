import type { QueryClient } from '@tanstack/react-query'
import { type News, newsOf, newsOfBoth } from './changes.ts'
import { type RefresherOptions, refresher } from './refresh.ts'
import { keepListening } from './stream.ts'

/*
 * What others change, as the service tells it. A browser has few connections to one service: of all its tabs in which the same
 * person is logged in one listens, and passes on what it hears.
 */

/** Of the messages below: tabs of another version have others. */
const CHANNEL = 'first-call changes 2'

/** What the tab that listens tells the others. */
type Message = { news: News; id: string } | { isLive: boolean }

/** Under which it is known whether changes are heard of: true or false. */
export const LIVE = ['live'] as const

/** Who hears: what one person is told is not for another one who logs in in the same browser. */
interface Person {
  id: string | null
  role: string
}

/** What a tab hears from the others. */
interface Ear {
  name: string
  channel: BroadcastChannel
  /** The number of the event after which whatever is shown was asked for; null where nobody knows. */
  since: string | null
  /** What came before somebody took it. */
  kept: Message[]
}

let ear: Ear | null = null

const nameFor = ({ id, role }: Person): string => `${CHANNEL} ${id} ${role}`

/**
 * Hears from now on what the other tabs are told; it is kept until somebody listens. To be called before anything is asked
 * for that may change.
 *
 * @param since the number of the event after which whatever is shown will be asked for; null where nobody knows
 */
export function hearFrom(person: Person, since: string | null): void {
  const name = nameFor(person)
  if (ear?.name === name) return
  ear?.channel.close()
  const channel = new BroadcastChannel(name)
  const kept: Message[] = []
  channel.onmessage = ({ data }: MessageEvent<Message>) => void kept.push(data)
  ear = { name, channel, since, kept }
}

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
 * @returns ends it
 */
export function listen(
  queries: QueryClient,
  refreshLeads: RefresherOptions['refreshLeads'],
  person: Person,
): () => void {
  hearFrom(person, null)
  const own = ear as Ear
  const { name, channel, kept } = own
  const leaving = new AbortController()
  const { signal } = leaving
  const { take, end } = refresher({ queries, refreshLeads })
  let lastId = own.since
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
    // What was asked for before anybody knows since when may be older than this.
    if (lastId === null) void queries.invalidateQueries()
    unseen = newsOfBoth(unseen, message.news)
    lastId = message.id
    show()
  }
  for (const message of kept) hear(message)
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
  navigator.locks?.request(name, { signal }, lead).catch(() => undefined)
  if (navigator.locks === undefined) void lead()

  return () => {
    leaving.abort()
    channel.close()
    if (ear === own) ear = null
    end()
  }
}

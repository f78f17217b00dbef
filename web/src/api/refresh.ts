import type { Query, QueryClient, QueryKey } from '@tanstack/react-query'
import { atMost } from './at-most.ts'
import { type Changes, merged, type News, newsOfBoth } from './changes.ts'
import { LISTS, paced, ROWS } from './pace.ts'

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

export interface RefresherOptions {
  queries: QueryClient
  /** Brings the lists of leads up to date, whose pages are not fetched anew for a few changes. */
  refreshLeads: (news: News) => Promise<void>
}

export interface Refresher {
  take(news: News): void
  end(): void
}

/**
 * Fetches what is on the screen and has changed. The first change is shown at once, and what follows it together: what
 * shows the very things and rows of leads four times a second at most, the rest every half second, and ever more seldom
 * while changes do not cease. What is not on the screen is fetched when it is shown again.
 */
export function refresher({ queries, refreshLeads }: RefresherOptions): Refresher {
  const rows = paced({
    ...ROWS,
    merge: newsOfBoth,
    run: async (news: News) => {
      await Promise.all([refreshLeads(news), refresh(queries, (key) => isNamed(key, news.changes))])
    },
  })
  const lists = paced({
    ...LISTS,
    merge: merged,
    run: (changes: Changes) => refresh(queries, (key) => isOfMany(key, changes) && !isNamed(key, changes)),
  })
  return {
    take(news) {
      if (Object.keys(news.changes).length === 0) return
      rows.add(news)
      lists.add(news.changes)
    },
    end() {
      rows.end()
      lists.end()
    },
  }
}

/** Whether a query is of one of the things that changed. */
function isNamed([word, id]: QueryKey, changes: Changes): boolean {
  const ids = changes[String(word)]
  return typeof id === 'string' && ids !== undefined && (ids === 'all' || ids.includes(id))
}

/** Whether a query may show any of them. A call's lead shows it, too: what it is about stands in its key. */
function isOfMany(key: QueryKey, changes: Changes): boolean {
  if (isLeadList(key)) return false
  return Object.keys(changes).some((kind) => {
    const isOfOther = typeof key[1] === 'string' && key[0] === kind
    return !isOfOther && SHOWN_BY[kind]?.includes(String(key[0])) === true
  })
}

/** The key of a list of leads that goes on page by page: what it asks for, and how many are on a page. */
export const isLeadList = ([word, asked, limit]: QueryKey): boolean =>
  word === 'opportunities' && typeof asked === 'object' && typeof limit === 'number'

/** What has not come by then is not waited for by the rest. */
const COMES_WITHIN_MS = 5_000

/** Fetches what is shown anew; whatever comes for the first time once it is there, for it may be older than the change. */
async function refresh(queries: QueryClient, isMeant: (key: QueryKey) => boolean): Promise<void> {
  const predicate = ({ queryKey }: Query): boolean => isMeant(queryKey)
  const coming = queries
    .getQueryCache()
    .findAll({ predicate, fetchStatus: 'fetching' })
    .filter(({ state }) => state.data === undefined)
  await atMost(COMES_WITHIN_MS, Promise.allSettled(coming.map(({ promise }) => promise)))
  await queries.invalidateQueries({ predicate })
}

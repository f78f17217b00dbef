import { QueryClient } from '@tanstack/react-query'
import { Problem } from './client.ts'

const MOST_TRIES = 4
const LONGEST_WAIT_MS = 8_000

/** Whether the same request may succeed a little later. */
const isPassing = (error: unknown): boolean => !(error instanceof Problem) || error.status === 503

/** What is known of the service. Live events say when something of it is no longer true. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (tries, error) => isPassing(error) && tries < MOST_TRIES,
      retryDelay: (tries, error) =>
        error instanceof Problem && error.retryAfter !== null
          ? error.retryAfter * 1_000
          : Math.min(500 * 2 ** tries, LONGEST_WAIT_MS),
    },
    // What cannot be sent now is refused now: kept, it would ring a telephone when nobody thinks of it any more.
    mutations: { retry: false, networkMode: 'always' },
  },
})

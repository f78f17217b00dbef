import { type QueryClient, useQuery } from '@tanstack/react-query'
import { answered, api, Problem } from '../api/client.ts'
import { hearFrom } from '../api/live.ts'
import type { paths } from '../api/schema.d.ts'
import { forgetOthers } from './over.ts'

type Answer = paths['/api/me']['get']['responses']['200']['content']['application/json']
export type Me = Omit<Answer, 'last_event_id'>

const ME = ['me']

/** Who is logged in: null where nobody is. */
export function useMe() {
  return useQuery({
    queryKey: ME,
    queryFn: async ({ client }): Promise<Me | null> => {
      const me = await askMe()
      const before = client.getQueryData<Me | null>(ME)
      if (before !== undefined && before?.id !== me?.id) forgetKnown(client)
      forgetOthers(me?.id ?? null)
      return me
    },
    staleTime: 60_000,
  })
}

async function askMe(): Promise<Me | null> {
  try {
    const { last_event_id, ...me } = await answered(api.GET('/api/me'))
    // A server that has not been renewed yet does not say it.
    hearFrom(me, last_event_id ?? null)
    return me
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null
    throw error
  }
}

/** What was fetched for somebody is not shown to anybody else. */
const forgetKnown = (known: QueryClient): void =>
  known.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== ME[0] })

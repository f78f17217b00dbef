import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { answered, api } from '../api/client.ts'
import type { paths } from '../api/schema.d.ts'
import type { Period } from './period.ts'

export type Coverage = paths['/api/crm/coverage']['get']['responses']['200']['content']['application/json']
type Contradictions =
  paths['/api/crm/coverage/contradictions']['get']['responses']['200']['content']['application/json']
export type Contradiction = Contradictions['data'][number]

/** The figures of a period. */
export function useCoverage(period: Period) {
  return useQuery({
    queryKey: ['coverage', period],
    queryFn: () => answered(api.GET('/api/crm/coverage', { params: { query: period } })),
    placeholderData: keepPreviousData,
  })
}

/** Where calls and attempts of a period contradict each other, page by page. */
export function useContradictions(period: Period, isWanted: boolean) {
  return useInfiniteQuery({
    queryKey: ['coverage', period, 'contradictions'],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      answered(
        api.GET('/api/crm/coverage/contradictions', {
          params: { query: { ...period, ...(pageParam === null ? {} : { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor,
    enabled: isWanted,
  })
}

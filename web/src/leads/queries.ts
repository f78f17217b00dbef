import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { answered, api } from '../api/client.ts'
import { queries } from '../api/queries.ts'
import { type CountQuery, countQueryOf, type LeadView, listQueryOf } from './filter.ts'
import type { Lead } from './lead.ts'

interface Page {
  data: Lead[]
  next_cursor: string | null
}

const FIVE_MINUTES = 5 * 60_000

/**
 * The leads of a view as far as they were asked for.
 *
 * @param limit how many each page has
 */
export function useLeads(view: LeadView, limit: number) {
  const asked = listQueryOf(view)
  const list = useInfiniteQuery({
    queryKey: ['opportunities', asked, limit],
    queryFn: ({ pageParam, signal }): Promise<Page> => {
      const cursor = pageParam === null ? {} : { cursor: pageParam }
      return answered(api.GET('/api/crm/opportunities', { params: { query: { ...asked, limit, ...cursor } }, signal }))
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    placeholderData: keepPreviousData,
    staleTime: FIVE_MINUTES,
    gcTime: 2 * FIVE_MINUTES,
    // Thousands of rows would be compared with each page that comes.
    structuralSharing: false,
  })
  // One by one: whatever of it is not asked for draws nothing anew.
  const { data, error, isPending, isSuccess, isError, isPlaceholderData, isFetchNextPageError } = list
  const { hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = list
  // A lead that moved up while one scrolled is there twice: it stays where it came first.
  const leads = useMemo(() => {
    const byId = new Map<string, Lead>()
    for (const page of data?.pages ?? []) for (const lead of page.data) if (!byId.has(lead.id)) byId.set(lead.id, lead)
    return [...byId.values()]
  }, [data])
  return {
    ...{ leads, error, isPending, isSuccess, isError, isPlaceholderData, isFetchNextPageError },
    ...{ hasNextPage, isFetchingNextPage, fetchNextPage, refetch },
  }
}

const countLeads = (query: CountQuery, signal: AbortSignal) =>
  answered(api.GET('/api/crm/opportunities/count', { params: { query }, signal }))

/** How many leads a view has, up to a number that is soon counted. */
export function useCount(view: Omit<LeadView, 'sort'>) {
  const asked = countQueryOf(view)
  return useQuery({
    queryKey: ['opportunities', 'count', asked],
    queryFn: ({ signal }) => countLeads(asked, signal),
    placeholderData: keepPreviousData,
  })
}

const isList = (data: unknown): data is InfiniteData<Page> =>
  typeof data === 'object' && data !== null && 'pages' in data

/** Shows leads as they are now in every list that has them, in their places. */
export function showChanged(changed: readonly (Partial<Lead> & { id: string })[]): void {
  const byId = new Map(changed.map((lead) => [lead.id, lead]))
  queries.setQueriesData<unknown>({ queryKey: ['opportunities'] }, (data: unknown) => {
    if (!isList(data)) return data
    const pages = data.pages.map((page) =>
      page.data.some(({ id }) => byId.has(id))
        ? { ...page, data: page.data.map((lead) => ({ ...lead, ...byId.get(lead.id) })) }
        : page,
    )
    return { ...data, pages }
  })
  for (const { id } of changed) void queries.invalidateQueries({ queryKey: ['opportunity', id] })
}

type Counted = Awaited<ReturnType<typeof countLeads>>

const isCounted = (data: unknown): data is Counted => typeof data === 'object' && data !== null && 'count' in data

/** Of a key of a list, or of a count, the status that it asks for. */
const statusAsked = (key: readonly unknown[]): unknown =>
  key.flatMap((part) => (typeof part === 'object' && part !== null && 'status' in part ? [part.status] : []))[0]

/** Takes a lead out of the lists of its status and puts it into those of another, where it belongs by its age. */
export function showMoved(from: Lead, to: Lead): void {
  if (from.status === to.status) {
    showChanged([to])
    return
  }
  for (const { queryKey } of queries.getQueryCache().findAll({ queryKey: ['opportunities'] })) {
    const status = statusAsked(queryKey)
    if (status !== from.status && status !== to.status) continue
    const isLeft = status === from.status
    queries.setQueryData<unknown>(queryKey, (data: unknown) => {
      if (isCounted(data)) return data.more ? data : { ...data, count: data.count + (isLeft ? -1 : 1) }
      if (!isList(data)) return data
      const without = data.pages.map((page) => ({ ...page, data: page.data.filter(({ id }) => id !== to.id) }))
      return { ...data, pages: isLeft ? without : withNew(without, to) }
    })
  }
}

function withNew(pages: Page[], lead: Lead): Page[] {
  const isOlder = (other: Lead): boolean => other.created_at < lead.created_at
  const place = pages.findIndex((page) => page.data.some(isOlder))
  const page = pages[place < 0 ? pages.length - 1 : place]
  const before = page?.data.findIndex(isOlder) ?? -1
  return pages.map((one) =>
    one === page ? { ...one, data: one.data.toSpliced(before < 0 ? one.data.length : before, 0, lead) } : one,
  )
}

/** Whoever looks at leads next sees them as they are now. */
export function forgetLists(): void {
  void queries.invalidateQueries({ queryKey: ['opportunities'] })
  void queries.invalidateQueries({ queryKey: ['queue'] })
}

import {
  infiniteQueryOptions,
  keepPreviousData,
  type Query,
  type QueryFilters,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState } from 'react'
import type { LeadsTold, News } from '../api/changes.ts'
import { answered, api } from '../api/client.ts'
import { queries } from '../api/queries.ts'
import { isLeadList } from '../api/refresh.ts'
import { type CountQuery, countQueryOf, type LeadView, type ListQuery, listQueryOf } from './filter.ts'
import { fits } from './fits.ts'
import type { Lead } from './lead.ts'
import { asOld, leadsOf, oldPageSeen, type Page, type Pages, withChanged, withLeads, withPage } from './pages.ts'

const TEN_MINUTES = 10 * 60_000

/** Lists are brought up to date in turn: one that never comes would hold up all that follow. */
const ANSWERED_WITHIN_MS = 10_000

async function listLeads(query: ListQuery, ended?: AbortSignal): Promise<Page> {
  const late = AbortSignal.timeout(ANSWERED_WITHIN_MS)
  const signal = ended === undefined ? late : AbortSignal.any([ended, late])
  const page = await answered(api.GET('/api/crm/opportunities', { params: { query }, signal }))
  return { ...page, last: page.data.at(-1) ?? null }
}

const fromCursor = (cursor: string | null) => (cursor === null ? {} : { cursor })

const A_PAGE = 100

/** How the leads of a view are asked for. */
export function leadsAsked(view: LeadView, limit = A_PAGE) {
  const asked = listQueryOf(view)
  return infiniteQueryOptions({
    queryKey: ['opportunities', asked, limit],
    queryFn: ({ pageParam, signal }) => listLeads({ ...asked, limit, ...fromCursor(pageParam) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    // Whoever comes back fetches what is seen again, if it is old.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: TEN_MINUTES,
  })
}

/**
 * The leads of a view as far as they were asked for. They are kept up to date by what is told of changes, and not by fetching
 * every page anew.
 *
 * @param limit how many each page has
 */
export function useLeads(view: LeadView, limit = A_PAGE) {
  const asking = leadsAsked(view, limit)
  const list = useInfiniteQuery({
    ...asking,
    placeholderData: keepPreviousData,
    refetchOnMount: false,
    // Thousands of rows would be compared with each page that comes.
    structuralSharing: false,
  })
  // One by one: whatever of it is not asked for draws nothing anew.
  const { data, error, isPending, isSuccess, isError, isPlaceholderData, isStale } = list
  const { hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = list
  const leads = useMemo(() => leadsOf(data?.pages ?? []), [data])
  const key = JSON.stringify(asking.queryKey.slice(1))
  const isForgotten = isStale && data !== undefined && !isPlaceholderData
  useEffect(() => {
    if (isForgotten) forget(key)
  }, [isForgotten, key])
  const onSeen = useCallback((first: number, last: number) => void fetchSeen(key, first, last), [key])
  const [failed, setFailed] = useState<{ key: string; error: unknown } | null>(null)
  const fetchMore = useCallback(async () => {
    setFailed(null)
    const { isFetchNextPageError: isFailed, error: fault } = await fetchNextPage()
    if (isFailed) setFailed({ key, error: fault })
  }, [fetchNextPage, key])
  return {
    ...{ leads, error, isPending, isSuccess, isError, isPlaceholderData, refetch, onSeen },
    ...{ hasNextPage, isFetchingNextPage, fetchMore },
    /** Why the next page could not be fetched: nobody but a person asks for it again. Null where it was not so. */
    moreError: failed?.key === key ? failed.error : null,
  }
}

/** The list of which this is the rest of the key. */
const listOf = (key: string): Query | undefined =>
  queries.getQueryCache().find({ queryKey: ['opportunities', ...JSON.parse(key)], exact: true })

/** Makes the pages of a list old. */
function forget(key: string): void {
  const list = listOf(key)
  if (list !== undefined) changePages(list, asOld)
}

const MOST_RETRIES = 3

/** Fetches the first page that is old again, of those that are seen. The next one is seen once it is there. */
async function fetchSeen(key: string, first: number, last: number): Promise<void> {
  const [asked, limit] = JSON.parse(key) as [ListQuery, number]
  const list = listOf(key)
  const data = dataOf(list)
  const cursor = data?.pageParams[oldPageSeen(data.pages, first, last)]
  if (list === undefined || cursor === undefined) return
  const queryKey = ['page of leads', key, cursor]
  // It is asked for once, however often it is seen meanwhile.
  if (queries.isFetching({ queryKey }) > 0) return
  const queryFn = () =>
    inTurn(async () => {
      await settled(list)
      const fresh = await listLeads({ ...asked, limit, ...fromCursor(cursor) })
      changeList(list, (now) => {
        const at = now.pageParams.indexOf(cursor)
        return at < 0 ? now : withPage(now, at, fresh, asked.sort)
      })
      return null
    })
  await queries.fetchQuery({ queryKey, queryFn, retry: MOST_RETRIES, gcTime: 0 }).catch(() => undefined)
}

/** So many are asked for by their ids; where more have changed, the pages that are seen are asked for again. */
const MOST_IDS = 100

/**
 * Brings the lists of leads up to date: a few that changed are shown where they belong now. How they are was told, or is asked
 * in one request for all lists of a search. Where very many changed, or nobody looks, lists become old.
 */
export function refreshLeads({ changes: { opportunity = [], contact = [] }, leads }: News): Promise<void> {
  return inTurn(async () => {
    const [shown, hidden] = [listsOfLeads('active'), listsOfLeads('inactive')]
    if (opportunity.length === 0 && contact.length === 0) return
    for (const list of hidden) changePages(list, asOld)
    // What comes just now may be older than what changed, and newer than what was told of it.
    const isComing = shown.some(({ state }) => state.fetchStatus === 'fetching')
    await Promise.all(shown.map(settled))
    const ids = opportunity === 'all' || contact === 'all' ? null : idsOf(shown, opportunity, contact)
    if (ids === null || ids.size > MOST_IDS) {
      for (const list of shown) changePages(list, asOld)
      return
    }
    if (ids.size === 0) return
    const isTold = !isComing && [...ids].every((id) => leads.has(id))
    const searches = new Set(shown.map((list) => askedBy(list).q))
    await Promise.all(
      [...searches].map((q) => {
        const lists = shown.filter((list) => askedBy(list).q === q)
        // What a search finds the service knows.
        if (!isTold || q !== undefined) return showFresh(ids, q, lists)
        return showTold(ids, leads, lists)
      }),
    )
  })
}

function idsOf(lists: readonly Query[], opportunities: readonly string[], contacts: readonly string[]): Set<string> {
  const ids = new Set(opportunities)
  for (const list of lists) {
    for (const { id, contact_id } of leadsOf(dataOf(list)?.pages ?? [])) if (contacts.includes(contact_id)) ids.add(id)
  }
  return ids
}

function showTold(ids: ReadonlySet<string>, leads: LeadsTold, lists: readonly Query[]): void {
  const found = [...ids].flatMap((id) => leads.get(id) ?? [])
  for (const list of lists) changePages(list, (pages) => withLeads(pages, askedBy(list), ids, found))
}

async function showFresh(ids: ReadonlySet<string>, q: string | undefined, lists: readonly Query[]): Promise<void> {
  const query = {
    ids: [...ids].join(','),
    limit: MOST_IDS,
    include: 'contact',
    ...(q === undefined ? {} : { q }),
  } as const
  const found = await listLeads(query).catch(() => null)
  for (const list of lists) {
    changePages(list, (pages) => (found === null ? asOld(pages) : withLeads(pages, askedBy(list), ids, found.data)))
  }
}

type Counted = Awaited<ReturnType<typeof countLeads>>

const COUNTS = ['opportunities', 'count'] as const

const countLeads = (query: CountQuery, signal: AbortSignal) =>
  answered(api.GET('/api/crm/opportunities/count', { params: { query }, signal }))

/** How many leads a view has, up to a number that is soon counted. */
export function useCount(view: Omit<LeadView, 'sort'>) {
  const asked = countQueryOf(view)
  return useQuery({
    queryKey: [...COUNTS, asked],
    queryFn: ({ signal }) => countLeads(asked, signal),
    placeholderData: keepPreviousData,
  })
}

/** Shows leads as they are now in every list that has them, in their places. */
export function showChanged(changed: readonly (Partial<Lead> & { id: string })[]): void {
  const byId = new Map(changed.map((lead) => [lead.id, lead]))
  for (const list of listsOfLeads('all')) changePages(list, (pages) => withChanged(pages, byId))
  for (const { id } of changed) void queries.invalidateQueries({ queryKey: ['opportunity', id] })
}

/** Shows a lead where it belongs after a change of which no search knows, and counts it there. */
export function showMoved(from: Lead, to: Lead): void {
  const ids = new Set([to.id])
  const searches = listsOfLeads('active').filter((list) =>
    leadsOf(dataOf(list)?.pages ?? []).some(({ id }) => ids.has(id)),
  )
  const found = new Set(searches.map((list) => askedBy(list).q))
  for (const list of listsOfLeads('active')) {
    if (found.has(askedBy(list).q)) changePages(list, (pages) => withLeads(pages, askedBy(list), ids, [to]))
  }
  for (const { queryKey } of queries.getQueryCache().findAll({ queryKey: COUNTS, type: 'active' })) {
    const asked = queryKey[2] as CountQuery
    if (!found.has(asked.q)) continue
    const more = Number(fits(to, asked)) - Number(fits(from, asked))
    queries.setQueryData<Counted>(queryKey, (counted) =>
      counted === undefined || counted.more ? counted : { ...counted, count: counted.count + more },
    )
  }
}

/** Whoever looks at leads next sees them as they are now. */
export function forgetLists(): void {
  for (const list of listsOfLeads('all')) changePages(list, asOld)
  void queries.invalidateQueries({
    predicate: ({ queryKey }) => ['opportunities', 'queue'].includes(String(queryKey[0])) && !isLeadList(queryKey),
  })
}

const listsOfLeads = (type: NonNullable<QueryFilters['type']>): Query[] =>
  queries.getQueryCache().findAll({ type, predicate: ({ queryKey }) => isLeadList(queryKey) })

const dataOf = (list: Query | undefined): Pages | undefined => list?.state.data as Pages | undefined
const askedBy = ({ queryKey }: Query): ListQuery => queryKey[1] as ListQuery

/** Once nothing of a list is on its way. */
const settled = async ({ promise, state }: Query): Promise<void> => {
  if (state.fetchStatus === 'fetching') await promise?.catch(() => undefined)
}

/** Changes what is there of a list. What is on its way has begun with what was there before: it is changed once it comes. */
function changeList(list: Query, change: (list: Pages) => Pages): void {
  const apply = () => {
    const now = dataOf(list)
    // Another may have its place by then, of another person.
    if (queries.getQueryCache().get(list.queryHash) !== list) return
    if (now !== undefined) queries.setQueryData(list.queryKey, change(now))
  }
  const isComing = list.state.fetchStatus === 'fetching'
  apply()
  if (isComing) void settled(list).then(apply)
}

const changePages = (list: Query, change: (pages: readonly Page[]) => readonly Page[]): void =>
  changeList(list, ({ pages, pageParams }) => ({ pages: change(pages), pageParams }))

let turn: Promise<unknown> = Promise.resolve()

/** One after the other: what was asked for earlier is never shown over what was asked for later. */
function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  const own = turn.then(work)
  turn = own.catch(() => undefined)
  return own
}

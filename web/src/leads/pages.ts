import { type Asked, fits, inOrder } from './fits.ts'
import type { Lead } from './lead.ts'

/** A part of a list. */
export interface Page {
  data: readonly Lead[]
  next_cursor: string | null
  /** The last lead as it was fetched, after which the next page begins; null where there was none. */
  last: Lead | null
  /** It may differ from what the service has: it is fetched again where it is seen. */
  isOld?: boolean
}

/** All leads that are there, in their order. One that moved up while one scrolled stays where it came first. */
export function leadsOf(pages: readonly Page[]): Lead[] {
  const byId = new Map<string, Lead>()
  for (const page of pages) for (const lead of page.data) if (!byId.has(lead.id)) byId.set(lead.id, lead)
  return [...byId.values()]
}

/** All pages, to be fetched again. */
export const asOld = (pages: readonly Page[]): Page[] => pages.map((page) => ({ ...page, isOld: true }))

/** Shows leads as they are now, wherever they are: in their places, whether they belong there or not. */
export function withChanged(pages: readonly Page[], changed: ReadonlyMap<string, Partial<Lead>>): readonly Page[] {
  return pages.map((page) =>
    page.data.some(({ id }) => changed.has(id))
      ? { ...page, data: page.data.map((lead) => ({ ...lead, ...changed.get(lead.id) })) }
      : page,
  )
}

/**
 * Shows each lead where it belongs now, and nowhere else. Pages on which nothing changes stay the same objects, and a lead
 * that belongs after what was fetched comes with what is fetched next.
 *
 * @param ids of those that changed
 * @param found those of them that the list's search finds
 */
export function withLeads(
  pages: readonly Page[],
  asked: Asked,
  ids: ReadonlySet<string>,
  found: readonly Lead[],
): readonly Page[] {
  const now = new Map(found.map((lead) => [lead.id, lead]))
  // What was shown meanwhile may be newer than what was fetched.
  for (const { data } of pages) {
    for (const lead of data) {
      const other = now.get(lead.id)
      if (other !== undefined && lead.revision > other.revision) now.set(lead.id, lead)
    }
  }
  const compare = inOrder(asked.sort)
  /** Whether it has another place in the order. */
  const isMoved = (before: Lead, after: Lead): boolean => compare(before, after) !== 0
  const placed = new Set<string>()
  const kept = pages.map((page) => {
    if (!page.data.some(({ id }) => ids.has(id))) return page
    const data = page.data.flatMap((lead) => {
      if (!ids.has(lead.id)) return [lead]
      const after = now.get(lead.id)
      if (after === undefined || !fits(after, asked) || placed.has(lead.id) || isMoved(lead, after)) return []
      placed.add(lead.id)
      return [after]
    })
    return { ...page, data }
  })
  return [...now.values()]
    .filter((lead) => ids.has(lead.id) && !placed.has(lead.id) && fits(lead, asked))
    .reduce(withNew, kept)

  function withNew(before: readonly Page[], lead: Lead): readonly Page[] {
    const isLater = (other: Lead): boolean => compare(other, lead) > 0
    const at = before.findIndex(({ data }) => data.some(isLater))
    const page = before[at < 0 ? before.length - 1 : at]
    if (page === undefined || (at < 0 && isBehind(page, lead))) return before
    const place = at < 0 ? page.data.length : page.data.findIndex(isLater)
    return before.map((one) => (one === page ? { ...one, data: one.data.toSpliced(place, 0, lead) } : one))
  }

  /** Whether it comes with what is fetched after this page. */
  function isBehind({ next_cursor, last }: Page, lead: Lead): boolean {
    return next_cursor !== null && last !== null && compare(lead, last) > 0
  }
}

/** A list as far as it was fetched, and from which cursor each page was. */
export interface Pages {
  pages: readonly Page[]
  pageParams: readonly (string | null)[]
}

/**
 * Puts a page that was fetched again in the place of the one that was there. What newer leads have pushed off its end is a
 * page of its own then, between which and the first there may be others: it is fetched again where it is seen.
 */
export function withPage({ pages, pageParams }: Pages, at: number, fresh: Page, sort: Asked['sort']): Pages {
  const { last } = fresh
  const before = pages[at]
  if (before === undefined) return { pages, pageParams }
  // Nothing comes after it.
  if (last === null || fresh.next_cursor === null) {
    return { pages: [...pages.slice(0, at), fresh], pageParams: pageParams.slice(0, at + 1) }
  }
  const compare = inOrder(sort)
  const reachesNext = before.next_cursor !== null && before.last !== null && compare(last, before.last) >= 0
  if (reachesNext) return { pages: pages.with(at, fresh), pageParams }
  const ids = new Set(fresh.data.map(({ id }) => id))
  const data = before.data.filter((lead) => !ids.has(lead.id) && compare(lead, last) > 0)
  const pushed = { ...before, data, isOld: true }
  return {
    pages: pages.toSpliced(at, 1, fresh, pushed),
    pageParams: pageParams.toSpliced(at + 1, 0, fresh.next_cursor),
  }
}

/** The first page that is old and of which anything is seen, between the first lead that is seen and the last; or -1. */
export function oldPageSeen(pages: readonly Page[], first: number, last: number): number {
  const known = new Set<string>()
  return pages.findIndex(({ data, isOld }) => {
    const begin = known.size
    for (const { id } of data) known.add(id)
    return isOld === true && begin <= last && known.size >= first
  })
}

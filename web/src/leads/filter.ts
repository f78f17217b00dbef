import type { paths } from '../api/schema.d.ts'

export type ListQuery = NonNullable<paths['/api/crm/opportunities']['get']['parameters']['query']>

/** What leads are narrowed by, in the order in which it is shown; named as the API names it, and as the address does. */
export const FILTER_NAMES = [
  'status',
  'assigned_to',
  'assigned',
  'attempts',
  'last_status',
  'first_call_completed',
  'source',
] as const
export type FilterName = (typeof FILTER_NAMES)[number]

export const COLOURS = ['green', 'orange', 'red'] as const
export const ATTEMPTS = ['0', '1', '2', '3', '4', '5'] as const

/** The order of the list; `-`: the greatest first. */
export const SORTS = ['-created_at', 'created_at', '-last_contact_attempt_at', 'last_contact_attempt_at'] as const
export type Sort = (typeof SORTS)[number]
const USUAL_SORT: Sort = '-created_at'

/** A view of the leads. */
export interface LeadView {
  filters: Readonly<Partial<Record<FilterName, string>>>
  q: string
  sort: Sort
}

/** Which values the API knows; any text where it is left out. */
const VALUES: Readonly<Partial<Record<FilterName, readonly string[]>>> = {
  assigned: ['false'],
  attempts: ATTEMPTS,
  last_status: COLOURS,
  first_call_completed: ['true', 'false'],
}

/** Reads a view from an address; what the API would refuse is left out. */
export function readView(search: URLSearchParams): LeadView {
  const filters: Partial<Record<FilterName, string>> = {}
  for (const name of FILTER_NAMES) {
    const value = search.get(name)
    if (value !== null && value.trim() !== '' && (VALUES[name]?.includes(value) ?? true)) filters[name] = value
  }
  const sort = SORTS.find((one) => one === search.get('sort')) ?? USUAL_SORT
  return { filters, q: search.get('q') ?? '', sort }
}

/** Writes a view as the query of an address, always in the same order: two that are the same read the same. */
export function writeView({ filters, q, sort }: LeadView): string {
  const search = new URLSearchParams()
  for (const name of FILTER_NAMES) {
    const value = filters[name]
    if (value !== undefined) search.set(name, value)
  }
  if (q.trim() !== '') search.set('q', q)
  if (sort !== USUAL_SORT) search.set('sort', sort)
  return search.toString()
}

/** With another value of a filter; undefined takes it away. Somebody's and nobody's leave no lead together. */
export function withFilter(view: LeadView, name: FilterName, value: string | undefined): LeadView {
  const filters = { ...view.filters }
  if (name === 'assigned_to') delete filters.assigned
  if (name === 'assigned') delete filters.assigned_to
  if (value === undefined) delete filters[name]
  else filters[name] = value
  return { ...view, filters }
}

export type CountQuery = NonNullable<paths['/api/crm/opportunities/count']['get']['parameters']['query']>

/** What the API is asked for so that it counts the view. */
export function countQueryOf({ filters, q }: Omit<LeadView, 'sort'>): CountQuery {
  const { attempts, assigned, last_status, first_call_completed, ...texts } = filters
  const colour = COLOURS.find((one) => one === last_status)
  return {
    ...texts,
    ...(assigned === undefined ? {} : { assigned: 'false' }),
    ...(attempts === undefined ? {} : { attempts: Number(attempts) }),
    ...(colour === undefined ? {} : { last_status: colour }),
    ...(first_call_completed === undefined
      ? {}
      : { first_call_completed: first_call_completed === 'true' ? 'true' : 'false' }),
    ...(q.trim() === '' ? {} : { q: q.trim() }),
  }
}

/** What the API is asked for so that it lists the view. */
export const listQueryOf = (view: LeadView): ListQuery => ({
  ...countQueryOf(view),
  sort: view.sort,
  include: 'contact',
})

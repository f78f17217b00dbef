import type { paths } from '../api/schema.d.ts'

export type CallQuery = NonNullable<paths['/api/crm/calls']['get']['parameters']['query']>

/** What a list of calls is narrowed by, under the names that the service has for them. */
const FILTERS = [
  'outcome',
  'direction',
  'call_status',
  'provider',
  'phone_number',
  'entity_id',
  'opportunity_id',
  'started_from',
  'started_to',
] as const

export type FilterName = (typeof FILTERS)[number]

export const OUTCOMES = [
  'registered',
  'pending',
  'limit_reached',
  'first_call_completed',
  'no_open_opportunity',
  'not_outbound',
  'not_a_contact',
  'unknown_contact',
] as const

/** Those that the address has, in the order in which they are shown. */
export function filtersIn(params: URLSearchParams): [FilterName, string][] {
  return FILTERS.flatMap((name): [FilterName, string][] => {
    const value = params.get(name)
    return value === null || value === '' ? [] : [[name, value]]
  })
}

/** The same for the service; what it does not know of it, it refuses in words. */
export const queryOf = (filters: readonly [FilterName, string][]): CallQuery => Object.fromEntries(filters)

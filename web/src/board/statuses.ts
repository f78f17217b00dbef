import { useQuery } from '@tanstack/react-query'
import { answered, api } from '../api/client.ts'
import { countQueryOf, type LeadView, withFilter } from '../leads/filter.ts'
import { isKnownStatus, STATUSES } from '../parts/status.ts'

const LOOKED_AT = 200

/** The statuses that have a column: ours, and other words that the newest leads have. */
export function useStatuses(view: LeadView): readonly string[] {
  const asked = countQueryOf(withFilter(view, 'status', undefined))
  const { data } = useQuery({
    queryKey: ['opportunities', 'statuses', asked],
    queryFn: async ({ signal }) => {
      const query = { ...asked, limit: LOOKED_AT }
      const { data: leads } = await answered(api.GET('/api/crm/opportunities', { params: { query }, signal }))
      return [...new Set(leads.map(({ status }) => status))].filter((status) => !isKnownStatus(status)).sort()
    },
    staleTime: 60_000,
    placeholderData: (before) => before,
  })
  return [...STATUSES, ...(data ?? [])]
}

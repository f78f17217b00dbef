import { queryOptions } from '@tanstack/react-query'
import { answered, api } from './client.ts'

/** How the service is set up, as far as who calls has to know. It changes with a start of the service only. */
export const SETTINGS = queryOptions({
  queryKey: ['settings'],
  queryFn: () => answered(api.GET('/api/crm/settings')),
  staleTime: Number.POSITIVE_INFINITY,
})

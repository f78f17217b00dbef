import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { answered, api } from '../api/client.ts'

const FIVE_MINUTES = 5 * 60_000

/** Who may log in, by name. */
export function usePeople() {
  return useQuery({
    queryKey: ['people'],
    queryFn: () => answered(api.GET('/api/crm/people')),
    staleTime: FIVE_MINUTES,
  })
}

/** Gives the name of whoever an id stands for; a text that is nobody's id stays as it is. */
export function useAgentName(): (assignedTo: string) => string {
  const { data } = usePeople()
  return useMemo(() => {
    const names = new Map((data?.data ?? []).map(({ id, name }) => [id, name]))
    return (assignedTo) => names.get(assignedTo) ?? assignedTo
  }, [data])
}

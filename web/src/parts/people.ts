import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { answered, api } from '../api/client.ts'

const FIVE_MINUTES = 5 * 60_000

const EVERYBODY = {
  queryKey: ['people'],
  queryFn: () => answered(api.GET('/api/crm/people', { params: { query: { include: 'disabled' } } })),
  staleTime: FIVE_MINUTES,
} as const

type Everybody = Awaited<ReturnType<(typeof EVERYBODY)['queryFn']>>

const whoMayLogIn = ({ data }: Everybody) => ({ data: data.filter(({ disabled }) => disabled !== true) })

/** Who may log in, by name. */
export const usePeople = () => useQuery({ ...EVERYBODY, select: whoMayLogIn })

/** Gives the name of whoever an id stands for, whether they still may log in; a text that is nobody's id stays as it is. */
export function useAgentName(): (assignedTo: string) => string {
  const { data } = useQuery(EVERYBODY)
  return useMemo(() => {
    const names = new Map((data?.data ?? []).map(({ id, name }) => [id, name]))
    return (assignedTo) => names.get(assignedTo) ?? assignedTo
  }, [data])
}

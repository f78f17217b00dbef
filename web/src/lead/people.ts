import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import type { Me } from '../session/me.ts'

interface Person {
  id: string
  name: string
}

/** Those who may log in. A service that does not tell knows at least who asks. */
export interface People {
  all: readonly Person[]
  nameOf: (id: string) => string | null
}

async function askPeople(): Promise<readonly Person[]> {
  const response = await fetch('/api/crm/people')
  if (!response.ok) return []
  const { data = [] }: { data?: Person[] } = await response.json()
  return data
}

export function usePeople(me: Me): People {
  const told = useQuery({ queryKey: ['people', 'names'], queryFn: askPeople, staleTime: 300_000 })
  const all = useMemo(() => {
    const people = told.data ?? []
    return me.id === null || people.some(({ id }) => id === me.id) ? people : [{ id: me.id, name: me.name }, ...people]
  }, [told.data, me.id, me.name])
  const nameOf = useCallback((id: string) => all.find((person) => person.id === id)?.name ?? null, [all])
  return useMemo(() => ({ all, nameOf }), [all, nameOf])
}

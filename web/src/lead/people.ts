import { useCallback, useMemo } from 'react'
import { usePeople as useTold } from '../parts/people.ts'
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

export function usePeople(me: Me): People {
  const { data } = useTold()
  const all = useMemo(() => {
    const people = data?.data ?? []
    return me.id === null || people.some(({ id }) => id === me.id) ? people : [{ id: me.id, name: me.name }, ...people]
  }, [data, me.id, me.name])
  const nameOf = useCallback((id: string) => all.find((person) => person.id === id)?.name ?? null, [all])
  return useMemo(() => ({ all, nameOf }), [all, nameOf])
}

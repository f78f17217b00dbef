import { useCallback, useMemo, useState } from 'react'
import type { Sort } from './filter.ts'

/** The columns in their order: how wide at least and how much of the rest, and what the list can be sorted by. */
export const COLUMNS = [
  { name: 'name', least: 170, share: 2.2, sorts: [] },
  { name: 'pills', least: 110, share: 0, sorts: [] },
  { name: 'status', least: 104, share: 1, sorts: [] },
  { name: 'agent', least: 90, share: 1.1, sorts: [] },
  { name: 'title', least: 120, share: 1.6, sorts: [] },
  { name: 'phone', least: 124, share: 0, sorts: [] },
  { name: 'source', least: 80, share: 0.8, sorts: [] },
  { name: 'last', least: 116, share: 0, sorts: ['-last_contact_attempt_at', 'last_contact_attempt_at'] },
  { name: 'age', least: 104, share: 0, sorts: ['-created_at', 'created_at'] },
] as const satisfies readonly { name: string; least: number; share: number; sorts: readonly Sort[] }[]

export type Column = (typeof COLUMNS)[number]
export type ColumnName = Column['name']

/** Every lead has these. */
export const ALWAYS: readonly ColumnName[] = ['name', 'pills']
const AT_FIRST: readonly ColumnName[] = ['name', 'pills', 'status', 'agent', 'last', 'age']

const STORED_AS = 'first-call columns'

function remembered(): readonly ColumnName[] {
  const names = localStorage.getItem(STORED_AS)?.split(' ')
  if (names === undefined) return AT_FIRST
  return COLUMNS.map(({ name }) => name).filter((name) => ALWAYS.includes(name) || names.includes(name))
}

/** The columns that are shown here, which the browser remembers, and what shows or hides one. */
export function useColumns(): [readonly Column[], (name: ColumnName) => void] {
  const [names, setNames] = useState(remembered)
  const toggle = useCallback((name: ColumnName) => {
    setNames((before) => {
      const after = before.includes(name) ? before.filter((one) => one !== name) : [...before, name]
      localStorage.setItem(STORED_AS, after.join(' '))
      return after
    })
  }, [])
  return [useMemo(() => COLUMNS.filter(({ name }) => names.includes(name)), [names]), toggle]
}

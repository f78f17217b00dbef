import { useCallback, useState } from 'react'
import type { Sort } from './filter.ts'

/** The columns in their order: how wide, and by what the list can be sorted with them. */
export const COLUMNS = [
  { name: 'name', width: 'minmax(160px, 2.2fr)', sorts: [] },
  { name: 'pills', width: '122px', sorts: [] },
  { name: 'status', width: 'minmax(96px, 1fr)', sorts: [] },
  { name: 'agent', width: 'minmax(90px, 1.1fr)', sorts: [] },
  { name: 'title', width: 'minmax(120px, 1.6fr)', sorts: [] },
  { name: 'phone', width: '136px', sorts: [] },
  { name: 'source', width: 'minmax(80px, 0.8fr)', sorts: [] },
  { name: 'last', width: '116px', sorts: ['-last_contact_attempt_at', 'last_contact_attempt_at'] },
  { name: 'age', width: '104px', sorts: ['-created_at', 'created_at'] },
] as const satisfies readonly { name: string; width: string; sorts: readonly Sort[] }[]

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
  return [COLUMNS.filter(({ name }) => names.includes(name)), toggle]
}

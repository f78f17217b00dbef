import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Kind, Rows } from './rows.ts'

/** What follows from one of them may stand in all of these. */
const TOUCHED = ['calls', 'call', 'opportunity', 'opportunities', 'queue'] as const

/** Tells the other parts of the page, and other pages, what has changed. */
export interface Known {
  changed<K extends Kind>(kind: K, row: Rows[K]): void
  /** Something was made or deleted. */
  touched(): void
}

const knownIn = (queries: QueryClient): Known => {
  const touched = () => {
    for (const first of TOUCHED) void queries.invalidateQueries({ queryKey: [first] })
  }
  return {
    touched,
    changed: (kind, row) => {
      queries.setQueryData([kind, row.id], row)
      touched()
    },
  }
}

export function useKnown(): Known {
  const queries = useQueryClient()
  return useMemo(() => knownIn(queries), [queries])
}

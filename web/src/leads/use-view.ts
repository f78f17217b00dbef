import { useCallback, useMemo } from 'react'
import { useLocation, useSearch } from 'wouter'
import { type LeadView, readView, writeView } from './filter.ts'

/** The view that is in the address, and how to go to another one. */
export function useView(): [LeadView, (view: LeadView, how?: { replace?: boolean }) => void] {
  const search = useSearch()
  const [at, goTo] = useLocation()
  const view = useMemo(() => readView(new URLSearchParams(search)), [search])
  const show = useCallback(
    (next: LeadView, { replace = false } = {}) => {
      const query = writeView(next)
      goTo(query === '' ? at : `${at}?${query}`, { replace })
    },
    [at, goTo],
  )
  return [view, show]
}

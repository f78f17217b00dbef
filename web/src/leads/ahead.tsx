import { usePrefetchInfiniteQuery } from '@tanstack/react-query'
import { leadsAsked } from './queries.ts'
import { useView } from './use-view.ts'

/** Asks for the first leads of the view in the address before the page is there that shows them. */
export function LeadsAhead() {
  const [view] = useView()
  usePrefetchInfiniteQuery(leadsAsked(view))
  return null
}

import { useInfiniteQuery } from '@tanstack/react-query'
import { answered, api } from '../api/client.ts'
import { type List, listsToRead, merged, type Page, type Place, START } from './merge.ts'
import type { Call, Opportunity } from './rows.ts'

const A_PAGE = 50

/** All calls of the contact, and those of this opportunity, newest first, page by page. */
export function useCallsOf({ id, contact_id }: Pick<Opportunity, 'id' | 'contact_id'>) {
  const filters = { contact: { entity_id: contact_id }, opportunity: { opportunity_id: id } }

  async function readPage(place: Place, list: List): Promise<[List, Page<Call>]> {
    const { cursor } = place[list]
    const query = { ...filters[list], limit: A_PAGE, ...(cursor === null ? {} : { cursor }) }
    return [list, await answered(api.GET('/api/crm/calls', { params: { query } }))]
  }

  return useInfiniteQuery({
    queryKey: ['calls', { entity_id: contact_id, or: { opportunity_id: id } }],
    initialPageParam: START as Place,
    queryFn: async ({ pageParam }) => {
      const pages = await Promise.all(listsToRead(pageParam).map((list) => readPage(pageParam, list)))
      return merged(pageParam, Object.fromEntries(pages))
    },
    getNextPageParam: ({ next }) => next,
  })
}

import { useQuery } from '@tanstack/react-query'
import { answered, api } from '../api/client.ts'

const MOST = 99

/** How many items are open, up to 99; null until that is known, and for whom they are not. */
export function useReviewCount(isAllowed: boolean): { count: number; isMore: boolean } | null {
  const { data } = useQuery({
    queryKey: ['review', { counted: true }],
    queryFn: async () => {
      const { data: items } = await answered(api.GET('/api/crm/review', { params: { query: { limit: MOST + 1 } } }))
      return items.length
    },
    enabled: isAllowed,
  })
  return data === undefined ? null : { count: Math.min(data, MOST), isMore: data > MOST }
}

import { useQuery } from '@tanstack/react-query'
import { answered, api, Problem } from '../api/client.ts'
import type { paths } from '../api/schema.d.ts'
import { forgetOthers } from './over.ts'

export type Me = paths['/api/me']['get']['responses']['200']['content']['application/json']

/** Who is logged in: null where nobody is. */
export function useMe() {
  return useQuery({
    queryKey: ['me'],
    queryFn: async (): Promise<Me | null> => {
      try {
        const me = await answered(api.GET('/api/me'))
        forgetOthers(me.id)
        return me
      } catch (error) {
        if (error instanceof Problem && error.status === 401) return null
        throw error
      }
    },
    staleTime: 60_000,
  })
}

import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { answered, api } from '../api/client.ts'
import type { components, paths } from '../api/schema.d.ts'

type People = paths['/api/admin/users']['get']['responses']['200']['content']['application/json']
export type Person = People['data'][number]
type Keys = paths['/api/admin/keys']['get']['responses']['200']['content']['application/json']
export type Key = Keys['data'][number]
export type PersonLink =
  paths['/api/admin/users/{id}/reset']['post']['responses']['200']['content']['application/json']['link']
export type Role = Person['role']

export const ROLES = ['agent', 'manager', 'viewer', 'admin'] as const satisfies readonly Role[]

/** As many as come at once. */
const LIMIT = 200

/** Who may log in, newest first. */
export function usePeopleList() {
  return useInfiniteQuery({
    queryKey: ['people', { listed: true }],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => answered(api.GET('/api/admin/users', { params: { query: pageOf(pageParam) } })),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })
}

/** Keys, newest first. */
export function useKeyList() {
  return useInfiniteQuery({
    queryKey: ['keys', {}],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => answered(api.GET('/api/admin/keys', { params: { query: pageOf(pageParam) } })),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })
}

const pageOf = (cursor: string | null) => ({ limit: LIMIT, ...(cursor === null ? {} : { cursor }) })

/** Changes something of people; what is shown of them is fetched anew. */
export function usePeopleChange<Given, Answer>(change: (given: Given) => Promise<Answer>) {
  const known = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () => Promise.all(['people', 'me'].map((word) => known.invalidateQueries({ queryKey: [word] }))),
  })
}

/** The same of keys. */
export function useKeyChange<Given, Answer>(change: (given: Given) => Promise<Answer>) {
  const known = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () => known.invalidateQueries({ queryKey: ['keys'] }),
  })
}

export const invitePerson = (body: components['schemas']['NewUser']) => answered(api.POST('/api/admin/users', { body }))

export const changePerson = ({ id, ...body }: { id: string } & components['schemas']['UserChange']) =>
  answered(api.PATCH('/api/admin/users/{id}', { params: { path: { id } }, body }))

export const resetPerson = ({ id, two_factor }: { id: string; two_factor: boolean }) =>
  answered(api.POST('/api/admin/users/{id}/reset', { params: { path: { id } }, body: { two_factor } }))

export const makeKey = (body: components['schemas']['NewKey']) => answered(api.POST('/api/admin/keys', { body }))

export const revokeKey = (id: string) => answered(api.DELETE('/api/admin/keys/{id}', { params: { path: { id } } }))

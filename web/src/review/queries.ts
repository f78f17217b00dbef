import { type InfiniteData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answered, api, Problem } from '../api/client.ts'
import type { components, paths } from '../api/schema.d.ts'
import type { ReviewItem } from './item.ts'

type Page = paths['/api/crm/review']['get']['responses']['200']['content']['application/json']
export type Call = components['schemas']['Call']
type Answer = components['schemas']['ReviewAnswer']
type Changes = components['schemas']['CallChanges']

const LIST = ['review', {}] as const

/** What is open, the oldest first, page by page. */
export function useReview() {
  return useInfiniteQuery({
    queryKey: LIST,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      answered(api.GET('/api/crm/review', { params: { query: pageParam === null ? {} : { cursor: pageParam } } })),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })
}

/** Null where it was deleted, or may not be seen. */
const orNull = async <Data>(asking: Promise<Data>): Promise<Data | null> => {
  try {
    return await asking
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 410)) return null
    throw error
  }
}

export const useCall = (id: string | null) =>
  useQuery({
    queryKey: ['call', id],
    queryFn: () => orNull(answered(api.GET('/api/crm/calls/{id}', { params: { path: { id: id ?? '' } } }))),
    enabled: id !== null,
  })

export const useContact = (id: string | null) =>
  useQuery({
    queryKey: ['contact', id],
    queryFn: () => orNull(answered(api.GET('/api/crm/contacts/{id}', { params: { path: { id: id ?? '' } } }))),
    enabled: id !== null,
  })

/** The newest opportunity of a contact, and whether there are more. */
export const useNewestOpportunity = (contactId: string) =>
  useQuery({
    queryKey: ['opportunities', { contact_id: contactId, limit: 2 }],
    queryFn: () =>
      answered(api.GET('/api/crm/opportunities', { params: { query: { contact_id: contactId, limit: 2 } } })),
  })

/** Contacts that have a number. */
export const useContactsWith = (phone: string | null) =>
  useQuery({
    queryKey: ['contacts', { phone }],
    queryFn: () => answered(api.GET('/api/crm/contacts', { params: { query: { phone: phone ?? '', limit: 20 } } })),
    enabled: phone !== null,
  })

interface Decision {
  item: ReviewItem
  answer: Answer
  change: Changes | null
}

/** Takes an item that was decided off the list, which is then fetched anew. */
export function useForget(): (item: ReviewItem) => void {
  const known = useQueryClient()
  return (item) => {
    known.setQueryData<InfiniteData<Page>>(LIST, (before) =>
      before === undefined
        ? before
        : {
            ...before,
            pages: before.pages.map((page) => ({ ...page, data: page.data.filter(({ id }) => id !== item.id) })),
          },
    )
    void known.invalidateQueries({ queryKey: ['review'] })
  }
}

/** What a decision changes of the call, as it was; null where it changes nothing, or more than can be put back. */
function beforeOf(call: Call, { contact_id }: Answer, change: Changes | null): Changes | null {
  if (contact_id != null && contact_id !== call.entity_id) {
    return { entity_type: call.entity_type, entity_id: call.entity_id }
  }
  if (change === null) return null
  return Object.fromEntries(Object.keys(change).map((field) => [field, call[field as keyof Call]])) as Changes
}

/** Puts it back, as long as nobody has changed the call since; null where it cannot be asked how it is now. */
async function takingBack(id: string, before: Changes): Promise<(() => Promise<void>) | null> {
  const now = await orNull(answered(api.GET('/api/crm/calls/{id}', { params: { path: { id } } }))).catch(() => null)
  if (now === null) return null
  const params = { path: { id }, header: { 'If-Match': `"${now.revision}"` } }
  return async () => {
    await answered(api.PATCH('/api/crm/calls/{id}', { params, body: before }))
  }
}

/** Decides an item; gives what takes back what it did to the call, where that can be. */
export function useDecide() {
  const known = useQueryClient()
  return useMutation({
    mutationFn: async ({ item, answer, change }: Decision): Promise<(() => Promise<void>) | null> => {
      const shown = item.call_id === null ? null : known.getQueryData<Call | null>(['call', item.call_id])
      if (change !== null && item.call_id !== null) {
        const header = shown == null ? {} : { 'If-Match': `"${shown.revision}"` }
        const params = { path: { id: item.call_id }, header }
        await answered(api.PATCH('/api/crm/calls/{id}', { params, body: change }))
      }
      await answered(api.POST('/api/crm/review/{id}', { params: { path: { id: item.id } }, body: answer }))
      const before = shown == null ? null : beforeOf(shown, answer, change)
      return before === null ? null : await takingBack(item.call_id ?? '', before)
    },
    // Somebody else may have decided it, or changed its call.
    onError: (error, { item }) => {
      if (!(error instanceof Problem)) return undefined
      void known.invalidateQueries({ queryKey: ['call', item.call_id] })
      return known.invalidateQueries({ queryKey: LIST })
    },
  })
}

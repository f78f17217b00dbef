import { sql } from 'kysely'
import type { Database } from '../database/database.ts'
import { erasedAmong } from '../erasure/store.ts'

/** What is there of something that a line brings; it may have been deleted or erased, and stays so (B5). */
export type Present = 'there' | 'deleted' | null

interface Asked {
  id: string
}

interface AskedCall extends Asked {
  data: { provider?: string | null | undefined; provider_call_id?: string | null | undefined }
}

const idsOf = (items: readonly Asked[]): string[] => items.map(({ id }) => id)

/** Of each of these contacts whether it is there, or was erased. */
export async function presentContacts({ query }: Database, items: readonly Asked[]): Promise<Present[]> {
  const rows = await query.selectFrom('contacts').select('id').where('id', 'in', idsOf(items)).execute()
  const erased = await erasedAmong(query, idsOf(items))
  return among(items, rows).map((present, place) => (erased.has(items[place]?.id ?? '') ? 'deleted' : present))
}

/** The same of opportunities. */
export async function presentOpportunities({ query }: Database, items: readonly Asked[]): Promise<Present[]> {
  const rows = await query.selectFrom('lead_opportunities').select('id').where('id', 'in', idsOf(items)).execute()
  return among(items, rows)
}

function among(items: readonly Asked[], rows: readonly Asked[]): Present[] {
  const ids = new Set(idsOf(rows))
  return items.map(({ id }) => (ids.has(id) ? 'there' : null))
}

/** The same of calls, of which one that was deleted or erased is known by its id or by its provider's key. */
export async function presentCalls({ query }: Database, items: readonly AskedCall[]): Promise<Present[]> {
  const { rows } = await sql<{ place: number; isDeleted: boolean; isOwn: boolean }>`
    select place, num_nonnulls(deleted_at, erased_at) > 0 as "isDeleted", calls.id = asked.id as "isOwn"
    from unnest(${idsOf(items)}::uuid[], ${items.map(({ data }) => data.provider ?? null)}::text[],
        ${items.map(({ data }) => data.provider_call_id ?? null)}::text[])
      with ordinality as asked (id, provider, provider_call_id, place)
      cross join lateral (
        select id, deleted_at, erased_at from calls where calls.id = asked.id
        union
        select id, deleted_at, erased_at from calls
        where calls.provider = asked.provider and calls.provider_call_id = asked.provider_call_id) as calls
    order by "isDeleted" desc`.execute(query)
  return items.map((_, index) => {
    const found = rows.filter(({ place }) => place === index + 1)
    if (found.some(({ isDeleted }) => isDeleted)) return 'deleted'
    return found.some(({ isOwn }) => isOwn) ? 'there' : null
  })
}

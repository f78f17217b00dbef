import type { CallBody } from '../../src/calls/body.ts'
import type { OpportunityBody } from '../../src/opportunities/body.ts'

/** All that the API answers once everything is over. */
export interface Final {
  calls: readonly CallBody[]
  opportunities: readonly OpportunityBody[]
  contactIds: ReadonlySet<string>
}

/** Reads all pages of every list. */
export async function readFinal(address: string, apiKey: string): Promise<Final> {
  const all = <Item>(list: string): Promise<Item[]> => allOf<Item>(`${address}/api/crm/${list}?limit=200`, apiKey)
  const contacts = await all<{ id: string }>('contacts')
  return {
    calls: await all<CallBody>('calls'),
    opportunities: await all<OpportunityBody>('opportunities'),
    contactIds: new Set(contacts.map(({ id }) => id)),
  }
}

async function allOf<Item>(url: string, apiKey: string): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page = cursor === '' ? url : `${url}&cursor=${encodeURIComponent(cursor)}`
    const response = await fetch(page, { headers: { authorization: `Bearer ${apiKey}` } })
    if (!response.ok) throw new Error(`${page} was answered ${response.status}`)
    const body = (await response.json()) as { data: Item[]; next_cursor: string | null }
    items.push(...body.data)
    cursor = body.next_cursor
  }
  return items
}

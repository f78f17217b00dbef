import type { Lead } from '../leads/lead.ts'

/** Ids of each kind that changed, or `all` where they are very many. */
export type Changes = Readonly<Record<string, readonly string[] | 'all'>>

/** Leads as they were when it was told of them, by their ids; null where one is gone, or out of sight. What is not in it was not told. */
export type LeadsTold = ReadonlyMap<string, Lead | null>

/** What one event tells. */
export interface News {
  changes: Changes
  /** Of some that changed, or of none. */
  leads: LeadsTold
}

/** An event as the service sends it. */
export interface Told {
  readonly [kind: string]: readonly string[] | readonly Lead[] | 'all' | undefined
  readonly opportunities?: readonly Lead[]
}

export function newsOf({ opportunities, ...kinds }: Told): News {
  const changes = kinds as Changes
  const { opportunity: ids } = changes
  if (opportunities === undefined || !Array.isArray(ids)) return { changes, leads: new Map() }
  const byId = new Map(opportunities.map((lead) => [lead.id, lead]))
  return { changes, leads: new Map(ids.map((id: string) => [id, byId.get(id) ?? null])) }
}

/** So many that nobody asks for them one by one. */
const MOST_IDS = 200

/** Both, each id once. */
export function merged(some: Changes, more: Changes): Changes {
  const both: Record<string, readonly string[] | 'all'> = { ...some }
  for (const [kind, ids] of Object.entries(more)) {
    const before = both[kind] ?? []
    const all = before === 'all' || ids === 'all' ? 'all' : [...new Set([...before, ...ids])]
    both[kind] = all.length > MOST_IDS ? 'all' : all
  }
  return both
}

/** Both pieces of news. Of a lead is told what came later, and nothing where it, or its contact, has changed since. */
export function newsOfBoth(some: News, more: News): News {
  const changes = merged(some.changes, more.changes)
  const { opportunity = [], contact = [] } = more.changes
  if (changes.opportunity === 'all' || contact === 'all') return { changes, leads: new Map() }
  const changed = new Set([...opportunity, ...contact])
  const kept = [...some.leads].filter(([id, lead]) => !changed.has(id) && !changed.has(lead?.contact_id ?? ''))
  return { changes, leads: new Map([...kept, ...more.leads]) }
}

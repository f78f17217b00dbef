/** Ids of each kind that changed, or `all` where they are very many. */
export type Changes = Readonly<Record<string, readonly string[] | 'all'>>

/** So many that nobody asks for them one by one. */
const MOST_IDS = 200

/** What is told to whoever may have missed anything. */
export const EVERYTHING: Changes = {
  call: 'all',
  opportunity: 'all',
  contact: 'all',
  review: 'all',
  key: 'all',
  user: 'all',
  sync: 'all',
}

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

import type { Kind } from '../audit/entry.ts'

/** A change of which somebody may be told: what, and not what it is now. */
export interface Change {
  /** Of the audit. */
  id: number
  kind: Kind
  entityId: string
  /** Of an opportunity that was given to somebody else, or nobody's: whose it was. Undefined where that stayed. */
  wasAssignedTo?: string | null
}

/** Above so many of a kind, whoever shows any of it had better ask for all of it. */
const MOST_IDS = 200

/** What is sent: the ids of each kind that changed, or `all` where they are very many. */
export type Told = Partial<Record<Kind, readonly string[] | 'all'>>

/** Several changes of one thing are told once. */
export function tellOf(changes: readonly Pick<Change, 'kind' | 'entityId'>[]): Told {
  const ids = new Map<Kind, Set<string>>()
  for (const { kind, entityId } of changes) {
    const ofKind = ids.get(kind) ?? new Set()
    ofKind.add(entityId)
    ids.set(kind, ofKind)
  }
  return Object.fromEntries([...ids].map(([kind, of]) => [kind, of.size > MOST_IDS ? 'all' : [...of]]))
}

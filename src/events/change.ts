import type { Kind } from '../audit/entry.ts'

/** A change of which somebody may be told: what, and not what it is now. */
export interface Change {
  /** Of the audit. */
  id: number
  kind: Kind
  entityId: string
  how: 'made' | 'changed' | 'deleted'
  /** Whether a person was erased: then whatever is shown may tell of them, and is asked for anew. */
  isErasure: boolean
  /** Whether a contact that was there before has other numbers. */
  isRenumbered: boolean
  /** What decides who may see it, as far as it was otherwise before. */
  was: Was
}

/** Of an opportunity, whose it was and whom it was about; of a call, what it was linked to. */
export type Was = Readonly<
  Partial<Record<'assigned_to' | 'contact_id' | 'entity_type' | 'entity_id' | 'opportunity_id', string | null>>
>

/** Of which somebody is told. */
export type Heard = Pick<Change, 'kind' | 'entityId'> & Partial<Pick<Change, 'isErasure'>>

/** In the place of an id: whatever is shown of that kind had better be asked for anew. */
export const ALL = 'all'

/** Above so many of a kind, whoever shows any of it had better ask for all of it. */
const MOST_IDS = 200

/** What may tell of a person. */
const OF_PEOPLE = ['contact', 'opportunity', 'call', 'review'] as const satisfies readonly Kind[]

/** What is sent: the ids of each kind that changed, or `all` where they are very many. */
export type Told = Partial<Record<Kind, readonly string[] | typeof ALL>>

/** Several changes of one thing are told once. */
export function tellOf(changes: readonly Heard[]): Told {
  const ids = new Map<Kind, Set<string>>()
  for (const { kind, entityId } of changes) {
    const ofKind = ids.get(kind) ?? new Set()
    ofKind.add(entityId)
    ids.set(kind, ofKind)
  }
  const told: Told = Object.fromEntries(
    [...ids].map(([kind, of]) => [kind, of.size > MOST_IDS || of.has(ALL) ? ALL : [...of]]),
  )
  if (!changes.some(({ isErasure }) => isErasure)) return told
  return { ...told, ...Object.fromEntries(OF_PEOPLE.map((kind) => [kind, ALL])) }
}

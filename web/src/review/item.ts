import type { components, paths } from '../api/schema.d.ts'

type List = paths['/api/crm/review']['get']['responses']['200']['content']['application/json']
/** What a machine could not decide. */
export type ReviewItem = List['data'][number]
type Answer = components['schemas']['ReviewAnswer']
type Changes = components['schemas']['CallChanges']
type Candidate = ReviewItem['candidates'][number]

/** One of the ways to decide an item, which is a click or a key. */
export interface Choice {
  id: string
  candidate: Candidate
  answer: Answer
  /** What is written to the item's call before. */
  change: Changes | null
  did: 'linked' | 'joined' | 'attached' | 'kept' | 'taken'
}

/** What can be chosen among the candidates of an item. */
export function choicesOf({ kind, candidates }: ReviewItem): Choice[] {
  switch (kind) {
    case 'doubtful_link':
      return candidates.flatMap((candidate) =>
        chosen(candidate, 'contact_id', (contact_id) => ({ action: 'link', contact_id }), 'linked'),
      )
    case 'same_call':
      return candidates.flatMap((candidate) =>
        chosen(candidate, 'call_id', (call_id) => ({ action: 'link', call_id }), 'joined'),
      )
    case 'unmatched_mail':
      return candidates.flatMap((candidate) =>
        chosen(candidate, 'call_id', (call_id) => ({ action: 'link', call_id }), 'attached'),
      )
    case 'contradiction':
      return candidates.length < 2 ? [] : candidates.map(valueChoice)
    default:
      return kind satisfies never
  }
}

function chosen(
  candidate: Candidate,
  field: 'contact_id' | 'call_id',
  answerOf: (id: string) => Answer,
  did: Choice['did'],
): Choice[] {
  const id = candidate[field]
  return typeof id === 'string' ? [{ id, candidate, answer: answerOf(id), change: null, did }] : []
}

/** The first value is the one that the call has; another one is written to it first. */
function valueChoice(candidate: Candidate, place: number): Choice {
  const { field, value } = candidate
  return {
    id: `${field} ${place}`,
    candidate,
    answer: { action: 'dismiss' },
    change: place === 0 ? null : ({ [String(field)]: value } as Changes),
    did: place === 0 ? 'kept' : 'taken',
  }
}

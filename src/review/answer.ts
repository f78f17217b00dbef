import { type Refusal, refusal } from '../http/refusal.ts'
import { isSameDecision, type ReviewAnswer, type ReviewDecision, type ReviewItem } from './item.ts'

/** What is wrong with an answer to an item, whatever has become of the item's calls; null where nothing is. */
export function faultOf({ kind, candidates }: ReviewItem, answer: ReviewAnswer): Refusal | null {
  const { action, call_id, contact_id } = answer
  if (kind === 'unmatched_mail') return faultOfMail(answer)
  if (action === 'create') return wrong('action', 'This is about calls that exist: it can be linked or dismissed.')
  if (action === 'link' && kind === 'contradiction') {
    return wrong(
      'action',
      'Dismissing keeps the first value. To take the other one, PATCH the call with it, and then dismiss.',
    )
  }
  const wanted = action === 'dismiss' ? null : kind === 'same_call' ? 'call_id' : 'contact_id'
  for (const field of ['call_id', 'contact_id'] as const) {
    if (field !== wanted && answer[field] !== null) return wrong(field, 'Nothing is done with it here; leave it out.')
  }
  if (wanted === 'contact_id' && contact_id === null) return wrong(wanted, 'Name the contact whom the call went to.')
  if (wanted === 'call_id' && !candidates.some((candidate) => candidate.call_id === call_id)) {
    return wrong(wanted, 'Name the one of the two calls that stays; the other is withdrawn.')
  }
  return null
}

/** An e-mail goes to any call, or makes one, whose contact can be named. */
function faultOfMail({ action, call_id, contact_id }: ReviewAnswer): Refusal | null {
  if (action === 'link' && call_id === null) return wrong('call_id', 'Name the call that the message is about.')
  if (action !== 'link' && call_id !== null) return wrong('call_id', 'Nothing is done with it here; leave it out.')
  if (action !== 'create' && contact_id !== null) {
    return wrong('contact_id', 'Nothing is done with it here; leave it out.')
  }
  return null
}

/** What is told to somebody who answers an item that is decided: the same answer sent again finds it done. */
export function decidedBefore(
  item: ReviewItem & { decision: ReviewDecision },
  answer: Omit<ReviewDecision, 'at'>,
): ReviewItem | Refusal {
  if (isSameDecision(item.decision, answer)) return item
  const { action, call_id, contact_id, reason, by, at } = item.decision
  const target = call_id ?? contact_id
  const what = `${action}${target === null ? '' : ` to ${target}`}${reason === null ? '' : ` ("${reason}")`}`
  return refusal('conflict', `It was decided already: ${what}, with the key ${by}, at ${at}.`)
}

/** The refusal of one field of an answer. */
export function wrong(path: keyof ReviewAnswer, message: string): Refusal {
  return refusal('invalid', 'Nothing was decided.', [{ path, message }])
}

import { colourOf } from '../attempts/attempt.ts'
import type { Instant } from '../time.ts'
import { digestOf } from './ids.ts'

/** So many attempts there may be; whoever has fewer calls has them all, in whichever order they come. */
const ORDER_MATTERS_FROM = 6

interface CallOfFile {
  direction: string
  entity_type?: string | null | undefined
  entity_id?: string | null | undefined
  call_status?: string | null | undefined
  started_at?: Instant | null | undefined
  created_at?: Instant | null | undefined
}

interface Seen {
  last: Instant
  calls: number
  hasGreen: boolean
  isOutOfOrder: boolean
}

/**
 * Tells of how many contacts the calls come in another order than they took place, where that matters: a contact's first
 * five calls that arrive become its attempts, and after a green one none does.
 */
export class OrderOfCalls {
  readonly #contacts = new Map<string, Seen>()

  /** Takes in the next call of the file. */
  add({ direction, entity_type, entity_id, call_status, started_at, created_at }: CallOfFile): void {
    const moment = started_at ?? created_at ?? null
    if (direction !== 'outbound' || entity_type !== 'contacts' || entity_id == null || moment === null) return
    const key = digestOf(entity_id)
    const seen = this.#contacts.get(key) ?? { last: moment, calls: 0, hasGreen: false, isOutOfOrder: false }
    seen.calls++
    if (moment < seen.last) seen.isOutOfOrder = true
    seen.last = Math.max(seen.last, moment)
    if (colourOf(call_status ?? null) === 'green') seen.hasGreen = true
    this.#contacts.set(key, seen)
  }

  /** Of how many contacts other calls would be taken than the first ones. */
  get contactsAtFault(): number {
    let count = 0
    for (const { isOutOfOrder, hasGreen, calls } of this.#contacts.values()) {
      if (isOutOfOrder && (hasGreen || calls >= ORDER_MATTERS_FROM)) count++
    }
    return count
  }
}

import type { CallChanges } from '../calls/call.ts'
import { columnText } from './fields.ts'

const CALL_STATUS: ReadonlyMap<string, string> = new Map([
  ['answered', 'answered'],
  ['busy', 'busy'],
  ['no answer', 'no_answer'],
  ['cancel', 'no_answer'],
  ['failed', 'failed'],
  ['call failed', 'failed'],
  ['unallocated number', 'failed'],
])

/** The account could not call. The contact has no part in it, so the word is kept for whoever reads the call. */
const ACCOUNT_FAULTS: ReadonlySet<string> = new Set([
  'no money',
  'no limit',
  'no day limit',
  'line limit',
  'no money, no limit',
])

/**
 * What a `disposition` says of a call's result. A word that nobody knows is kept in `call_result`, and is no status.
 * Only this field says whether somebody answered: lengths, status codes and recordings occur on unanswered calls too.
 */
export function resultOf(disposition: string): Pick<CallChanges, 'call_status' | 'call_result'> {
  const given = columnText(disposition, 20_000)
  const word = given?.toLowerCase().replace(/\s+/g, ' ') ?? ''
  const status = CALL_STATUS.get(word)
  if (status !== undefined) return { call_status: status }
  return ACCOUNT_FAULTS.has(word)
    ? { call_status: 'failed', call_result: word }
    : { call_status: null, call_result: given }
}

/** Whether somebody answered; a mailbox is somebody too. */
export function isAnswered(disposition: string): boolean {
  return resultOf(disposition).call_status === 'answered'
}

import { counted } from '../http/refusal.ts'
import type { Instant } from '../time.ts'
import type { Coverage } from './coverage.ts'

/** B9: a call that waits for longer is an alarm. */
const PENDING_AT_MOST_MS = 300_000

/** What is missing, a sentence each; none where every eligible call is an attempt or has a reason (A13). */
export function holesIn({ pending, oldest_pending_at, contradictions, share }: Coverage, now: Instant): string[] {
  const holes: string[] = []
  if (contradictions > 0) {
    holes.push(
      `Calls and attempts contradict each other (${counted(contradictions, 'time')}): repair says what can be done.`,
    )
  }
  if (oldest_pending_at !== null && now - Date.parse(oldest_pending_at) > PENDING_AT_MOST_MS) {
    holes.push(`A call has waited since ${oldest_pending_at} to be registered: the service’s log says why.`)
  }
  if (share < 1 && holes.length === 0)
    holes.push(`${counted(pending, 'call')} not registered yet: look again in a minute.`)
  return holes
}

import { formatInstant } from '../attempts/attempt.ts'
import type { Call } from '../calls/call.ts'
import type { Instant } from '../time.ts'
import type { Actor } from './actor.ts'
import { type Entry, entryOf, type Fields } from './entry.ts'

/** What the audit keeps of a call that was made (`before` is null), changed, or deleted (`after` is null). */
export function callEntry(by: Actor, before: Call | null, after: Call | null): Entry | null {
  const call = after ?? before
  if (call === null) return null
  const action = before === null ? 'call.created' : after === null ? 'call.deleted' : 'call.changed'
  // Of one that moves, whom it was with: what was written then is about that person.
  const concerned = { contactId: before?.entity_id ?? call.entity_id, callId: call.id }
  return entryOf(by, action, call.id, before && fieldsOf(before), after && fieldsOf(after), concerned)
}

const timeOrNull = (moment: Instant | null): string | null => (moment === null ? null : formatInstant(moment))

/** Without what only says who wrote a field, and how the call waits. Field by field: this is hot. */
function fieldsOf(call: Call): Fields {
  return {
    entity_type: call.entity_type,
    entity_id: call.entity_id,
    direction: call.direction,
    call_status: call.call_status,
    call_result: call.call_result,
    resumen_llamada: call.resumen_llamada,
    phone_number: call.phone_number,
    extension: call.extension,
    started_at: timeOrNull(call.started_at),
    answered_at: timeOrNull(call.answered_at),
    ended_at: timeOrNull(call.ended_at),
    duration_seconds: call.duration_seconds,
    provider: call.provider,
    provider_call_id: call.provider_call_id,
    link: call.link,
    recordings: call.recordings.length === 0 ? null : call.recordings.map(({ id, status }) => ({ id, status })),
    outcome: call.outcome,
    opportunity_id: call.opportunity_id,
    created_at: formatInstant(call.created_at),
  }
}

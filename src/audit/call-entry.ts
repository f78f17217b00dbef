import { timeOrNull } from '../attempts/attempt.ts'
import type { Call } from '../calls/call.ts'
import type { Actor } from './actor.ts'
import { type Entry, entryOf, type Fields } from './entry.ts'

/** What the audit keeps of a call that was made (`before` is null), changed, or deleted (`after` is null). */
export function callEntry(by: Actor, before: Call | null, after: Call | null): Entry | null {
  const call = after ?? before
  if (call === null) return null
  const action = before === null ? 'call.created' : after === null ? 'call.deleted' : 'call.changed'
  // Of one that moves, whom it was with: what was written then is about that person.
  const concerned = { contactId: before?.entity_id ?? call.entity_id, callId: call.id }
  return entryOf(by, action, call.id, before && differing(before, after), after && differing(after, before), concerned)
}

/** As they are. */
const PLAIN = [
  'entity_type',
  'entity_id',
  'direction',
  'call_status',
  'call_result',
  'resumen_llamada',
  'phone_number',
  'extension',
  'duration_seconds',
  'provider',
  'provider_call_id',
  'link',
  'outcome',
  'opportunity_id',
] as const satisfies readonly (keyof Call)[]

const TIMES = ['started_at', 'answered_at', 'ended_at', 'created_at'] as const satisfies readonly (keyof Call)[]

/**
 * The fields in which a call is not as the other was, without what only says who wrote a field, and how the call waits.
 * What is equal is not even written as JSON has it: this is hot.
 */
function differing(call: Call, other: Call | null): Fields {
  const fields: Record<string, unknown> = {}
  for (const name of PLAIN) if (call[name] !== (other?.[name] ?? null)) fields[name] = call[name]
  for (const name of TIMES) if (call[name] !== (other?.[name] ?? null)) fields[name] = timeOrNull(call[name])
  if (call.recordings !== other?.recordings) fields.recordings = recordingsOf(call)
  return fields
}

const recordingsOf = ({ recordings }: Call): readonly object[] | null =>
  recordings.length === 0 ? null : recordings.map(({ id, status }) => ({ id, status }))

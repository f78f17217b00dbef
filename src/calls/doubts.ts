import { formatInstant } from '../attempts/attempt.ts'
import type { Doubt } from '../review/item.ts'
import type { Call, CallFields } from './call.ts'
import type { LinkedTo } from './link.ts'
import type { CallReport } from './report.ts'

/** Fields that are told only once a call is over, and that two tellings of the same kind cannot disagree on. */
const TOLD_AT_END = ['call_status', 'duration_seconds', 'extension'] as const

/**
 * S3: where a machine says something else than one of its kind said before, and, of the number, than any machine did. A
 * signature that was seen once can be sent again with other words; the first ones stay.
 */
export function contradictionsOf(stored: Call, { fields, machine }: CallReport): Doubt[] {
  const isFinal = machine === 'end' || machine === 'statistics'
  const disputed: (keyof CallFields)[] = isFinal ? TOLD_AT_END.filter((field) => stored.sources[field] === machine) : []
  const source = stored.sources.phone_number
  if (source !== undefined && source !== 'person') disputed.push('phone_number')
  return disputed.flatMap((field) => {
    const [kept, told] = [stored[field], fields[field]]
    if (kept == null || told == null || kept === told) return []
    return {
      kind: 'contradiction',
      naturalKey: `contradiction:${stored.id}:${field}`,
      callId: stored.id,
      reason: `The PBX told of ${field} twice, and differently: "${kept}" at first, then "${told}".`,
      candidates: [
        { field, value: kept },
        { field, value: told },
      ],
    }
  })
}

/** What tells one call from another beside its id. */
export interface Trace {
  id: string
  phone_number: string | null
  extension: string | null
  started_at: number | null
}

/** S3: another id with the same extension, number and start is perhaps the same call. */
export function sameCallsOf(call: Call, others: readonly Trace[]): Doubt[] {
  const { phone_number, started_at } = call
  if (phone_number === null || started_at === null) return []
  return others
    .filter(
      (other) =>
        other.id !== call.id &&
        other.phone_number === phone_number &&
        other.extension === call.extension &&
        other.started_at === started_at,
    )
    .map((other) => ({
      kind: 'same_call',
      naturalKey: `same_call:${[call.id, other.id].sort().join(':')}`,
      callId: call.id,
      reason: `The PBX told of two calls to or from ${phone_number} at ${formatInstant(started_at)} on one extension.`,
      candidates: [{ call_id: call.id }, { call_id: other.id }],
    }))
}

/** Several contacts have the number, and none of them an open opportunity. */
export function doubtOfLink(call: Call, { contactId, link }: LinkedTo): Doubt[] {
  if (link.how !== 'newest_contact') return []
  return [
    {
      kind: 'doubtful_link',
      naturalKey: `doubtful_link:${call.id}`,
      callId: call.id,
      reason:
        `${link.candidates.length} contacts have the number ${call.phone_number}, and none of them an open ` +
        'opportunity; the one made last was taken.',
      candidates: link.candidates.map((id) => ({ contact_id: id, is_linked: id === contactId ? 1 : 0 })),
    },
  ]
}

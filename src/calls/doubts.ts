import { formatInstant } from '../attempts/attempt.ts'
import type { Doubt } from '../review/item.ts'
import type { Call, CallChanges, CallFields } from './call.ts'
import type { LinkedTo } from './link.ts'
import type { CallReport } from './report.ts'

/*
 * S3: a signature that was seen once can be sent again with other words. The first words stay; what tells that somebody
 * may have done so is told to a person.
 */

/**
 * Where a machine says something else than was said before: its own kind, or of who spoke, any machine. What was read out
 * of an e-mail may be misread, and anybody's word replaces it.
 */
export function contradictionsOf(stored: Call, { fields, machine }: CallReport): Doubt[] {
  const { sources } = stored
  const isOfMachine = (field: keyof CallFields): boolean => ![undefined, 'person', 'email'].includes(sources[field])
  const doubts: Doubt[] = []
  const compare = (field: keyof CallFields, kept: Value, told: Value): void => {
    if (kept != null && told != null && kept !== told) doubts.push(contradiction(stored.id, field, kept, told))
  }
  if (isFinal(machine)) {
    compare('call_status', ...wordsOf(stored, { fields, machine }))
    if (sources.duration_seconds === machine)
      compare('duration_seconds', stored.duration_seconds, fields.duration_seconds)
  }
  const [own, told] = [stored.extension, fields.extension]
  const isSameKind = isFinal(machine) && sources.extension === machine
  const isOutgoing = stored.direction === 'outbound'
  if (isSameKind || (isOutgoing && isOfMachine('extension') && isShifted(own, told))) compare('extension', own, told)
  if (isOfMachine('phone_number')) compare('phone_number', stored.phone_number, fields.phone_number)
  return doubts
}

type Value = string | number | null | undefined

const contradiction = (callId: string, field: keyof CallFields, kept: Value, told: Value): Doubt => ({
  kind: 'contradiction',
  naturalKey: `contradiction:${callId}:${field}`,
  callId,
  reason: `The PBX told of ${field} twice, and differently: "${kept}" at first, then "${told}".`,
  candidates: [
    { field, value: kept ?? null },
    { field, value: told ?? null },
  ],
})

const isFinal = (machine: CallReport['machine']): boolean => machine === 'end' || machine === 'statistics'

/**
 * How a call ended is one word, in two fields: a status, or where that says less, the word itself. The one that this kind
 * of machine told before, and the one it tells now; a field that somebody else has written since is not compared.
 */
function wordsOf(stored: Call, { fields, machine }: Telling): [kept: string | null, told: string | null] {
  const mayBeSaid = (field: keyof CallFields): boolean => (stored.sources[field] ?? machine) === machine
  const wordOf = ({ call_status = null, call_result = null }: CallChanges): string | null =>
    (mayBeSaid('call_result') ? call_result : null) ?? (mayBeSaid('call_status') ? call_status : null)
  return [wordOf(stored), wordOf(fields)]
}

type Telling = Pick<CallReport, 'fields' | 'machine'>

/** Extension and number are signed as one text: moving the border leaves the beginning of an extension, or adds to it. */
const isShifted = (own: Value, told: Value): boolean =>
  typeof own === 'string' && typeof told === 'string' && (own.startsWith(told) || told.startsWith(own))

/** What is told, without the word that contradicts the one before: it would stand beside that one's status. */
export function withoutSecondWord(stored: Call, { fields, machine }: CallReport): CallReport['fields'] {
  const [kept, told] = wordsOf(stored, { fields, machine })
  if (!isFinal(machine) || kept === null || kept === told) return fields
  const { call_result: _, ...others } = fields
  return others
}

/** Every notification with a number has a start. In one without, the border to what stands before it may be moved. */
export function doubtOfStart(call: Call, { fields, machine }: CallReport): Doubt[] {
  const isNotification = machine === 'start' || machine === 'answer' || machine === 'end'
  if (!isNotification || fields.phone_number == null || fields.started_at != null) return []
  return [
    {
      kind: 'contradiction',
      naturalKey: `contradiction:${call.id}:started_at`,
      callId: call.id,
      reason: `The PBX told of a call to or from ${fields.phone_number} with no start, as it never does.`,
      candidates: [{ field: 'phone_number', value: fields.phone_number }],
    },
  ]
}

/** What tells one call from another beside its id. */
export interface Trace {
  id: string
  phone_number: string | null
  extension: string | null
  started_at: number | null
}

/**
 * Another id with the same number and start is perhaps the same call: of an extension, not all that is told is signed.
 * It is told beside the oldest of them.
 */
export function sameCallsOf(call: Call, others: readonly Trace[]): Doubt[] {
  const { phone_number, started_at } = call
  if (phone_number === null || started_at === null) return []
  return others
    .filter((other) => other.id !== call.id && other.phone_number === phone_number && other.started_at === started_at)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, 1)
    .map((other) => ({
      kind: 'same_call',
      naturalKey: `same_call:${[call.id, other.id].sort().join(':')}`,
      callId: call.id,
      reason:
        `The PBX told of two calls to or from ${phone_number} at ${formatInstant(started_at)}, ` +
        `on ${extensionsOf(call.extension, other.extension)}.`,
      candidates: [{ call_id: call.id }, { call_id: other.id }],
    }))
}

function extensionsOf(one: string | null, other: string | null): string {
  if (one === other) return one === null ? 'no extension that is known' : `the extension ${one}`
  return `the extensions ${one ?? '(unknown)'} and ${other ?? '(unknown)'}`
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

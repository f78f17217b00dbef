import { formatInstant } from '../attempts/attempt.ts'
import type { StoredMessage } from '../inbox/store.ts'
import type { Instant } from '../time.ts'
import { formatAccountTime } from '../zadarma/account-time.ts'
import { readForm } from '../zadarma/form.ts'

/** The fields of a message that is a form; null where it is none, or cannot be read. */
export async function fieldsOf({ door, headers, body }: StoredMessage): Promise<Record<string, string> | null> {
  return door === 'zadarma' ? readForm(headers['content-type'] ?? '', body) : null
}

/** What became of a message, in a few words. */
export function becameOf({ result, reason, tries, fault }: StoredMessage): string {
  if (result === 'call') return 'call'
  if (result === 'kept') return reason === null ? 'kept' : `kept: ${reason}`
  return `waiting${tries === 0 ? '' : `, tried ${tries} times`}${fault === null ? '' : `: ${fault}`}`
}

/** A time for people, in the account's zone. */
export const localTime = (moment: Instant | null, zone: string): string =>
  moment === null ? '' : formatAccountTime(moment, zone)

/** A message for machines, without its body. */
export function messageJson(message: StoredMessage, fields: Readonly<Record<string, string>> | null) {
  const { id, door, event, headers, result, reason, callId, tries, fault } = message
  return {
    id,
    door,
    received_at: formatInstant(message.receivedAt),
    event,
    headers,
    fields,
    result,
    reason,
    call_id: callId,
    handled_at: message.handledAt === null ? null : formatInstant(message.handledAt),
    due_at: message.dueAt === null ? null : formatInstant(message.dueAt),
    tries,
    fault,
  }
}

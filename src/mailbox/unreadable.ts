import { formatInstant } from '../attempts/attempt.ts'
import type { Change, Plan } from '../attempts/change.ts'
import { NO_NEEDS } from '../attempts/read.ts'
import type { Message, MessageResult } from '../inbox/message.ts'
import type { Doubt } from '../review/item.ts'
import { PROVIDER } from '../zadarma/call-ids.ts'

/** Settles a message that cannot be read, and puts it before a person. */
export type UnreadableMail = (message: Message, fault: string) => Change<MessageResult>

/** The message is settled, and joins the review list by the same statement. */
export const unreadableMail: UnreadableMail = (message, fault) => {
  const result: MessageResult = { result: 'kept', reason: 'unreadable', callId: null }
  const plan = (): Plan<MessageResult> => ({
    result,
    restsOn: [message.id],
    doubts: [doubtOf(message, fault)],
    message: { ...message, body: Buffer.alloc(0), ...result },
  })
  return { by: { who: 'mail', requestId: null }, needs: { ...NO_NEEDS, reviewItemIds: [message.id] }, plan }
}

/** A message of which nothing is known but its header. */
function doubtOf({ id, headers, receivedAt }: Message, fault: string): Doubt {
  const { subject = null, from = null } = headers
  const kept = {
    provider: PROVIDER,
    pbxCallId: null,
    direction: null,
    fields: { phone_number: null, extension: null, started_at: null, duration_seconds: null, resumen_llamada: null },
    hasLeftOut: true,
    told: {},
    doubts: [fault],
    subject,
    from,
    received_at: formatInstant(receivedAt),
    names: {},
  } as const
  return {
    kind: 'unmatched_mail',
    naturalKey: `mail:${id}`,
    callId: null,
    reason: `The message could not be read, and its recordings could not be kept. ${fault}`,
    candidates: [],
    mail: { messageId: id, kept, audio: [] },
  }
}

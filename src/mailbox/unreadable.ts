import type { Change, Plan } from '../attempts/change.ts'
import { NO_NEEDS } from '../attempts/read.ts'
import type { Message, MessageResult } from '../inbox/message.ts'

/** Settles a message that cannot be read, and puts it before a person. */
export type UnreadableMail = (message: Message, fault: string) => Change<MessageResult>

/** The message is settled, and joins the review list by the same statement. */
export const unreadableMail: UnreadableMail = (message, _fault) => {
  const result: MessageResult = { result: 'kept', reason: 'unreadable', callId: null }
  const plan = (): Plan<MessageResult> => ({
    result,
    restsOn: [],
    message: { ...message, body: Buffer.alloc(0), ...result },
  })
  return { needs: NO_NEEDS, plan }
}

import { z } from 'zod'
import { time } from '../http/schemas.ts'
import { MAILBOX_FAULTS } from './state.ts'

const count = z.number().int()

export const stateResponse = z.object({
  pbx: z.object({
    configured: z.boolean(),
    last_notification_at: time.nullable(),
    last_reconciled_at: time.nullable(),
  }),
  mailbox: z.object({
    configured: z.boolean(),
    last_message_at: time.nullable(),
    last_read_at: time.nullable(),
    fault: z.enum(MAILBOX_FAULTS).nullable(),
  }),
  inbox: z.object({ waiting: count, oldest_waiting_at: time.nullable(), set_aside: count }),
  calls: z.object({ pending: count, oldest_pending_at: time.nullable() }),
  recordings: z.object({ expected: count, missing: count }),
  retention: z.object({
    recordings_days: count.nullable(),
    inbox_days: count.nullable(),
    mail_days: count.nullable(),
  }),
  version: z.string(),
})

/** What was looked at, in the order in which it has to be right. */
export const checksResponse = z.object({
  data: z.array(
    z.object({
      what: z.string(),
      ok: z.boolean().nullable(),
      detail: z.string(),
      todo: z.string().nullable(),
    }),
  ),
})

import { z } from 'zod'
import { cursor, limit, textOrNone, time, uuid } from '../http/schemas.ts'
import { ACTIONS, KINDS } from './item.ts'

/** An answer to an item. */
export const reviewAnswer = z
  .strictObject({
    action: z.enum(ACTIONS),
    call_id: uuid.nullable().optional(),
    contact_id: uuid.nullable().optional(),
    reason: textOrNone(1_000).optional(),
  })
  .meta({ title: 'ReviewAnswer' })

/** What the list is narrowed by. */
export const reviewQuery = z.strictObject({ kind: z.enum(KINDS).optional(), limit, cursor: cursor.optional() })

/** An item as it is answered. */
export const reviewItemResponse = z.object({
  id: z.string(),
  kind: z.enum(KINDS),
  call_id: z.string(),
  reason: z.string(),
  candidates: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))).readonly(),
  created_at: time,
  decision: z
    .object({
      action: z.enum(ACTIONS),
      call_id: z.string().nullable(),
      contact_id: z.string().nullable(),
      reason: z.string().nullable(),
      by: z.string(),
      at: time,
    })
    .nullable(),
})

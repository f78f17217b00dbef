import { z } from 'zod'
import { cursor, limit, textOrNone, time, uuid } from '../http/schemas.ts'
import { ACTIONS, KINDS, type ReviewItem } from './item.ts'

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

/** An item as it is answered; `mail` and `recordings` where it is about an e-mail. */
export const reviewItemResponse = z.object({
  id: z.string(),
  kind: z.enum(KINDS),
  call_id: z.string().nullable(),
  reason: z.string(),
  candidates: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))).readonly(),
  created_at: time,
  mail: z
    .object({
      subject: z.string().nullable(),
      from: z.string().nullable(),
      received_at: time,
      told: z.record(z.string(), z.object({ value: z.union([z.string(), z.number()]), from: z.string() })),
      doubts: z.array(z.string()).readonly(),
    })
    .optional(),
  recordings: z
    .array(
      z.object({
        id: z.string(),
        content_type: z.string().nullable(),
        size_bytes: z.number().int().nullable(),
        url: z.string(),
      }),
    )
    .optional(),
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

/** The item as the API shows it. */
export function itemBody({ mail, ...item }: ReviewItem): z.input<typeof reviewItemResponse> {
  if (mail === undefined) return item
  const { subject, from, received_at, told, doubts } = mail.kept
  return {
    ...item,
    mail: { subject, from, received_at, told, doubts },
    recordings: mail.audio.map(({ id, content_type, size_bytes }) => ({
      id,
      content_type,
      size_bytes,
      url: `/api/crm/review/${item.id}/recordings/${id}`,
    })),
  }
}

import { z } from 'zod'
import { contactResponse } from '../contacts/contact.ts'
import { limit, listOf, time, uuid } from '../http/schemas.ts'
import { opportunityResponse } from '../opportunities/schema.ts'
import { type QueuePosition, readQueueCursor } from './queue.ts'

const cursor = z
  .string()
  .max(1_000)
  .transform((value, context): QueuePosition => {
    const position = readQueueCursor(value)
    if (position !== null) return position
    context.addIssue({ code: 'custom', message: 'is not a next_cursor of this list' })
    return z.NEVER
  })

export const queueQuery = z.strictObject({ limit, cursor: cursor.optional() })

const lead = { opportunity: opportunityResponse, contact: contactResponse.nullable() }

export const queueResponse = listOf(
  z.object({ ...lead, claim: z.object({ name: z.string(), until: time, mine: z.boolean() }).nullable() }),
)

export const claimRequest = z
  .strictObject({ opportunity_id: uuid.optional(), after_opportunity_id: uuid.optional() })
  .refine((body) => body.opportunity_id === undefined || body.after_opportunity_id === undefined, {
    path: ['after_opportunity_id'],
    message: 'says where to go on, and opportunity_id which one: send one of them',
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .meta({ title: 'ClaimRequest' })

export const claimResponse = z.object({
  claim: z.object({ ...lead, claimed_until: time }).nullable(),
  waiting: z.number().int().meta({ description: 'How many wait that nobody else has; 1000 are as many or more.' }),
  next_due_at: time
    .nullable()
    .meta({ description: 'Where nobody is left: when the first of those who were called may be called again.' }),
})

import { z } from 'zod'
import { contactResponse } from '../contacts/contact.ts'
import { limit, listOf, problemSchema, text, time, uuid } from '../http/schemas.ts'
import { opportunityResponse } from '../opportunities/schema.ts'
import { type QueuePosition, readQueueCursor, SKIPPED_AT_MOST } from './queue.ts'

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

const claim = z.object({ name: z.string(), until: time, mine: z.boolean() })

export const queueResponse = listOf(z.object({ ...lead, claim: claim.nullable() }))

const desk = text(64).meta({
  description: 'Which of several windows of the caller asks, by a name of its own choice: each has its own leads.',
})

export const claimRequest = z
  .strictObject({
    opportunity_id: uuid.optional(),
    desk: desk.optional(),
    skipped_ids: z.array(uuid).max(SKIPPED_AT_MOST).optional().meta({
      description:
        'Leads that are not wanted next. Where nobody else is left, none is given, and `waiting` counts them.',
    }),
    take_over: z.boolean().optional().meta({
      description: 'Takes `opportunity_id` also where another window of the caller has it.',
    }),
  })
  .meta({ title: 'ClaimRequest' })

/** The answer to who wants a lead that is had elsewhere. */
export const takenResponse = problemSchema.extend({ claim }).meta({ id: 'TakenProblem' })

export const letGoQuery = z.strictObject({ desk: desk.optional() })

export const claimResponse = z.object({
  claim: z.object({ ...lead, claimed_until: time }).nullable(),
  waiting: z.number().int().meta({ description: 'How many wait that nobody else has; 1000 are as many or more.' }),
  next_due_at: time
    .nullable()
    .meta({ description: 'Where nobody is left: when the first of those who were called may be called again.' }),
})

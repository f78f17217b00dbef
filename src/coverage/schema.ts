import { z } from 'zod'
import { cursor, instant, limit, time } from '../http/schemas.ts'
import { KINDS } from './kinds.ts'

const period = { from: instant.optional(), to: instant.optional() }

const isPeriod = ({ from, to }: { from?: number | undefined; to?: number | undefined }): boolean =>
  from === undefined || to === undefined || from < to

const fault = { path: ['to'], message: 'must be later than from: the period ends before it' }

export const coverageQuery = z.strictObject(period).refine(isPeriod, fault)

export const contradictionsQuery = z
  .strictObject({ ...period, limit, cursor: cursor.optional() })
  .refine(isPeriod, fault)

const count = z.number().int()

export const coverageResponse = z.object({
  eligible: count,
  registered: count,
  turned_away: z.object({
    limit_reached: count,
    first_call_completed: count,
    no_open_opportunity: count,
    unknown_contact: count,
  }),
  pending: count,
  oldest_pending_at: time.nullable(),
  contradictions: count,
  share: z.number(),
})

export const contradictionResponse = z.object({
  kind: z.enum(KINDS),
  call_id: z.string().nullable(),
  opportunity_id: z.string().nullable(),
  detail: z.string(),
})

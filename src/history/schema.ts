import { z } from 'zod'
import { formatInstant } from '../attempts/attempt.ts'
import { instant, time, uuid } from '../http/schemas.ts'
import { type SyncRun, storedOptions } from './runs.ts'
import type { SyncOptions } from './sync.ts'

/** So many calls are decided together at most. */
export const LARGEST_BATCH = 5_000
/** Beside live calls: an opportunity is locked for a few hundredths of a second. */
const BATCH = 500

/** What a run is asked for with; all of it may be left out. */
export const syncRequest = z
  .strictObject({
    from: instant.optional().describe('Calls that took place from then on.'),
    to: instant.optional().describe('Calls that took place before then.'),
    contact: uuid.optional().describe('Calls of this contact alone.'),
    before_opportunity: z
      .boolean()
      .default(false)
      .describe('Whether calls are taken, too, that took place before their opportunity was there.'),
    dry_run: z.boolean().default(false).describe('Whether it only counts, and writes nothing.'),
    batch: z.number().int().min(1).max(LARGEST_BATCH).default(BATCH).describe('How many calls are decided together.'),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    message: 'is not later than from',
  })
  .meta({ title: 'SyncRequest' })

/** What a request asks for. */
export function syncOptions({ from, to, contact, ...request }: z.output<typeof syncRequest>): SyncOptions {
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(contact === undefined ? {} : { contactId: contact }),
    beforeOpportunity: request.before_opportunity,
    isDryRun: request.dry_run,
    batch: request.batch,
  }
}

const calls = z.number().int()

/** A run as the API shows it. */
export const syncRunResponse = z.object({
  id: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  options: z.object({
    from: time.optional(),
    to: time.optional(),
    contact: z.string().optional(),
    before_opportunity: z.boolean(),
    dry_run: z.boolean(),
    batch: calls,
  }),
  seen: calls,
  registered: calls,
  before_opportunity: calls,
  turned_away: z.record(z.string(), calls),
  failed: calls,
  created_at: time,
  started_at: time.nullable(),
  finished_at: time.nullable(),
})

export function syncRunBody(run: SyncRun): z.output<typeof syncRunResponse> {
  const { id, state, options, counts, created_at, started_at, finished_at } = run
  return {
    id,
    state,
    options: storedOptions(options),
    ...counts,
    created_at: formatInstant(created_at),
    started_at: started_at === null ? null : formatInstant(started_at),
    finished_at: finished_at === null ? null : formatInstant(finished_at),
  }
}

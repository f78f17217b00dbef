import { answered, api } from '../api/client.ts'
import type { Lead, LeadChange } from './lead.ts'

/** So many are changed at the same time. */
const AT_ONCE = 6

export interface Changes {
  /** As they are now, in the order in which they were given, beside as they were. */
  changed: { before: Lead; after: Lead }[]
  refused: { lead: Lead; error: unknown }[]
}

/** Changes a lead, if it still is as it is shown. */
async function changeLead(lead: Lead, change: LeadChange): Promise<Lead> {
  const params = { path: { id: lead.id }, header: { 'If-Match': `"${lead.revision}"` } }
  const after = await answered(api.PATCH('/api/crm/opportunities/{id}', { params, body: change }))
  return { ...lead, ...after }
}

/**
 * Changes each lead by itself: one that is refused holds up no other.
 *
 * @param onDone told after each
 */
export async function changeEach(
  jobs: readonly { lead: Lead; change: LeadChange }[],
  onDone: () => void,
): Promise<Changes> {
  const results: (Lead | { error: unknown })[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let place = next++; place < jobs.length; place = next++) {
      const job = jobs[place]
      if (job === undefined) return
      try {
        results[place] = await changeLead(job.lead, job.change)
      } catch (error) {
        results[place] = { error }
      }
      onDone()
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, jobs.length) }, work))
  const changes: Changes = { changed: [], refused: [] }
  jobs.forEach(({ lead }, place) => {
    const result = results[place]
    if (result === undefined) return
    if ('error' in result) changes.refused.push({ lead, error: result.error })
    else changes.changed.push({ before: lead, after: result })
  })
  return changes
}

/** What takes a change back. */
export const reversed = (change: LeadChange, before: Lead): LeadChange =>
  'status' in change ? { status: before.status } : { assigned_to: before.assigned_to }

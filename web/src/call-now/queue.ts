import { answered, api, Problem } from '../api/client.ts'
import type { paths } from '../api/schema.d.ts'

export type Answer = paths['/api/crm/queue/claim']['post']['responses']['200']['content']['application/json']
export type Lead = NonNullable<Answer['claim']>

/** What is asked for: the next, the next after one that was skipped, or a certain one. */
export interface Wish {
  opportunity_id?: string
  after_opportunity_id?: string
}

const claim = (body: Wish): Promise<Answer> => answered(api.POST('/api/crm/queue/claim', { body }))

/** Takes a lead. After the last one the queue begins anew. */
export async function take(wish: Wish): Promise<Answer> {
  const answer = await claim(wish)
  return answer.claim === null && wish.after_opportunity_id !== undefined ? claim({}) : answer
}

/** Whether a certain lead cannot be had: somebody else has it, or it is gone. */
export const isOthers = (error: unknown): error is Problem =>
  error instanceof Problem && (error.status === 409 || error.status === 404)

/** Lets go of a lead, also while the page goes away. What does not arrive is over by itself. */
export function letGo(opportunityId: string): void {
  const address = `/api/crm/queue/claim/${opportunityId}`
  void fetch(address, { method: 'DELETE', keepalive: true }).catch(() => undefined)
}

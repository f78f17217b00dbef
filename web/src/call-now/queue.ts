import { v7 as uuidv7 } from 'uuid'
import { answered, api, Problem } from '../api/client.ts'
import type { paths } from '../api/schema.d.ts'

export type Answer = paths['/api/crm/queue/claim']['post']['responses']['200']['content']['application/json']
export type Lead = NonNullable<Answer['claim']>

/** What is asked for: the next, but for those that were skipped; or a certain one. */
export interface Wish {
  opportunity_id?: string
  skipped_ids?: string[]
  /** Also where another window of the same person has it. */
  take_over?: boolean
}

/** Why a certain lead cannot be had: somebody else has it, another window of the same person has it, or it is gone. */
export type Loss = { why: 'others'; name: string; until: string } | { why: 'window' } | { why: 'gone' }

/** A lead that cannot be had. */
export class Lost extends Error {
  override name = 'Lost'
  readonly loss: Loss

  constructor(loss: Loss) {
    super(`It cannot be had: ${loss.why}`)
    this.loss = loss
  }
}

/** This window as long as the page is loaded: what comes late from the page before it does not count for this one. */
const DESK = uuidv7()

/**
 * Takes a lead for this window.
 *
 * @throws Lost where it is a certain one that cannot be had, and Problem else
 */
export async function take(wish: Wish): Promise<Answer> {
  const asking = await api.POST('/api/crm/queue/claim', { body: { ...wish, desk: DESK } })
  const { error, response } = asking
  const taken: unknown = Object(error).claim
  if (wish.opportunity_id !== undefined && isClaim(taken)) {
    throw new Lost(taken.mine ? { why: 'window' } : { why: 'others', name: taken.name, until: taken.until })
  }
  if (wish.opportunity_id !== undefined && [404, 410, 422].includes(response.status)) throw new Lost({ why: 'gone' })
  return answered(Promise.resolve(asking))
}

const isClaim = (value: unknown): value is { name: string; until: string; mine: boolean } =>
  typeof value === 'object' && value !== null && 'mine' in value

/** Whether somebody waits whom this window could have. */
export async function isAnybodyFree(): Promise<boolean> {
  const { data } = await answered(api.GET('/api/crm/queue', { params: { query: { limit: LOOKED_AT } } }))
  return data.some(({ claim }) => claim === null)
}

const LOOKED_AT = 20

/** Lets go of a lead, also while the page goes away. What does not arrive is over by itself. */
export async function letGo(opportunityId: string): Promise<void> {
  const address = `/api/crm/queue/claim/${opportunityId}?desk=${DESK}`
  await fetch(address, { method: 'DELETE', keepalive: true }).catch(() => undefined)
}

/** Whether it is refused because it is not there, or is no longer seen. */
export const isGone = (error: unknown): boolean => error instanceof Problem && [404, 410].includes(error.status)

import type { Instant } from '../time.ts'

/** A3: green spoke, orange nobody there, red declined. */
export type Colour = 'green' | 'orange' | 'red'

/** One try as its opportunity counts it. Its number is its place in the opportunity's attempts, from 1. */
export interface Attempt {
  status: Colour
  call_id: string
  attempted_at: Instant
  notes: string
  /** `created_at` of the call that this attempt is (B4's tie), null where it is foreign (B7). */
  call_created_at: Instant | null
}

/** A contact's lead opportunity. What follows from its attempts is not kept here but derived (B1). */
export interface Opportunity {
  id: string
  contact_id: string
  title: string | null
  status: string
  assigned_to: string | null
  source: string | null
  /** In B4's order, at most five (A5). */
  attempts: readonly Attempt[]
  /** An older system had ticked it as completed without a green attempt (B1). */
  completed_elsewhere: boolean
  revision: number
  created_at: Instant
  updated_at: Instant
}

/** The fields of an opportunity that a client may change after its creation. */
export type OpportunityChanges = Partial<Pick<Opportunity, 'title' | 'status' | 'assigned_to' | 'source'>>

import type { Instant } from '../time.ts'

/** The fields of a call that a client or a machine may write, under the user's names. */
export interface CallFields {
  entity_type: string | null
  entity_id: string | null
  direction: 'inbound' | 'outbound' | 'internal'
  call_status: string | null
  call_result: string | null
  resumen_llamada: string | null
  phone_number: string | null
  extension: string | null
  started_at: Instant | null
  answered_at: Instant | null
  ended_at: Instant | null
  duration_seconds: number | null
}

export type CallChanges = Partial<CallFields>

/** Who wrote a field (B10): a person by the API, or one of the PBX's machines. */
export type Source = 'person' | 'statistics' | 'end' | 'answer' | 'start' | 'email'

export type Sources = Partial<Record<keyof CallFields, Source>>

/** What became of a call (B8). */
export type Outcome =
  | 'not_outbound'
  | 'not_a_contact'
  | 'unknown_contact'
  | 'registered'
  | 'limit_reached'
  | 'first_call_completed'
  | 'no_open_opportunity'
  | 'pending'

/** How the registering of a call waits. */
interface Pending {
  since: Instant
  /** How often it was tried on its own. */
  tries: number
  /** Whether an opportunity counts it, as of the last decision: its attempt is not withdrawn in passing. */
  isCounted: boolean
}

/** One phone call as it is stored. */
export interface Call extends CallFields {
  id: string
  provider: string | null
  provider_call_id: string | null
  sources: Sources
  outcome: Outcome
  /** The opportunity that counts it or turned it away, as of its last decision (B8). */
  opportunity_id: string | null
  /** B9: null where nothing waits. */
  pending: Pending | null
  revision: number
  created_at: Instant
  updated_at: Instant
}

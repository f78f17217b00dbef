import type { Call, Link, Outcome, Recording, Sources } from '../calls/call.ts'
import { searchTextOf } from '../contacts/search.ts'
import type { Opportunity } from '../opportunities/opportunity.ts'
import type { Instant } from '../time.ts'
import {
  type FirstCallAttempt,
  firstCallAttempts,
  formatInstant,
  isCompleted,
  lastContactAttemptAt,
  successfulAttempt,
  timeOrNull,
} from './attempt.ts'

/* Rows come from the database as JSON, and go to it as arrays, one for each column. Times are ISO 8601 there. */

type Time = string

export interface OpportunityRow {
  id: string
  contact_id: string
  title: string | null
  status: string
  assigned_to: string | null
  source: string | null
  first_call_attempts: Record<string, FirstCallAttempt>
  completed_elsewhere: boolean
  attempt_call_created_at: readonly (Time | null)[]
  revision: number
  created_at: Time
  updated_at: Time
}

export interface CallRow {
  id: string
  entity_type: string | null
  entity_id: string | null
  direction: Call['direction']
  call_status: string | null
  call_result: string | null
  resumen_llamada: string | null
  phone_number: string | null
  extension: string | null
  started_at: Time | null
  answered_at: Time | null
  ended_at: Time | null
  duration_seconds: number | null
  provider: string | null
  provider_call_id: string | null
  sources: Sources
  link: Link | null
  outcome: Outcome
  opportunity_id: string | null
  pending_since: Time | null
  tries: number
  is_counted: boolean
  revision: number
  created_at: Time
  updated_at: Time
}

/** What is read of a call. */
export interface ReadCallRow extends CallRow {
  is_erased: boolean
  recordings: readonly Recording[] | null
}

/** What is read of a call that no attempt holds. */
export type UnheldRow = [
  id: string,
  entity_id: string,
  call_status: string | null,
  call_result: string | null,
  resumen_llamada: string | null,
  started_at: Time | null,
  created_at: Time,
  outcome: Outcome,
  opportunity_id: string | null,
  revision: number,
]

const NO_RECORDINGS: readonly Recording[] = []
const NO_SOURCES: Sources = {}

const instant = (time: Time): Instant => Date.parse(time)
const instantOrNull = (time: Time | null): Instant | null => (time === null ? null : Date.parse(time))

export function opportunityFromRow(row: OpportunityRow): Opportunity {
  return {
    id: row.id,
    contact_id: row.contact_id,
    title: row.title,
    status: row.status,
    assigned_to: row.assigned_to,
    source: row.source,
    attempts: row.attempt_call_created_at.flatMap((createdAt, index) => {
      const attempt = row.first_call_attempts[index + 1]
      if (attempt === undefined) return []
      const { status, call_id, attempted_at, notes } = attempt
      return { status, call_id, attempted_at: instant(attempted_at), notes, call_created_at: instantOrNull(createdAt) }
    }),
    completed_elsewhere: row.completed_elsewhere,
    revision: row.revision,
    created_at: instant(row.created_at),
    updated_at: instant(row.updated_at),
  }
}

type TriesRow = Pick<
  OpportunityRow,
  'status' | 'first_call_attempts' | 'attempt_call_created_at' | 'revision' | 'updated_at'
> & {
  first_call_completed: boolean
  first_call_successful_attempt: number | null
  last_contact_attempt_at: Time | null
}

/** What attempts change, with what follows from them (B1), which the database's checks compare with them. */
export function triesToRow(opportunity: Opportunity): TriesRow {
  return {
    status: opportunity.status,
    first_call_attempts: firstCallAttempts(opportunity),
    first_call_completed: isCompleted(opportunity),
    first_call_successful_attempt: successfulAttempt(opportunity),
    last_contact_attempt_at: timeOrNull(lastContactAttemptAt(opportunity)),
    attempt_call_created_at: opportunity.attempts.map((attempt) => timeOrNull(attempt.call_created_at)),
    revision: opportunity.revision,
    updated_at: formatInstant(opportunity.updated_at),
  }
}

export function opportunityToRow(opportunity: Opportunity): OpportunityRow & TriesRow & { title_search_text: string } {
  return {
    id: opportunity.id,
    contact_id: opportunity.contact_id,
    title: opportunity.title,
    title_search_text: opportunity.title === null ? '' : searchTextOf([opportunity.title]),
    assigned_to: opportunity.assigned_to,
    source: opportunity.source,
    completed_elsewhere: opportunity.completed_elsewhere,
    created_at: formatInstant(opportunity.created_at),
    ...triesToRow(opportunity),
  }
}

export function callFromRow(row: ReadCallRow): Call {
  const {
    pending_since,
    tries,
    is_counted,
    is_erased: isErased,
    recordings,
    started_at,
    answered_at,
    ended_at,
    created_at,
    updated_at,
    ...fields
  } = row
  return {
    ...fields,
    isErased,
    recordings: recordings ?? NO_RECORDINGS,
    started_at: instantOrNull(started_at),
    answered_at: instantOrNull(answered_at),
    ended_at: instantOrNull(ended_at),
    pending: pending_since === null ? null : { since: instant(pending_since), tries, isCounted: is_counted },
    created_at: instant(created_at),
    updated_at: instant(updated_at),
  }
}

/** A call of which nothing is known but what a decision rests on: nothing else of it may be written. */
export function unheldFromRow(row: UnheldRow): Call {
  const [
    id,
    entity_id,
    call_status,
    call_result,
    resumen_llamada,
    started_at,
    created_at,
    outcome,
    opportunity_id,
    revision,
  ] = row
  return {
    id,
    entity_type: 'contacts',
    entity_id,
    direction: 'outbound',
    call_status,
    call_result,
    resumen_llamada,
    phone_number: null,
    extension: null,
    started_at: instantOrNull(started_at),
    answered_at: null,
    ended_at: null,
    duration_seconds: null,
    provider: null,
    provider_call_id: null,
    sources: NO_SOURCES,
    link: null,
    isErased: false,
    recordings: NO_RECORDINGS,
    outcome,
    opportunity_id,
    pending: null,
    revision,
    created_at: instant(created_at),
    updated_at: instant(created_at),
  }
}

/** A pending call is due at once. (Field by field: a copy of so many fields but a few is slow, and this is hot.) */
export function callToRow(call: Call): CallRow & { due_at: Time | null } {
  const pendingSince = timeOrNull(call.pending?.since ?? null)
  return {
    id: call.id,
    entity_type: call.entity_type,
    entity_id: call.entity_id,
    direction: call.direction,
    call_status: call.call_status,
    call_result: call.call_result,
    resumen_llamada: call.resumen_llamada,
    phone_number: call.phone_number,
    extension: call.extension,
    started_at: timeOrNull(call.started_at),
    answered_at: timeOrNull(call.answered_at),
    ended_at: timeOrNull(call.ended_at),
    duration_seconds: call.duration_seconds,
    provider: call.provider,
    provider_call_id: call.provider_call_id,
    sources: call.sources,
    link: call.link,
    outcome: call.outcome,
    opportunity_id: call.opportunity_id,
    pending_since: pendingSince,
    due_at: pendingSince,
    tries: call.pending?.tries ?? 0,
    is_counted: call.pending?.isCounted ?? false,
    revision: call.revision,
    created_at: formatInstant(call.created_at),
    updated_at: formatInstant(call.updated_at),
  }
}

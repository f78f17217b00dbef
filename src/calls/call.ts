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

/** Those of a call of which nothing is known, or no longer. */
export const NO_FIELDS: Omit<CallFields, 'direction'> = {
  entity_type: null,
  entity_id: null,
  call_status: null,
  call_result: null,
  resumen_llamada: null,
  phone_number: null,
  extension: null,
  started_at: null,
  answered_at: null,
  ended_at: null,
  duration_seconds: null,
}

export type CallChanges = Partial<CallFields>

/** Who wrote a field (B10): a person by the API, or one of the PBX's machines. */
export type Source = 'person' | 'statistics' | 'end' | 'answer' | 'start' | 'email'

/** Of each field; with `call`, as long as nobody has told more of a call than its e-mail and persons. */
export type Sources = Partial<Record<keyof CallFields, Source>> & { call?: 'email' }

/** The sources of fields that one has written. */
export function sourcesOf(fields: readonly string[], source: Source): Sources {
  const sources: Record<string, Source> = {}
  for (const field of fields) sources[field] = source
  return sources as Sources
}

/** Fields that tell of the person called. */
export const PERSONAL_FIELDS = [
  'phone_number',
  'call_result',
  'resumen_llamada',
] as const satisfies readonly (keyof CallFields)[]

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

/** How a machine found the contact of a call: the surest first. */
type LinkHow = 'dial' | 'number' | 'open_opportunity' | 'newest_open_opportunity' | 'newest_contact'

/** Why a machine linked a call to its contact. */
export interface Link {
  how: LinkHow
  /** Ids of the contacts that have the number. */
  candidates: readonly string[]
}

/** Audio of a call, as it is stored with the provider or with us. */
export interface Recording {
  id: string
  /** Whose name it has, also where its call has no key of a provider. */
  provider: string
  /** Null while the provider has said only that there is one. */
  provider_recording_id: string | null
  status: 'expected' | 'available' | 'missing'
  content_type: string | null
  size_bytes: number | null
  /** In the folder of recordings. */
  file_name: string | null
  /** In hexadecimal digits. */
  sha256: string | null
  /** How an e-mail found the call of its audio; null where nobody mailed it. */
  matched_by: MatchHow | 'new_call' | 'person' | null
}

/** How an e-mail found its call: the surest first. */
export type MatchHow = 'pbx_call_id' | 'recording_id' | 'number_extension_start' | 'number_start'

/** One phone call as it is stored. */
export interface Call extends CallFields {
  id: string
  provider: string | null
  provider_call_id: string | null
  sources: Sources
  link: Link | null
  /** What told of a person is gone, and stays so: machines add nothing to it, and persons nothing that tells of one. */
  isErased: boolean
  /** In the order in which they became known. What becomes of their audio is not part of the call's revision. */
  recordings: readonly Recording[]
  outcome: Outcome
  /** The opportunity that counts it or turned it away, as of its last decision (B8). */
  opportunity_id: string | null
  /** B9: null where nothing waits. */
  pending: Pending | null
  revision: number
  created_at: Instant
  updated_at: Instant
}

/** Who a new call is, and who says so. */
type Made = Pick<Call, 'id' | 'provider' | 'provider_call_id' | 'sources' | 'created_at' | 'updated_at'> &
  Partial<Pick<Call, 'recordings'>>

/**
 * A call that was not known, of which nothing is decided yet. Field by field, in one order whoever makes it: to copy so
 * many is slow, and this is hot.
 */
export function newCall(fields: CallChanges & Pick<CallFields, 'direction'>, made: Made): Call {
  return {
    id: made.id,
    entity_type: fields.entity_type ?? null,
    entity_id: fields.entity_id ?? null,
    direction: fields.direction,
    call_status: fields.call_status ?? null,
    call_result: fields.call_result ?? null,
    resumen_llamada: fields.resumen_llamada ?? null,
    phone_number: fields.phone_number ?? null,
    extension: fields.extension ?? null,
    started_at: fields.started_at ?? null,
    answered_at: fields.answered_at ?? null,
    ended_at: fields.ended_at ?? null,
    duration_seconds: fields.duration_seconds ?? null,
    provider: made.provider,
    provider_call_id: made.provider_call_id,
    sources: made.sources,
    link: null,
    isErased: false,
    recordings: made.recordings ?? [],
    outcome: 'pending',
    opportunity_id: null,
    pending: null,
    revision: 1,
    created_at: made.created_at,
    updated_at: made.updated_at,
  }
}

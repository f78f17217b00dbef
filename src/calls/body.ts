import { formatInstant, timeOrNull } from '../attempts/attempt.ts'
import type { Colour, Opportunity } from '../opportunities/opportunity.ts'
import type { Call, CallFields, Link, Outcome, Recording } from './call.ts'

/** A call as the API shows it. */
export interface CallBody {
  id: string
  entity_type: string | null
  entity_id: string | null
  direction: CallFields['direction']
  call_status: string | null
  call_result: string | null
  resumen_llamada: string | null
  phone_number: string | null
  extension: string | null
  started_at: string | null
  answered_at: string | null
  ended_at: string | null
  duration_seconds: number | null
  provider: string | null
  provider_call_id: string | null
  attempt: { outcome: Outcome; opportunity_id: string | null; number: number | null; status: Colour | null }
  link: Link | null
  recordings: RecordingBody[]
  revision: number
  created_at: string
  updated_at: string
}

interface RecordingBody extends Pick<Recording, 'id' | 'status' | 'content_type' | 'size_bytes'> {
  /** Where its audio can be had; null where there is none yet. */
  url: string | null
}

function recordingBody(callId: string, { id, status, content_type, size_bytes }: Recording): RecordingBody {
  const url = status === 'available' ? `/api/crm/calls/${callId}/recordings/${id}` : null
  return { id, status, content_type, size_bytes, url }
}

/**
 * The call with its attempt's number and colour, which are read from the opportunity (B8).
 *
 * @param holder the opportunity that the call names, null where it names none
 */
export function callBody(call: Call, holder: Pick<Opportunity, 'attempts'> | null): CallBody {
  const place = holder?.attempts.findIndex((attempt) => attempt.call_id === call.id) ?? -1
  const attempt = place < 0 ? undefined : holder?.attempts[place]
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
    attempt: {
      outcome: call.outcome,
      opportunity_id: call.opportunity_id,
      number: attempt === undefined ? null : place + 1,
      status: attempt?.status ?? null,
    },
    link: call.link,
    recordings: call.recordings.map((recording) => recordingBody(call.id, recording)),
    revision: call.revision,
    created_at: formatInstant(call.created_at),
    updated_at: formatInstant(call.updated_at),
  }
}

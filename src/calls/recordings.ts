/** The recordings of a call as JSON, in the order in which they became known; null where it has none. */
export const RECORDINGS_OF = (callId: string): string => `(
  select json_agg(json_build_object('id', id, 'provider_recording_id', provider_recording_id, 'status', status,
    'content_type', content_type, 'size_bytes', size_bytes) order by id)
  from recordings where call_id = ${callId})`

/** The recordings of a call as JSON, in the order in which they became known; null where it has none. */
export const RECORDINGS_OF = (callId: string): string => recordingsWhere(`call_id = ${callId}`)

/** The same of an item of the review list. */
export const RECORDINGS_OF_ITEM = (itemId: string): string => recordingsWhere(`review_item_id = ${itemId}`)

const recordingsWhere = (condition: string): string => `(
  select json_agg(json_build_object('id', id, 'provider', provider, 'provider_recording_id', provider_recording_id,
    'status', status, 'content_type', content_type, 'size_bytes', size_bytes, 'file_name', file_name,
    'sha256', encode(sha256, 'hex'), 'matched_by', matched_by) order by id)
  from recordings where ${condition})`

import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { Actor } from '../audit/actor.ts'
import { recordChange } from '../audit/record.ts'
import { type Sight, seenCall } from '../auth/sight.ts'
import type { Recording } from '../calls/call.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import type { Database } from '../database/database.ts'
import type { Instant } from '../time.ts'
import { PROVIDER } from '../zadarma/call-ids.ts'
import type { KeptAudio } from './keep.ts'

/** A recording that is due, and claimed. */
export interface ClaimedRecording {
  id: string
  call_id: string
  provider_recording_id: string | null
  /** The provider's id of its call. */
  provider_call_id: string
  /** Including the one that now begins. */
  tries: number
  created_at: Instant
}

/** Nobody asks for it: the PBX is asked for what it has told of. */
const BY: Actor = { who: 'zadarma', requestId: null }

/** Longer than any fetching takes: another server must not begin meanwhile. */
const CLAIMED_FOR = sql`interval '31 minutes'`

const TRIES_AT_LEAST = 8

/** From 40 s over a minute to half an hour. */
const WAIT = sql`case when tries <= 1 then interval '40 seconds'
  else least(interval '30 minutes', interval '1 minute' * power(2, least(tries, 10) - 2)) end`

/** After a day of tries: a service that was off for longer tries as often as it does in some hours. */
const IS_OVER = sql`(created_at <= now() - interval '1 day' and tries >= ${TRIES_AT_LEAST})`

/** Claims recordings that are due, for this server alone. Of a deleted or erased call none is fetched any more. */
export async function claimRecordings({ query }: Database, count: number): Promise<ClaimedRecording[]> {
  const { rows } = await query.transaction().execute(async (transaction) => {
    const claimed = await sql<ClaimedRecording & { isDeleted: boolean }>`
    update recordings r set
      tries = case when "isDeleted" then r.tries else r.tries + 1 end,
      status = case when "isDeleted" then 'missing' else r.status end,
      fault = case when "isDeleted" then 'The call was deleted.' else r.fault end,
      due_at = case when "isDeleted" then null else clock_timestamp() + ${CLAIMED_FOR} end
    from (
      select recordings.id, provider_call_id, num_nonnulls(deleted_at, erased_at) > 0 as "isDeleted"
      from recordings join calls on calls.id = call_id
      where recordings.due_at <= clock_timestamp() and recordings.provider = ${PROVIDER} and provider_call_id is not null
      order by recordings.due_at limit ${count} for update of recordings skip locked
    ) due
    where r.id = due.id
    returning r.id, r.call_id, r.provider_recording_id, due.provider_call_id, r.tries, r.created_at, "isDeleted"
    `.execute(transaction)
    for (const { id, isDeleted } of claimed.rows) {
      if (!isDeleted) continue
      await recordChange(transaction, BY, 'recording.changed', id, { status: 'expected' }, { status: 'missing' })
    }
    return claimed
  })
  return rows.filter(({ isDeleted }) => !isDeleted)
}

/**
 * Gives a recording that has no name the first of these that nobody has; the further ones get rows of their own, which
 * are due at once. The call gets a new revision: whoever plans on the one before it plans anew (B14).
 *
 * @returns the name; null where others have them all, or it has one by now
 */
export async function nameRecording(
  { query }: Database,
  { id, call_id }: ClaimedRecording,
  names: readonly string[],
): Promise<string | null> {
  const ids = names.map(() => uuidv7())
  // The call is locked first, as everywhere where both change.
  const { rows } = await query.transaction().execute(async (transaction) => {
    const given = await sql<{ id: string; name: string; isNew: boolean }>`
    with held as materialized (
      select id from calls where id = ${call_id} and deleted_at is null and erased_at is null for no key update
    ), free as (
      select name, id, row_number() over (order by place) as place
      from unnest(${names}::text[], ${ids}::uuid[]) with ordinality as given (name, id, place)
      where not exists (select from recordings where provider = ${PROVIDER} and provider_recording_id = name)
    ), named as (
      update recordings r set provider_recording_id = free.name, updated_at = clock_timestamp()
      from free, held where r.id = ${id} and r.call_id = held.id and r.provider_recording_id is null and free.place = 1
      returning r.id, r.call_id, free.name
    ), added as (
      insert into recordings (id, call_id, provider, provider_recording_id, due_at)
      select free.id, named.call_id, ${PROVIDER}, free.name, ${THIS_MOMENT} from free, named where free.place > 1
      on conflict do nothing returning id, provider_recording_id as name
    ), raised as (
      update calls set revision = revision + 1, updated_at = greatest(updated_at, clock_timestamp())
      where id in (select call_id from named)
    )
    select id, name, false as "isNew" from named union all select id, name, true from added
    order by "isNew"`.execute(transaction)
    for (const { id: recordingId, name, isNew } of given.rows) {
      const [before, after] = [{ provider_recording_id: null }, { provider_recording_id: name }]
      if (isNew) {
        const made = { ...after, call_id, status: 'expected' }
        await recordChange(transaction, BY, 'recording.created', recordingId, null, made)
      } else await recordChange(transaction, BY, 'recording.changed', recordingId, before, after)
    }
    return given
  })
  return rows[0]?.name ?? null
}

/**
 * Writes down that the recording is there; what has been written meanwhile stays, by another server or because the
 * recording came by e-mail.
 *
 * @returns whether the file is the recording's
 */
export async function noteAudio({ query }: Database, id: string, audio: KeptAudio): Promise<boolean> {
  const { fileName, contentType, sizeBytes, sha256 } = audio
  await query.transaction().execute(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('recordings')
      .set({
        status: 'available',
        due_at: null,
        fault: null,
        file_name: fileName,
        content_type: contentType,
        size_bytes: sizeBytes,
        sha256,
        updated_at: sql<string>`clock_timestamp()`,
      })
      .where('id', '=', id)
      .where('status', '=', 'expected')
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return
    const after = { status: 'available', content_type: contentType, size_bytes: sizeBytes }
    await recordChange(transaction, BY, 'recording.changed', id, { status: 'expected' }, after)
  })
  const row = await query.selectFrom('recordings').select('file_name').where('id', '=', id).executeTakeFirst()
  return row?.file_name === fileName
}

/**
 * Writes down why the recording could not be had this time. After a day, and some tries, it is given up.
 *
 * @returns whether it was given up now
 */
export async function noteRecordingFault({ query }: Database, id: string, fault: string): Promise<boolean> {
  return query.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ status: Recording['status'] }>`
    update recordings set fault = ${fault.slice(0, 1_000)}, updated_at = clock_timestamp(),
      status = case when ${IS_OVER} then 'missing' else status end,
      due_at = case when ${IS_OVER} then null else clock_timestamp() + ${WAIT} end
    where id = ${id} and status = 'expected' returning status`.execute(transaction)
    const isGivenUp = rows[0]?.status === 'missing'
    if (isGivenUp) {
      await recordChange(transaction, BY, 'recording.changed', id, { status: 'expected' }, { status: 'missing' })
    }
    return isGivenUp
  })
}

/** What is told of a call's recording to somebody who wants to hear it. */
export interface HeardRecording {
  id: string
  status: Recording['status']
  file: { name: string; contentType: string; sizeBytes: number; sha256: Buffer } | null
}

/** A call with its recordings, in the order in which they became known. */
export interface CallWithRecordings {
  startedAt: Instant
  phoneNumber: string | null
  recordings: HeardRecording[]
}

/** The recordings of a call; null where there is no such call, or the caller may not see it. */
export async function recordingsOf(
  { query }: Database,
  callId: string,
  sight: Sight = 'everything',
): Promise<CallWithRecordings | null> {
  let call = query
    .selectFrom('calls')
    .leftJoin('recordings', 'recordings.call_id', 'calls.id')
    .where('calls.id', '=', callId)
    .where('calls.deleted_at', 'is', null)
    .select(['calls.started_at', 'calls.created_at', 'calls.phone_number'])
    .select(['recordings.id', 'status', 'file_name', 'content_type', 'size_bytes', 'sha256'])
    .orderBy('recordings.id')
  if (sight !== 'everything') call = call.where(seenCall(sight))
  const rows = await call.execute()
  const [first] = rows
  if (first === undefined) return null
  return {
    startedAt: first.started_at ?? first.created_at,
    phoneNumber: first.phone_number,
    recordings: rows.flatMap(({ id, status, file_name: name, content_type: contentType, size_bytes, sha256 }) => {
      if (id === null || status === null) return []
      const isThere = name !== null && contentType !== null && size_bytes !== null && sha256 !== null
      return [{ id, status, file: isThere ? { name, contentType, sizeBytes: size_bytes, sha256 } : null }]
    }),
  }
}

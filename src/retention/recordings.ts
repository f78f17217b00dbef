import { type Kysely, sql } from 'kysely'
import { entryOf } from '../audit/entry.ts'
import { recordEntries } from '../audit/record.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import { removeFiles } from '../database/embedded-files.ts'
import type { Tables } from '../database/tables.ts'
import { RETENTION } from './by.ts'

const AT_ONCE = 200

/**
 * Removes the audio of recordings that became known so many days ago, some at a time; that there was some stays with its
 * call. Of a mail that waits for a person it is kept. Files go first: without its file, a row is found again, but a file
 * without its row would stay.
 *
 * @returns how many it were
 */
export async function expireRecordings(query: Kysely<Tables>, folder: string, days: number): Promise<number> {
  const { rows } = await sql<{ id: string; file_name: string }>`
    select id, file_name from recordings
    where status = 'available' and created_at < now() - ${days} * interval '1 day'
      and (review_item_id is null or exists (
        select from review_items where review_items.id = review_item_id and decided_at is not null))
    order by created_at limit ${AT_ONCE}`.execute(query)
  if (rows.length === 0) return 0
  await removeFiles(
    folder,
    rows.map(({ file_name }) => file_name),
  )
  const ids = rows.map(({ id }) => id)
  await query.transaction().execute(async (transaction) => {
    const { rows: before } = await sql<Audio>`
      with old as materialized (
        select id, content_type, size_bytes, call_id is null as "isOfItem" from recordings
        where id = any(${ids}::uuid[]) and status = 'available' for update
      ), gone as (
        delete from recordings using old where recordings.id = old.id and "isOfItem"
      ), emptied as (
        update recordings set status = 'missing', file_name = null, content_type = null, size_bytes = null,
          sha256 = null, updated_at = ${THIS_MOMENT}
        from old where recordings.id = old.id and not "isOfItem"
      )
      select * from old`.execute(transaction)
    const entries = before.map(({ id, isOfItem, ...audio }) => {
      const after = isOfItem ? null : { status: 'missing', content_type: null, size_bytes: null }
      return entryOf(RETENTION, 'recording.expired', id, { status: 'available', ...audio }, after)
    })
    await recordEntries(
      transaction,
      entries.filter((entry) => entry !== null),
    )
  })
  return rows.length
}

interface Audio {
  id: string
  content_type: string
  size_bytes: number
  isOfItem: boolean
}

import { sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import { type Sight, seenItem } from '../auth/sight.ts'
import type { Recording } from '../calls/call.ts'
import { RECORDINGS_OF_ITEM } from '../calls/recordings.ts'
import type { Database } from '../database/database.ts'
import type { Position } from '../http/cursor.ts'
import type { Instant } from '../time.ts'
import type { KeptMail, ReviewItem } from './item.ts'

const COLUMNS = ['id', 'kind', 'call_id', 'reason', 'candidates', 'created_at', 'decision', 'mail'] as const

/** What waits with an item, or has; audio that went to a call is no longer here. */
const audio = sql<Recording[] | null>`${sql.raw(RECORDINGS_OF_ITEM('review_items.id'))}`.as('audio')

/** One item, open or decided; null where there is none, or the caller may not see all that it names. */
export async function findItem(
  { query }: Pick<Database, 'query'>,
  id: string,
  sight: Sight = 'everything',
): Promise<ReviewItem | null> {
  let item = query.selectFrom('review_items').select(COLUMNS).select(audio).where('id', '=', id)
  if (sight !== 'everything') item = item.where(seenItem(sight))
  const row = await item.executeTakeFirst()
  return row === undefined ? null : itemOf(row)
}

/**
 * The items that nobody has decided, oldest first, after a position.
 *
 * @returns at most `limit` of them, and where the rest begins
 */
export async function listOpenItems(
  { query }: Database,
  { kind }: { kind?: ReviewItem['kind'] | undefined },
  limit: number,
  after: Position | null,
  sight: Sight,
): Promise<{ data: ReviewItem[]; next: Position | null }> {
  let items = query.selectFrom('review_items').select(COLUMNS).select(audio).where('decided_at', 'is', null)
  if (sight !== 'everything') items = items.where(seenItem(sight))
  if (kind !== undefined) items = items.where('kind', '=', kind)
  if (after !== null) {
    items = items.where(sql<boolean>`(created_at, id) > (${after.key}::timestamptz, ${after.id}::uuid)`)
  }
  const rows = await items
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit + 1)
    .execute()
  const data = rows.slice(0, limit).map(itemOf)
  const last = data.at(-1)
  return { data, next: rows.length > limit && last ? { key: last.created_at, id: last.id } : null }
}

type Row = Omit<ReviewItem, 'created_at' | 'mail'> & {
  created_at: Instant
  mail: KeptMail | null
  audio: Recording[] | null
}

function itemOf({ mail, audio, ...row }: Row): ReviewItem {
  const item = { ...row, created_at: formatInstant(row.created_at) }
  return mail === null ? item : { ...item, mail: { kept: mail, audio: audio ?? [] } }
}

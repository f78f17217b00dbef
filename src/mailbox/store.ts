import { sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { Database } from '../database/database.ts'
import { firstIdAfter, type InboxRow, messagesFrom, type StoredMessage } from '../inbox/store.ts'
import type { Instant } from '../time.ts'
import type { MailWay } from './way.ts'

/** A mail that has come in, before it is stored. */
export interface NewMail {
  id: string
  naturalKey: string
  receivedAt: Instant
  headers: Readonly<Record<string, string>>
  body: Buffer
  event: string
  /** In the folder of mails; null where all of it is in `body`. */
  fileName: string | null
}

/** Whoever handles a mail says again and again that it is at it; else the mail is due again after this time. */
const CLAIMED_FOR = sql`clock_timestamp() + interval '2 minutes'`
/** Well within that. */
export const CLAIM_AGAIN_MS = 40_000

/** After a fault of the message: 5 s, 20 s, 80 s, 5 min. */
const WAIT = sql`least(interval '5 minutes', interval '5 seconds' * power(4, least(tries, 5) - 1))`

/** After trouble that is none of the message's. */
const TROUBLE_WAIT = sql`interval '20 seconds'`

/**
 * Stores a mail, claimed by whoever received it; or as settled, where nothing is to be done with it.
 *
 * @returns the one that was stored before and has the same natural key, null where this one is new
 */
export async function keepMail(
  database: Database,
  mail: NewMail,
  settled: { reason: string } | null = null,
): Promise<StoredMessage | null> {
  const { rows } = await sql<{ id: string }>`
    insert into inbox (id, door, natural_key, received_at, headers, body, event, file_name,
      tries, due_at, result, reason, handled_at)
    select ${mail.id}::uuid, 'mail', ${mail.naturalKey}::text, ${formatInstant(mail.receivedAt)}::timestamptz,
      ${JSON.stringify(mail.headers)}::jsonb, ${mail.body}::bytea, ${mail.event}::text, ${mail.fileName}::text,
      1, ${settled === null ? CLAIMED_FOR : sql`null::timestamptz`}, ${settled === null ? null : 'kept'}::text,
      ${settled?.reason ?? null}::text, ${settled === null ? sql`null::timestamptz` : sql`clock_timestamp()`}
    where not exists (select from inbox where natural_key = erased_key(${mail.naturalKey}))
    on conflict do nothing returning id`.execute(database.query)
  return rows.length > 0 ? null : findMailByKey(database, mail.naturalKey)
}

/** The mail with this natural key, or what is left of it; null where there was none. */
export async function findMailByKey({ query }: Database, naturalKey: string): Promise<StoredMessage | null> {
  const { rows } = await sql<InboxRow>`
    select * from inbox where natural_key in (${naturalKey}, erased_key(${naturalKey}))`.execute(query)
  return messagesFrom(rows)[0] ?? null
}

/**
 * Claims mails that are due, for this server alone.
 *
 * @returns each with the number of its try
 */
export async function claimMails({ query }: Database, count: number): Promise<StoredMessage[]> {
  const { rows } = await sql<InboxRow>`
    update inbox set tries = tries + 1, due_at = ${CLAIMED_FOR}
    where id in (
      select id from inbox where due_at <= clock_timestamp() and door = 'mail' order by due_at limit ${count}
      for update skip locked)
    returning *`.execute(query)
  return messagesFrom(rows).sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Says that a mail is still being handled. */
export async function claimAgain({ query }: Database, id: string): Promise<void> {
  await sql`update inbox set due_at = ${CLAIMED_FOR} where id = ${id} and handled_at is null`.execute(query)
}

/** A mail that was set aside for its sender is taken up after all, since it came by a way that asks for none. */
export async function takeUp({ query }: Database, id: string, way: MailWay): Promise<StoredMessage | null> {
  const { rows } = await sql<InboxRow>`
    update inbox set headers = headers || ${JSON.stringify({ way })}::jsonb, result = null, reason = null,
      handled_at = null, fault = null, tries = 1, due_at = ${CLAIMED_FOR}
    where id = ${id} and result = 'kept' and reason = 'sender' and emptied_at is null returning *`.execute(query)
  return messagesFrom(rows)[0] ?? null
}

/** Writes down the fault of a mail that could not be handled this time, and when it is tried again. */
export async function noteMailFault({ query }: Database, id: string, fault: string): Promise<void> {
  await sql`update inbox set fault = ${fault.slice(0, 1_000)}, due_at = clock_timestamp() + ${WAIT}
    where id = ${id} and handled_at is null`.execute(query)
}

/** Puts a mail off that could not be handled for no fault of its own: the try does not count. */
export async function putOff({ query }: Database, id: string, trouble: string): Promise<void> {
  await sql`update inbox set fault = ${trouble.slice(0, 1_000)}, tries = greatest(tries - 1, 0),
      due_at = clock_timestamp() + ${TROUBLE_WAIT}
    where id = ${id} and handled_at is null`.execute(query)
}

/** Which of these ids are those of messages in the inbox, each with whether its content is gone. */
export async function knownMessages({ query }: Database, ids: readonly string[]): Promise<Map<string, boolean>> {
  const { rows } = await sql<{ id: string; isEmptied: boolean }>`
    select id, emptied_at is not null as "isEmptied" from inbox where id = any(${ids}::uuid[])`.execute(query)
  return new Map(rows.map(({ id, isEmptied }) => [id, isEmptied]))
}

/** Which of these files in the folder of recordings are those of recordings. */
export async function usedAudio(
  { query }: Pick<Database, 'query'>,
  fileNames: readonly string[],
): Promise<Set<string>> {
  const { rows } = await sql<{ file_name: string }>`
    select file_name from recordings where file_name = any(${fileNames}::text[])`.execute(query)
  return new Set(rows.map(({ file_name: name }) => name))
}

/** The mails that came since a moment and are handled. */
export async function handledMailsSince(
  { query }: Database,
  moment: Instant,
): Promise<{ id: string; receivedAt: Instant }[]> {
  const rows = await query
    .selectFrom('inbox')
    .select(['id', 'received_at'])
    .where('id', '>=', firstIdAfter(moment))
    .where('door', '=', 'mail')
    .where('handled_at', 'is not', null)
    .execute()
  return rows.map(({ id, received_at: receivedAt }) => ({ id, receivedAt }))
}

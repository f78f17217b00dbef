import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { formatInstant } from '../attempts/attempt.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import type { Database } from '../database/database.ts'
import type { Instant } from '../time.ts'
import type { Message, MessageResult } from './message.ts'

/** A message that has come in at this moment. */
export function newMessage(fields: Omit<Message, 'id' | 'receivedAt'>): Message {
  return { ...fields, id: uuidv7(), receivedAt: Date.now() }
}

/**
 * Stores a message as it came; one that is there already stays. With a result it is settled, else it is handled from
 * here.
 */
export async function keepMessage(
  { query }: Database,
  { id, door, receivedAt, headers, body, event }: Message,
  settled: MessageResult | null,
): Promise<void> {
  await query
    .insertInto('inbox')
    .values({
      id,
      door,
      received_at: formatInstant(receivedAt),
      headers: JSON.stringify(headers),
      body,
      event,
      ...(settled === null
        ? { due_at: THIS_MOMENT }
        : { result: settled.result, reason: settled.reason, call_id: settled.callId, handled_at: THIS_MOMENT }),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}

/** Says that a stored message changes no call. */
export async function settleMessage({ query }: Database, id: string, settled: MessageResult): Promise<void> {
  const { result, reason, callId } = settled
  await query
    .updateTable('inbox')
    .set({ result, reason, call_id: callId, handled_at: formatInstant(Date.now()), due_at: null, fault: null })
    .where('id', '=', id)
    .execute()
}

/** A message with how it stands. */
export interface StoredMessage extends Message {
  result: MessageResult['result'] | null
  reason: string | null
  callId: string | null
  handledAt: Instant | null
  dueAt: Instant | null
  tries: number
  fault: string | null
  /** In the folder of mails; null where all of it is in `body`. */
  fileName: string | null
  /** Whether its content is gone. */
  isEmptied: boolean
}

/** What a list of messages is narrowed by. */
export interface MessageFilter {
  /** Only those that wait to be handled. */
  isUnhandled?: boolean
  /** Only those whose content is there. */
  isWhole?: boolean
  event?: string
  callId?: string
  receivedFrom?: Instant
  receivedTo?: Instant
}

/**
 * The newest messages that the filter leaves, or from the oldest on where asked for.
 *
 * @param after the id of the last one of the page before
 */
export async function listMessages(
  { query }: Database,
  filter: MessageFilter,
  limit: number,
  after: string | null = null,
  order: 'newest' | 'oldest' = 'newest',
): Promise<StoredMessage[]> {
  let messages = query.selectFrom('inbox').selectAll()
  if (filter.isUnhandled === true) messages = messages.where('due_at', 'is not', null)
  if (filter.isWhole === true) messages = messages.where('emptied_at', 'is', null)
  if (filter.event !== undefined) messages = messages.where('event', '=', filter.event)
  if (filter.callId !== undefined) messages = messages.where('call_id', '=', filter.callId)
  if (filter.receivedFrom !== undefined) {
    messages = messages.where('id', '>=', firstIdAfter(filter.receivedFrom))
  }
  if (filter.receivedTo !== undefined) {
    messages = messages.where('id', '<', firstIdAfter(filter.receivedTo))
  }
  if (after !== null) messages = messages.where('id', order === 'newest' ? '<' : '>', after)
  const rows = await messages
    .orderBy('id', order === 'newest' ? 'desc' : 'asc')
    .limit(limit)
    .execute()
  return rows.map(fromRow)
}

/** One message, or null. */
export async function findMessage({ query }: Pick<Database, 'query'>, id: string): Promise<StoredMessage | null> {
  const row = await query.selectFrom('inbox').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : fromRow(row)
}

const CLAIM_SIZE = 100

/**
 * Claims the notifications that are due, for this server alone: the claim is itself the wait before the next try, which
 * grows from a second to five minutes. Mails have a door of their own: to read one takes longer.
 */
export async function claimMessages({ query }: Database): Promise<StoredMessage[]> {
  const { rows } = await sql<InboxRow>`
    update inbox set tries = tries + 1,
      due_at = clock_timestamp() + least(interval '5 minutes', interval '1 second' * power(2, least(tries, 10)))
    where id in (
      select id from inbox where due_at <= clock_timestamp() and door = 'zadarma' order by due_at limit ${CLAIM_SIZE}
      for update skip locked)
    returning *`.execute(query)
  return rows.map(fromRow).sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Writes down why a message could not be handled this time. */
export async function noteFault({ query }: Database, id: string, fault: string): Promise<void> {
  await query
    .updateTable('inbox')
    .set({ fault: fault.slice(0, 1_000) })
    .where('id', '=', id)
    .where('handled_at', 'is', null)
    .execute()
}

/** How many messages wait, and since when the oldest. */
export async function inboxBacklog({ query }: Database): Promise<{ waiting: number; oldestSeconds: number }> {
  const { rows } = await sql<{ waiting: number; oldest: number }>`
    select count(*)::int as waiting,
      coalesce(extract(epoch from clock_timestamp() - min(received_at)), 0)::float8 as oldest
    from inbox where due_at is not null`.execute(query)
  const { waiting, oldest } = rows[0] ?? { waiting: 0, oldest: 0 }
  return { waiting, oldestSeconds: oldest }
}

/** The least id of version 7 from this moment on. */
export function firstIdAfter(moment: Instant): string {
  const hex = Math.max(0, Math.floor(moment)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

export interface InboxRow {
  id: string
  door: Message['door']
  received_at: Instant
  headers: Record<string, string>
  body: Buffer
  event: string
  result: MessageResult['result'] | null
  reason: string | null
  call_id: string | null
  handled_at: Instant | null
  due_at: Instant | null
  tries: number
  fault: string | null
  file_name: string | null
  emptied_at: Instant | null
}

/** Some of the inbox's rows, as the database gives them. */
export const messagesFrom = (rows: readonly InboxRow[]): StoredMessage[] => rows.map(fromRow)

function fromRow(row: InboxRow): StoredMessage {
  return {
    id: row.id,
    door: row.door,
    receivedAt: row.received_at,
    headers: row.headers,
    body: row.body,
    event: row.event,
    result: row.result,
    reason: row.reason,
    callId: row.call_id,
    handledAt: row.handled_at,
    dueAt: row.due_at,
    tries: row.tries,
    fault: row.fault,
    fileName: row.file_name,
    isEmptied: row.emptied_at !== null,
  }
}

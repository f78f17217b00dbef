import { sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { MailConfig, RetentionConfig, ZadarmaConfig } from '../config.ts'
import type { Database } from '../database/database.ts'
import { type MailboxConfig, mailboxIdOf } from '../mailbox/mailbox.ts'
import type { Instant } from '../time.ts'

/** What the service knows of itself beside its tables. */
export interface AboutService {
  /** Of this program. */
  version: string
  /** Null: no mailbox is read. */
  mailbox: MailboxConfig | null
  mail: MailConfig
  retention: RetentionConfig
}

/** How the doors are, in plain values. */
export interface State {
  pbx: { configured: boolean; last_notification_at: string | null; last_reconciled_at: string | null }
  mailbox: {
    configured: boolean
    last_message_at: string | null
    last_read_at: string | null
    fault: (typeof MAILBOX_FAULTS)[number] | null
  }
  /** What came and is not handled yet; and of the last day's e-mails, those that told of no recording of ours. */
  inbox: { waiting: number; oldest_waiting_at: string | null; set_aside: number }
  calls: { pending: number; oldest_pending_at: string | null }
  /** Recordings that are fetched yet, and those of the last day that were given up. */
  recordings: { expected: number; missing: number }
  /** After how many days what is old is removed; null: never. */
  retention: { recordings_days: number | null; inbox_days: number | null; mail_days: number | null }
  version: string
}

export const MAILBOX_FAULTS = ['never_read', 'not_read_any_more'] as const

/** So many of the newest rows are looked at: those of a day, but in one that is very busy. */
const NEWEST = 5_000
/** The reader looks every minute, and is back within another one after whatever stopped it. */
const READ_WITHIN_MS = 300_000

interface Row {
  now: Instant
  last_notification_at: Instant | null
  last_message_at: Instant | null
  set_aside: number
  waiting: number
  oldest_waiting_at: Instant | null
  last_reconciled_at: Instant | null
  last_read_at: Instant | null
  pending: number
  oldest_pending_at: Instant | null
  expected: number
  missing: number
}

/** Asks the tables how the doors are; each part by an index, and of the newest rows only. */
export async function stateOf(
  { query }: Pick<Database, 'query'>,
  zadarma: ZadarmaConfig,
  { version, mailbox, retention }: AboutService,
): Promise<State> {
  const { rows } = await stateQuery(mailbox === null ? '' : mailboxIdOf(mailbox)).execute(query)
  const [row] = rows
  if (row === undefined) throw new Error('the state was not answered')
  const isPbx = zadarma.key !== null && zadarma.secret !== null
  return {
    pbx: {
      configured: isPbx,
      last_notification_at: written(row.last_notification_at),
      last_reconciled_at: isPbx ? written(row.last_reconciled_at) : null,
    },
    mailbox: {
      configured: mailbox !== null,
      last_message_at: written(row.last_message_at),
      last_read_at: written(row.last_read_at),
      fault: mailbox === null ? null : faultOf(row),
    },
    inbox: {
      waiting: row.waiting,
      oldest_waiting_at: written(row.oldest_waiting_at),
      set_aside: row.set_aside,
    },
    calls: { pending: row.pending, oldest_pending_at: written(row.oldest_pending_at) },
    recordings: { expected: row.expected, missing: row.missing },
    retention: {
      recordings_days: retention.recordingsDays,
      inbox_days: retention.inboxDays,
      mail_days: retention.mailDays,
    },
    version,
  }
}

const written = (moment: Instant | null): string | null => (moment === null ? null : formatInstant(moment))

function faultOf({ last_read_at, now }: Row): State['mailbox']['fault'] {
  if (last_read_at === null) return 'never_read'
  return now - last_read_at > READ_WITHIN_MS ? 'not_read_any_more' : null
}

/** @param mailboxId of a mailbox that is never read, where none is set up */
const stateQuery = (mailboxId: string) => sql<Row>`
  with came as (select door, result, reason, received_at from inbox order by id desc limit ${sql.lit(NEWEST)}),
    recorded as (select status, created_at from recordings order by id desc limit ${sql.lit(NEWEST)}),
    waiting as (select count(*)::int as waiting, min(received_at) as since from inbox where due_at is not null),
    pending as (select count(*)::int as pending, min(pending_since) as since from calls where due_at is not null)
  select clock_timestamp() as now,
    (select max(received_at) from came where door = 'zadarma') as last_notification_at,
    (select max(received_at) from came where door = 'mail') as last_message_at,
    (select count(*)::int from came where door = 'mail' and result = 'kept' and reason is distinct from 'review'
      and received_at > now() - interval '1 day') as set_aside,
    waiting, waiting.since as oldest_waiting_at,
    (select swept_until from sweep_marks where name = 'statistics') as last_reconciled_at,
    (select updated_at from mailboxes where id = ${mailboxId} and uid_validity is not null) as last_read_at,
    pending, pending.since as oldest_pending_at,
    (select count(*)::int from recordings where due_at is not null) as expected,
    (select count(*)::int from recorded where status = 'missing' and created_at > now() - interval '1 day') as missing
  from waiting, pending`

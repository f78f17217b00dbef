import { type Kysely, sql, type Transaction } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { recordChange } from '../audit/record.ts'
import type { Tables } from '../database/tables.ts'
import { emptyMessages } from '../inbox/empty.ts'
import { firstIdAfter, type InboxRow, messagesFrom } from '../inbox/store.ts'
import type { MailFolders } from '../mailbox/files.ts'
import { RETENTION } from './by.ts'

const NOTIFICATIONS_AT_ONCE = 5_000
const MAILS_AT_ONCE = 200
const DAY_MS = 86_400_000

const before = (days: number): string => firstIdAfter(Date.now() - days * DAY_MS)

/**
 * Forgets notifications that came so many days ago and are handled, some at a time. The same one again tells of a call
 * that is known, and changes nothing.
 *
 * @returns how many it were
 */
export async function forgetNotifications(query: Kysely<Tables>, days: number): Promise<number> {
  return query.transaction().execute(async (transaction) => {
    const { rows } = await sql`
      delete from inbox where id in (
        select id from inbox where id < ${before(days)} and door = 'zadarma' and handled_at is not null
        order by id limit ${NOTIFICATIONS_AT_ONCE} for update skip locked)
      returning id`.execute(transaction)
    if (rows.length > 0) await record(transaction, { notifications: rows.length })
    return rows.length
  })
}

/**
 * Removes what e-mails say that came so many days ago and are settled, some at a time; the same one again is still known.
 * One that waits for a person is kept.
 *
 * @returns how many it were
 */
export async function forgetMails(query: Kysely<Tables>, folders: MailFolders, days: number): Promise<number> {
  return query.transaction().execute(async (transaction) => {
    const { rows } = await sql<InboxRow>`
      select id, door, received_at, headers, ''::bytea as body, event, result, reason, call_id, handled_at, due_at, tries,
        fault, file_name, emptied_at
      from inbox where id < ${before(days)} and door = 'mail' and handled_at is not null and emptied_at is null
        and not exists (select from review_items where message_id = inbox.id and decided_at is null)
      order by id limit ${MAILS_AT_ONCE} for update skip locked`.execute(transaction)
    // Files cannot be brought back: whatever becomes of the transaction, the next one finds these rows again.
    await emptyMessages(transaction, folders, messagesFrom(rows))
    if (rows.length > 0) await record(transaction, { mails: rows.length })
    return rows.length
  })
}

const record = (transaction: Transaction<Tables>, counts: Record<string, number>): Promise<void> =>
  recordChange(transaction, RETENTION, 'retention.applied', uuidv7(), null, counts)

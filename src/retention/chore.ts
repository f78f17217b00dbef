import { type Kysely, sql } from 'kysely'
import type { Chore } from '../chores.ts'
import type { RetentionConfig } from '../config.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import type { Database } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { MailFolders } from '../mailbox/files.ts'
import { forgetMails, forgetNotifications } from './messages.ts'
import { expireRecordings } from './recordings.ts'

export interface RetentionOptions {
  database: Pick<Database, 'query'>
  folders: MailFolders
  retention: RetentionConfig
  log: { info: (fields: object, message: string) => void }
}

const LOOK_EVERY_MS = 600_000

/** Whoever is at it says so with each slice; else another server takes it up after this time. */
const CLAIMED_FOR = sql`interval '10 minutes'`
const DAILY = sql`interval '1 day'`

/** Removes what is old, once a day and on one server; nothing where everything is kept. */
export function retentionChores(options: RetentionOptions): Chore[] {
  if (Object.values(options.retention).every((days) => days === null)) return []
  return [
    {
      name: 'removal of what is old',
      everyMs: LOOK_EVERY_MS,
      work: async (signal) => {
        await removeOld(options, signal)
        return false
      },
    },
  ]
}

/** Removes what is old, slice by slice, where that is due. Whoever dies over it leaves the rest to the next one. */
async function removeOld({ database, folders, retention, log }: RetentionOptions, signal: AbortSignal): Promise<void> {
  const { query } = database
  if (!(await claim(query))) return
  const { recordingsDays, inboxDays, mailDays } = retention
  const inSlices = async (slice: () => Promise<number>): Promise<number> => {
    let removed = 0
    for (let count = await slice(); count > 0; count = await slice()) {
      removed += count
      signal.throwIfAborted()
      await moveDue(query, CLAIMED_FOR)
    }
    return removed
  }
  const removed = {
    recordings:
      recordingsDays === null ? 0 : await inSlices(() => expireRecordings(query, folders.recordings, recordingsDays)),
    notifications: inboxDays === null ? 0 : await inSlices(() => forgetNotifications(query, inboxDays)),
    mails: mailDays === null ? 0 : await inSlices(() => forgetMails(query, folders, mailDays)),
  }
  await moveDue(query, DAILY)
  log.info(removed, 'what is old was removed')
}

async function claim(query: Kysely<Tables>): Promise<boolean> {
  const { rows } = await sql`update sweep_marks set due_at = ${THIS_MOMENT} + ${CLAIMED_FOR}
    where name = 'retention' and due_at <= clock_timestamp() returning name`.execute(query)
  return rows.length > 0
}

async function moveDue(query: Kysely<Tables>, by: typeof DAILY): Promise<void> {
  await sql`update sweep_marks set due_at = ${THIS_MOMENT} + ${by} where name = 'retention'`.execute(query)
}

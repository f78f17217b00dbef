import { sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import { emptyMessages } from '../inbox/empty.ts'
import type { StoredMessage } from '../inbox/store.ts'
import { NotYetError, type Step, type Work } from './erasure.ts'
import { removeRecordingsOf } from './recordings.ts'
import { eachMessage, messagesAbout, tells } from './told-messages.ts'

/** One that was tried so often may never be handled. */
const TRIES_WAITED_FOR = 5

/** What was told of the person and is not handled yet is handled first, so that its call counts; then it is one of them. */
export const awaitMessages: Step = {
  name: 'messages that wait',
  do: async (work) => {
    const { query, askedAt, mails, traces, goOn } = work
    if (traces.areNone) return
    const isOld = sql`received_at <= ${formatInstant(askedAt)}::timestamptz`
    for await (const message of eachMessage(query, sql`due_at is not null and ${isOld}`)) {
      await goOn()
      if (!(await tells(message, work))) continue
      if (message.tries < TRIES_WAITED_FOR)
        throw new NotYetError('A message that tells of the contact is handled first.')
      await emptyMessages(query, mails.folders, [message])
    }
  },
}

/** The messages of the person's calls, and those that came to nothing and name the person. */
export const emptyMessagesOf: Step = {
  name: 'messages',
  do: async (work) => {
    for await (const told of messagesAbout(work)) {
      await removeOfDeleted(work, told)
      await emptyMessages(work.query, work.mails.folders, told)
      await work.goOn()
    }
  },
}

/** Of a deleted call that was no contact's, nothing but its messages tells whose it was. */
async function removeOfDeleted({ query, mails, goOn }: Work, told: readonly StoredMessage[]): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    update calls set erased_at = coalesce(erased_at, ${THIS_MOMENT})
    where id = any(${told.flatMap(({ callId }) => callId ?? [])}::uuid[]) and deleted_at is not null
    returning id`.execute(query)
  const ids = rows.map(({ id }) => id)
  await removeRecordingsOf({ query, mails, goOn }, ids)
}

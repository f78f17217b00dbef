import { type Kysely, sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import { removeFiles } from '../database/embedded-files.ts'
import type { Tables } from '../database/tables.ts'
import { EMPTIED } from '../inbox/message.ts'
import type { StoredMessage } from '../inbox/store.ts'
import { removeAudioOf } from '../mailbox/files.ts'
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

/**
 * Removes what messages say; what was one stays, so that it is known again. Their files first: without its file a message
 * is found again, but a file without its message would stay.
 */
export async function emptyMessages(
  query: Kysely<Tables>,
  folders: Work['mails']['folders'],
  messages: readonly Pick<StoredMessage, 'id' | 'door' | 'fileName' | 'receivedAt'>[],
): Promise<void> {
  if (messages.length === 0) return
  await removeFiles(
    folders.mails,
    messages.flatMap(({ fileName }) => fileName ?? []),
  )
  // What tries have left, which belongs to no recording.
  await removeAudioOf(
    { query },
    folders.recordings,
    messages.filter(({ door }) => door === 'mail'),
  )
  const ids = messages.map(({ id }) => id)
  await sql`update inbox set body = '', headers = '{}', file_name = null, fault = null,
      event = case door when 'mail' then ${EMPTIED} else event end, natural_key = erased_key(natural_key),
      result = coalesce(result, 'kept'), reason = case when result is null then 'erased' else reason end,
      handled_at = coalesce(handled_at, ${THIS_MOMENT}), due_at = null, emptied_at = ${THIS_MOMENT}
    where id = any(${ids}::uuid[]) and emptied_at is null`.execute(query)
}

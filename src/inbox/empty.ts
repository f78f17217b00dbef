import { type Kysely, sql } from 'kysely'
import { THIS_MOMENT } from '../database/clock.ts'
import { removeFiles } from '../database/embedded-files.ts'
import type { Tables } from '../database/tables.ts'
import { type MailFolders, removeAudioOf } from '../mailbox/files.ts'
import { EMPTIED } from './message.ts'
import type { StoredMessage } from './store.ts'

/**
 * Removes what messages say; what was one stays, so that it is known again. Their files first: without its file a message
 * is found again, but a file without its message would stay.
 */
export async function emptyMessages(
  query: Kysely<Tables>,
  folders: MailFolders,
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

import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { type Kysely, sql } from 'kysely'
import { THIS_MOMENT } from '../database/clock.ts'
import { hasCode, removeFiles } from '../database/embedded-files.ts'
import type { Tables } from '../database/tables.ts'
import type { Instant } from '../time.ts'
import type { Step, Work } from './erasure.ts'

/** The audio of the person's calls. That there was some stays. */
export const removeRecordings: Step = {
  name: 'recordings',
  do: (work) => removeRecordingsOf(work, work.callIds),
}

/** Of each its file first: without it, the row is found again, but a file without its row would stay. */
export async function removeRecordingsOf(
  { query, mails, goOn }: Pick<Work, 'query' | 'mails' | 'goOn'>,
  callIds: readonly string[],
): Promise<void> {
  const { rows } = await sql<StoredAudio>`
    select id, file_name as "fileName", created_at as "createdAt" from recordings
    where call_id = any(${callIds}::uuid[])`.execute(query)
  for (const one of rows) {
    await removeAudioFiles(mails.folders.recordings, one)
    await sql`update recordings set status = 'missing', due_at = null, fault = null, file_name = null,
        content_type = null, size_bytes = null, sha256 = null, updated_at = ${THIS_MOMENT}
      where id = ${one.id} and (status <> 'missing' or fault is not null)`.execute(query)
    await goOn()
  }
}

interface StoredAudio {
  id: string
  fileName: string | null
  createdAt: Instant
}

/** Also what a try at fetching it has left. */
async function removeAudioFiles(folder: string, { id, fileName, createdAt }: StoredAudio): Promise<void> {
  const month = new Date(createdAt).toISOString().slice(0, 7)
  const names = await readdir(path.join(folder, month)).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  })
  const own = names.filter((name) => name.startsWith(`${id}.`)).map((name) => `${month}/${name}`)
  await removeFiles(folder, [...own, ...(fileName === null ? [] : [fileName])])
}

/** The audio of a message that waits for a person, or did: it is no call's, and so nothing of it stays. */
export async function removeRecordingsOfItem(query: Kysely<Tables>, folder: string, itemId: string): Promise<void> {
  const { rows } = await sql<{ file_name: string | null }>`
    select file_name from recordings where review_item_id = ${itemId}`.execute(query)
  await removeFiles(
    folder,
    rows.flatMap(({ file_name }) => file_name ?? []),
  )
  await sql`delete from recordings where review_item_id = ${itemId}`.execute(query)
}

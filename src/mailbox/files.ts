import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { validate as isUuid } from 'uuid'
import type { Database } from '../database/database.ts'
import { hasCode, removeFiles } from '../database/embedded-files.ts'
import type { Instant } from '../time.ts'
import { isAudioOf } from './audio-id.ts'
import { handledMailsSince, knownMessages, usedAudio } from './store.ts'

/** The folders that mails need, absolute. */
export interface MailFolders {
  /** Of large raw messages. */
  mails: string
  recordings: string
}

const DAY_MS = 86_400_000
/** The clocks of servers that share a folder may differ by more than a day, and what one just takes in is not another's. */
const LOST_AFTER_MS = 3 * DAY_MS
const AT_ONCE = 500

/**
 * Removes audio that a handled message brought and no recording has.
 *
 * @param fileNames in the folder of recordings
 */
export async function removeUnusedAudio(
  database: Pick<Database, 'query'>,
  folder: string,
  fileNames: readonly string[],
): Promise<void> {
  if (fileNames.length === 0) return
  const used = await usedAudio(database, fileNames)
  await removeFiles(
    folder,
    fileNames.filter((name) => !used.has(name)),
  )
}

interface Received {
  id: string
  receivedAt: Instant
}

/** Removes whatever tries at messages have left in the folder of recordings, once they will not be tried again. */
export async function removeAudioOf(
  database: Pick<Database, 'query'>,
  folder: string,
  messages: readonly Received[],
): Promise<void> {
  const monthOf = ({ receivedAt }: Received): string => new Date(receivedAt).toISOString().slice(0, 7)
  for (const month of new Set(messages.map(monthOf))) {
    const namesByMoment = new Map<string, string[]>()
    for (const name of await readdir(path.join(folder, month)).catch(nothingThere)) {
      namesByMoment.set(momentOf(name), [...(namesByMoment.get(momentOf(name)) ?? []), name])
    }
    const left = messages.flatMap(({ id }) =>
      (namesByMoment.get(momentOf(id)) ?? []).filter((name) => isAudioOf(name, id)),
    )
    await removeUnusedAudio(
      database,
      folder,
      left.map((name) => `${month}/${name}`),
    )
  }
}

/** The digits of an id of version 7 that tell its moment. */
const momentOf = (id: string): string => id.slice(0, 13)

/** Removes what a server that died has left of messages that were handled since yesterday. */
export async function removeLeftAudio(database: Database, folder: string): Promise<void> {
  await removeAudioOf(database, folder, await handledMailsSince(database, Date.now() - DAY_MS))
}

/**
 * Removes files older than three days that no message knows: those of messages that were received and never committed;
 * and those that messages have left whose content is gone.
 *
 * @returns how many it were
 */
export async function removeLostMails(database: Database, folder: string): Promise<number> {
  const names = (await readdir(folder).catch(nothingThere)).filter((name) => isUuid(name.slice(0, name.indexOf('.'))))
  let removed = 0
  for (let start = 0; start < names.length; start += AT_ONCE) {
    const some = names.slice(start, start + AT_ONCE)
    const known = await knownMessages(
      database,
      some.filter((name) => name.endsWith('.eml')).map((name) => name.slice(0, -4)),
    )
    for (const name of some) {
      const isEmptied = known.get(name.slice(0, -4))
      const isLost = isEmptied ?? (await isOld(path.join(folder, name)))
      if (!isLost) continue
      await rm(path.join(folder, name), { force: true })
      removed++
    }
  }
  return removed
}

async function isOld(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => null)
  return found !== null && Date.now() - found.mtimeMs > LOST_AFTER_MS
}

function nothingThere(error: unknown): string[] {
  if (hasCode(error, 'ENOENT', 'ENOTDIR')) return []
  throw error
}

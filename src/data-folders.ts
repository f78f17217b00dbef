import path from 'node:path'
import type { Config } from './config.ts'
import type { MailFolders } from './mailbox/files.ts'

/**
 * Where files lie that are no database.
 *
 * @param dataPlace where the embedded database says that its data are
 */
export function dataFolders({ databaseUrl, dataDir }: Config, dataPlace: string): MailFolders {
  const folder = databaseUrl === null ? dataPlace : dataDir
  return { recordings: path.join(folder, 'recordings'), mails: path.join(folder, 'mails') }
}

import { dataFolders } from '../data-folders.ts'
import { restore } from '../transfer/restore.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { exportedWords } from './export.ts'
import { json } from './terminal.ts'

/** What encrypts second factors has come along; a service reads it when it starts. */
const START_ANEW =
  'A service that runs on this database has to be started anew before people log in, with the AUTH_SECRET of the one that was exported where that one had it set.'

/** Puts an export back into an empty database. */
export async function restoreDatabase(
  file: string,
  { json: isForMachines = false }: { json?: boolean },
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, config, signal } = surroundings
  const { rows, files } = await withDatabase(surroundings, async (database, dataPlace) => {
    try {
      const folders = dataFolders(config(), dataPlace)
      return await restore(file, database, { folders, signal, onProgress: terminal.progress })
    } catch (error) {
      if (signal.aborted) terminal.note('Ended. Nothing was written.')
      throw error
    } finally {
      terminal.progress('')
    }
  })
  if ((rows.users ?? 0) > 0) terminal.note(START_ANEW)
  terminal.print(isForMachines ? json({ rows, files }) : `Restored ${exportedWords({ rows, files })}.\n`)
}

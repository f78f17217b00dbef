import { COMMAND_LINE } from '../audit/actor.ts'
import { dataFolders } from '../data-folders.ts'
import type { Database } from '../database/database.ts'
import { type Doors, openDoors } from '../inbox/doors.ts'
import { loadWording } from '../mailbox/wording.ts'
import { createMetrics } from '../metrics.ts'
import type { Surroundings } from './command.ts'
import { registerOf } from './register.ts'

/**
 * The service's own way of handling messages, with a register of this process.
 *
 * @throws ConfigError where the wording of mails cannot be read
 */
export function doorsOf(
  database: Database,
  dataPlace: string,
  { config, terminal }: Pick<Surroundings, 'config' | 'terminal'>,
): Doors {
  const settings = config()
  return openDoors({
    config: settings,
    folders: dataFolders(settings, dataPlace),
    by: COMMAND_LINE,
    wording: loadWording(settings.mail.patternsFile),
    database,
    register: registerOf(database, terminal),
    metrics: createMetrics(),
    log: { warn: (_: object, message: string) => terminal.note(message) },
  })
}

import { createReadStream } from 'node:fs'
import path from 'node:path'
import { dataFolders } from '../data-folders.ts'
import { findMessage, type StoredMessage } from '../inbox/store.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { becameOf, fieldsOf, localTime, messageJson } from './message-words.ts'
import { json, type Terminal, table } from './terminal.ts'

/**
 * Shows one message.
 *
 * @throws where there is none with this id
 */
export async function showMessage(
  id: string,
  { raw = false, json: isForMachines = false }: { raw?: boolean; json?: boolean },
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, config } = surroundings
  const { message, folders } = await withDatabase(surroundings, async (database, dataPlace) => ({
    message: await findMessage(database, id),
    folders: dataFolders(config(), dataPlace),
  }))
  if (message === null) throw new Error(`There is no message with the id ${id}.`)
  const { fileName } = message
  const file = fileName === null ? null : path.join(folders.mails, fileName)
  if (raw && file !== null) return printFile(file, terminal)
  if (raw) return terminal.print(message.body)
  const fields = await fieldsOf(message)
  if (isForMachines) {
    const body = file === null ? { body_base64: message.body.toString('base64') } : { file }
    return terminal.print(json({ ...messageJson(message, fields), ...body }))
  }
  terminal.print(words(message, fields, config().zadarma.timezone))
}

function words(message: StoredMessage, fields: Readonly<Record<string, string>> | null, zone: string): string {
  const { id, door, event, receivedAt, handledAt, dueAt, callId, headers, body, fileName, isEmptied } = message
  const about = [
    ['id', id],
    ['door', door],
    ['event', event],
    ['received', `${localTime(receivedAt, zone)} (${zone})`],
    ['became', becameOf(message)],
    ...(callId === null ? [] : [['call', callId]]),
    ...(handledAt === null ? [] : [['handled', localTime(handledAt, zone)]]),
    ...(dueAt === null ? [] : [['tried next', localTime(dueAt, zone)]]),
  ]
  if (isEmptied) return `${table(about)}\nIts content is gone: it was erased, or old.\n`
  const content =
    fields === null
      ? `\n${fileName === null ? `Body: ${body.length} bytes` : `A file, ${fileName}`}, which --raw shows\n`
      : `\nFields\n${indented(Object.entries(fields))}`
  return `${table(about)}\nHeaders\n${indented(Object.entries(headers))}${content}`
}

/** Piece by piece: it may be large. */
async function printFile(file: string, terminal: Terminal): Promise<void> {
  for await (const chunk of createReadStream(file)) terminal.print(chunk)
}

const indented = (entries: readonly (readonly [string, string])[]): string =>
  table(entries.map(([name, value]) => [`  ${name}`, value]))

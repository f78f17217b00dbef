import { findMessage, type StoredMessage } from '../inbox/store.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { becameOf, fieldsOf, localTime, messageJson } from './message-words.ts'
import { json, table } from './terminal.ts'

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
  const message = await withDatabase(surroundings, (database) => findMessage(database, id))
  if (message === null) throw new Error(`There is no message with the id ${id}.`)
  if (raw) return terminal.print(message.body)
  const fields = await fieldsOf(message)
  if (isForMachines) {
    return terminal.print(json({ ...messageJson(message, fields), body_base64: message.body.toString('base64') }))
  }
  terminal.print(words(message, fields, config().zadarma.timezone))
}

function words(message: StoredMessage, fields: Readonly<Record<string, string>> | null, zone: string): string {
  const { id, door, event, receivedAt, handledAt, dueAt, callId, headers, body } = message
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
  const content =
    fields === null
      ? `\nBody: ${body.length} bytes, which --raw shows\n`
      : `\nFields\n${indented(Object.entries(fields))}`
  return `${table(about)}\nHeaders\n${indented(Object.entries(headers))}${content}`
}

const indented = (entries: readonly (readonly [string, string])[]): string =>
  table(entries.map(([name, value]) => [`  ${name}`, value]))

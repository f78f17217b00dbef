import { listMessages, type MessageFilter, type StoredMessage } from '../inbox/store.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { becameOf, fieldsOf, localTime, messageJson } from './message-words.ts'
import { json, table } from './terminal.ts'

/** So many bodies are in memory at once. */
const PAGE = 100

/** Shows the newest messages that the filter leaves. */
export async function listInbox(
  filter: MessageFilter,
  { limit, json: isForMachines = false }: { limit: number; json?: boolean },
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, signal, config } = surroundings
  const { timezone } = config().zadarma
  const rows = await withDatabase(surroundings, async (database) => {
    const found: { row: string[]; machine: object }[] = []
    let after: string | null = null
    for (;;) {
      signal.throwIfAborted()
      const size: number = Math.min(PAGE, limit - found.length)
      const page: StoredMessage[] = await listMessages(database, filter, size, after)
      for (const message of page) found.push(await shown(message, timezone))
      if (page.length < size || found.length === limit) return found
      after = page.at(-1)?.id ?? null
    }
  })
  if (isForMachines) return terminal.print(json(rows.map(({ machine }) => machine)))
  if (rows.length === 0) return terminal.note('There is no such message.')
  const heads = ['ID', `RECEIVED (${timezone})`, 'EVENT', 'FROM', 'TO', 'BECAME', 'CALL']
  terminal.print(table([heads, ...rows.map(({ row }) => row)]))
}

async function shown(message: StoredMessage, zone: string): Promise<{ row: string[]; machine: object }> {
  const fields = await fieldsOf(message)
  const { caller_id = '', internal = '', destination = '', called_did = '' } = fields ?? {}
  // An outgoing call names its caller at times as 0.
  const caller = caller_id === '' || caller_id === '0' ? internal : caller_id
  const from = message.door === 'mail' ? (message.headers.from ?? '') : caller
  return {
    row: [
      message.id,
      localTime(message.receivedAt, zone),
      message.event,
      from,
      destination || called_did,
      becameOf(message),
      message.callId ?? '',
    ],
    machine: messageJson(message, fields),
  }
}

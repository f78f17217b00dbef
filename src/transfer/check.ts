import { withoutFormula } from './cells.ts'
import type { Columns } from './columns.ts'
import type { Door } from './doors.ts'
import { TransferError } from './error.ts'
import { FIELDS } from './fields.ts'
import type { ImportOptions } from './import.ts'
import { OrderOfCalls } from './order.ts'
import { Reader } from './reader.ts'
import { rowsOf, type Source } from './rows.ts'
import { isMonthFirst } from './times.ts'

const PROGRESS_LINES = 1_000

/**
 * Looks at all of a file before anything is written.
 *
 * @throws TransferError where it cannot be read to its end, has dates of which nobody can tell what they mean, or calls in
 * an order in which the wrong ones would become attempts
 */
export async function checkFile<Data>(
  source: Source,
  columns: Columns,
  door: Door<Data>,
  sizeBytes: number,
  options: Omit<ImportOptions, 'onFault'>,
): Promise<void> {
  const { kind, zone, signal, isUnsorted, onRemark } = options
  const { fields, unknown, derived } = columns
  for (const name of unknown) {
    const what = name === '' ? 'A column without a name' : `The column "${name}"`
    onRemark(
      `${what} is no field of ${kind} that is known, and is left out. (--map "${name}=<field>" takes it, --map "${name}=" says that it is to be left out.)`,
    )
  }
  if (derived.length > 0) onRemark(`Left to First Call, which keeps them by itself: ${derived.join(', ')}.`)
  if (kind === 'calls' && fields.includes('entity_id') && !fields.includes('entity_type')) {
    onRemark(
      'The file has no column for entity_type, so that none of its calls is an attempt. Where all are to contacts, say --map "<column>=contact_id" of the one with their ids.',
    )
  }
  const reader = new Reader({ kind, names: source.names, fields, zone, schema: door.schema })
  const times = fields.flatMap((field, place) =>
    field !== null && FIELDS[kind][field]?.shape === 'time' ? [place] : [],
  )
  const order = new OrderOfCalls()
  let lines = 0
  let timeless = 0
  let readBytes = 0
  const rows = rowsOf(source, (bytes) => {
    readBytes += bytes
  })
  for await (const row of rows) {
    if (signal.aborted) return
    lines++
    if (lines % PROGRESS_LINES === 0) options.onProgress({ isWriting: false, readBytes, sizeBytes, lines })
    for (const place of times) refuseMonthFirst(row.cells[place], source.names[place] ?? '', row.line)
    if (kind !== 'calls') continue
    const understood = reader.read(row)
    if ('faults' in understood) continue
    const call = understood.data as Parameters<OrderOfCalls['add']>[0]
    order.add(call)
    if (call.started_at == null && call.created_at == null) timeless++
  }
  if (timeless > 0) {
    onRemark(
      `${timeless} of ${lines} lines tell no time (started_at, created_at): their calls are taken for calls of this moment.`,
    )
  }
  const { contactsAtFault } = order
  if (contactsAtFault === 0 || isUnsorted) return
  const sentence =
    `Of ${contactsAtFault} contacts the calls are not in the order of time. The first five that arrive become attempts, and none ` +
    'after one that is green: other calls would be counted than those that were first. Sort the file by started_at, the oldest first.'
  if (!options.isDryRun) throw new TransferError(`${sentence} (--unsorted takes it as it is.) Nothing was written.`)
  onRemark(sentence)
}

function refuseMonthFirst(cell: unknown, name: string, line: number): void {
  if (typeof cell !== 'string' || !isMonthFirst(withoutFormula(cell))) return
  throw new TransferError(
    `The column "${name}" has dates with the month first (line ${line}: ${cell.trim()}), so that 02/01/2025 could be either day. ` +
      'Write them as 2025-01-02 10:00. Nothing was written.',
  )
}

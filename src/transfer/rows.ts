import { csvRecords, csvRows, delimiterOf } from './csv.ts'
import { type Encoding, encodingOf, textOf } from './encoding.ts'
import { TransferError } from './error.ts'
import { jsonObjects, jsonRows } from './json-lines.ts'

/** A line of a file, cut into cells. */
export interface Row {
  /** Where it begins in the file, from 1 on. */
  line: number
  /** In the order of the file's columns. */
  cells: readonly unknown[]
  /** Why it cannot be read at all. */
  fault: string | null
  /** Of JSON Lines the line itself, where it cannot be read. */
  text: string | null
}

/** A file as it was found to be. */
export interface Source {
  file: string
  encoding: Encoding
  /** What stands between cells; null for JSON Lines. */
  delimiter: string | null
  /** Of its columns, in their order. */
  names: readonly string[]
}

/** So many different names are those of fields; more are data that stand in the wrong place. */
const MOST_NAMES = 1_000

/**
 * Finds out how a file is written: its encoding, CSV or JSON Lines, and what its columns are called.
 *
 * @throws TransferError where it is neither, or has no heading
 */
export async function sourceOf(file: string): Promise<Source> {
  const encoding = await encodingOf(file)
  const start = await startOf(textOf(file, encoding))
  const first = start.trimStart()[0]
  if (first === '[') {
    throw new TransferError(`${file} is one array of JSON. Write one object a line: jq -c '.[]' ${file} > lines.jsonl`)
  }
  if (first === '{') return { file, encoding, delimiter: null, names: await namesIn(file, encoding) }
  const delimiter = delimiterOf(start)
  for await (const { cells } of csvRecords(textOf(file, encoding), file, delimiter)) {
    return { file, encoding, delimiter, names: namesOf(cells, file) }
  }
  throw new TransferError(`${file} is empty.`)
}

/** Every line of the file but its heading and empty ones, as it streams by. */
export function rowsOf(
  { file, encoding, delimiter, names }: Source,
  onBytes?: (count: number) => void,
): AsyncGenerator<Row> {
  const text = textOf(file, encoding, onBytes)
  return delimiter === null ? jsonRows(text, names) : csvRows(text, file, delimiter, names.length)
}

const START = 64 * 1024

async function startOf(text: AsyncIterable<string>): Promise<string> {
  let start = ''
  for await (const part of text) {
    start += part
    if (start.length >= START) break
  }
  return start
}

/** Without the empty columns that Excel leaves at the end. */
function namesOf(cells: readonly string[], file: string): string[] {
  const names = cells.map((cell) => cell.trim())
  while (names.at(-1) === '') names.pop()
  if (names.length > MOST_NAMES) throw tooManyNames(file)
  const twice = names.find((name, place) => name !== '' && names.indexOf(name) !== place)
  if (twice !== undefined)
    throw new TransferError(`${file} has two columns that are called "${twice}". Rename one of them.`)
  return names
}

async function namesIn(file: string, encoding: Encoding): Promise<string[]> {
  const names = new Set<string>()
  for await (const found of jsonObjects(textOf(file, encoding))) {
    if ('object' in found) for (const name of Object.keys(found.object)) names.add(name)
    if (names.size > MOST_NAMES) throw tooManyNames(file)
  }
  if (names.size === 0) throw new TransferError(`${file} has no line that is a JSON object with fields.`)
  return [...names]
}

const tooManyNames = (file: string): TransferError =>
  new TransferError(`${file} has more than ${MOST_NAMES} columns: its lines are not those of a table.`)

import { Readable } from 'node:stream'
import { type CsvError, parse } from 'csv-parse'
import { TransferError } from './error.ts'
import type { Row } from './rows.ts'

/** Longer than any line that could be taken. Whatever is longer has a quote that nobody closes. */
export const LONGEST_LINE = 1024 * 1024

/** Those that a heading gives away. */
export const DELIMITERS: readonly string[] = [';', '\t', ',']
/** Excel's own word for the delimiter, on a line before the heading. */
const SEP = /^sep=(.)\r?\n/i

/** Tells by the first line of a file what stands between cells: by `sep=`, else what stands there most often. */
export function delimiterOf(start: string): string {
  const [, named] = SEP.exec(start) ?? []
  if (named !== undefined) return named
  const counts = new Map<string, number>()
  let isQuoted = false
  for (const letter of start) {
    if (letter === '"') isQuoted = !isQuoted
    else if (!isQuoted && (letter === '\n' || letter === '\r')) break
    else if (!isQuoted) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  }
  const count = (delimiter: string): number => counts.get(delimiter) ?? 0
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best))
}

const LINE_BREAK = /\r\n|\n|\r/g

const isBlank = (cell: string): boolean => cell.trim() === ''

/**
 * The lines of a file, cut into cells, as they stream by; the heading first. Lines of nothing but delimiters, as Excel
 * leaves them, are none.
 *
 * @throws TransferError where a quote is opened that nobody closes
 */
export async function* csvRecords(
  text: AsyncIterable<string>,
  file: string,
  delimiter: string,
): AsyncGenerator<{ line: number; cells: string[] }> {
  const head = { lines: 0 }
  const source = Readable.from(withoutSep(text, head))
  const parser = parse({
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_quotes: true,
    relax_column_count: true,
    max_record_size: LONGEST_LINE,
  })
  source.on('error', (error) => parser.destroy(error))
  source.pipe(parser)
  let line = 1
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      if (!cells.every(isBlank)) yield { line: line + head.lines, cells }
      // Itself counts a line break of Windows in a cell as two.
      line += 1 + cells.reduce((count, cell) => count + (cell.match(LINE_BREAK)?.length ?? 0), 0)
    }
  } catch (error) {
    throw sentenceOf(error, file, line + head.lines)
  } finally {
    source.destroy()
    parser.destroy()
  }
}

function sentenceOf(error: unknown, file: string, line: number): unknown {
  switch ((error as CsvError).code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return new TransferError(
        `${file}, line ${line}: a cell there begins with a quote that is not closed before the file ends. Is the file cut off?`,
      )
    case 'CSV_MAX_RECORD_SIZE':
      return new TransferError(
        `${file}, line ${line}: the line that begins there has more than ${LONGEST_LINE} characters. Is a quote not closed?`,
      )
    default:
      return error
  }
}

async function* withoutSep(text: AsyncIterable<string>, head: { lines: number }): AsyncGenerator<string> {
  let start: string | null = ''
  for await (const part of text) {
    if (start === null) {
      yield part
      continue
    }
    start += part
    if (start.length < 'sep=;\r\n'.length) continue
    yield bare(start, head)
    start = null
  }
  if (start !== null) yield bare(start, head)
}

function bare(start: string, head: { lines: number }): string {
  const [sep = ''] = SEP.exec(start) ?? []
  if (sep !== '') head.lines = 1
  return start.slice(sep.length)
}

/** The lines after the heading. */
export async function* csvRows(
  text: AsyncIterable<string>,
  file: string,
  delimiter: string,
  columns: number,
): AsyncGenerator<Row> {
  let isHeading = true
  for await (const { line, cells } of csvRecords(text, file, delimiter)) {
    if (!isHeading) yield { line, cells, fault: faultOf(cells, columns), text: null }
    isHeading = false
  }
}

function faultOf(cells: readonly string[], columns: number): string | null {
  const surplus = cells.slice(columns)
  if (cells.length >= columns && surplus.every(isBlank)) return null
  const counts = `has ${cells.length} cells, and the heading ${columns}`
  return cells.length < columns
    ? `${counts}: is the file cut off, or a line break in a cell without quotes?`
    : `${counts}: is there a delimiter in a cell without quotes?`
}

import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { textOf } from './encoding.ts'
import { TransferError } from './error.ts'
import {
  type Ending,
  ending,
  type FilePiece,
  filePiece,
  type Heading,
  heading,
  isFileBelow,
  LONGEST_EXPORTED_LINE,
  rowIn,
} from './format.ts'
import { linesOf } from './json-lines.ts'
import { EXPORTED } from './tables.ts'

/** A line of an export after its heading and before its end. */
export type ExportedLine = { table: string; row: string } | { piece: FilePiece }

/** What an export says of itself, once it is known to be whole. */
export interface Verified {
  heading: Heading
  end: Ending
}

/**
 * Reads an export from its first line to its last, and makes sure that it is what was written.
 *
 * @throws TransferError where it is none, was cut off, or was changed
 */
export async function verifyExport(file: string, signal: AbortSignal): Promise<Verified> {
  const hash = createHash('sha256')
  const counts = new Map<string, number>()
  const files = { count: 0, bytes: 0 }
  let found: Heading | null = null
  let end: Ending | null = null
  let open: FilePiece | null = null
  let place = 0
  for await (const { line, text } of exportedText(file)) {
    signal.throwIfAborted()
    if (end !== null) throw damaged(file, `line ${line} comes after its end`)
    if (found === null) {
      found = headingOf(text, file)
    } else if (text.startsWith('{"end":')) {
      end = parsed(ending, text)?.end ?? null
      if (end === null) throw damaged(file, `line ${line} is no end`)
      continue
    } else {
      const content = contentOf(text)
      if (content === null) throw damaged(file, `line ${line} is neither a row nor a file`)
      if ('table' in content) {
        const next = EXPORTED.findIndex(({ name }) => name === content.table)
        if (next < place) throw damaged(file, `line ${line} has a row of "${content.table}", which is not to be there`)
        if (!isFileBelow(content)) throw damaged(file, `line ${line} names a file outside of its folder`)
        place = next
        counts.set(content.table, (counts.get(content.table) ?? 0) + 1)
      } else {
        open = following(open, content.piece)
        if (open === null) throw damaged(file, `line ${line} is no piece of the file before it`)
        if (open.at === 0) files.count++
        files.bytes += Buffer.byteLength(open.base64, 'base64')
        if (isLast(open)) open = null
      }
    }
    hash.update(text).update('\n')
  }
  if (found === null) throw damaged(file, 'it is empty')
  if (end === null || open !== null) throw damaged(file, 'its end is missing, so it was cut off')
  if (hash.digest('hex') !== end.sha256) throw damaged(file, 'it is not what was written')
  const isComplete = Object.entries(end.rows).every(([table, count]) => (counts.get(table) ?? 0) === count)
  if (!isComplete || files.count !== end.files.count || files.bytes !== end.files.bytes) {
    throw damaged(file, 'it has not as many rows and files as it says')
  }
  return { heading: found, end }
}

/** The rows and files of an export that was verified, as they stream by. */
export async function* linesOfExport(file: string): AsyncGenerator<ExportedLine> {
  for await (const { line, text } of exportedText(file)) {
    if (line === 1 || text.startsWith('{"end":')) continue
    const content = contentOf(text)
    if (content === null) throw damaged(file, `line ${line} changed while it was read`)
    yield content
  }
}

async function* exportedText(file: string): AsyncGenerator<{ line: number; text: string }> {
  try {
    for await (const { line, text } of linesOf(textOf(file, 'utf-8'), LONGEST_EXPORTED_LINE)) {
      if (text === null) throw damaged(file, `line ${line} is too long`)
      yield { line, text }
    }
  } catch (error) {
    // Of the decoder.
    if (error instanceof TypeError) throw damaged(file, 'it is not in UTF-8')
    throw error
  }
}

function headingOf(text: string, file: string): Heading {
  const found = parsed(heading, text)
  if (found === null) throw new TransferError(`${file} is no export of First Call, or one of a newer version.`)
  return found
}

function contentOf(text: string): ExportedLine | null {
  const row = rowIn(text)
  if (row !== null) return row
  const piece = parsed(filePiece, text)
  return piece === null ? null : { piece }
}

/** The piece where it goes on with the file before it, or begins one. */
function following(open: FilePiece | null, piece: FilePiece): FilePiece | null {
  if (open === null) return piece.at === 0 ? piece : null
  const isNext = piece.name === open.name && piece.file === open.file && piece.size === open.size
  return isNext && piece.at === endOf(open) ? piece : null
}

const endOf = ({ at, base64 }: FilePiece): number => at + Buffer.byteLength(base64, 'base64')
const isLast = (piece: FilePiece): boolean => endOf(piece) >= piece.size

function parsed<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

const damaged = (file: string, why: string): TransferError =>
  new TransferError(`${file} cannot be restored: ${why}. Nothing was written.`)

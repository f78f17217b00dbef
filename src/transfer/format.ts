import { z } from 'zod'

/*
 * An export is JSON Lines: a heading; the rows, table by table, as PostgreSQL writes them; the files, in pieces; and a last
 * line with the counts and a hash of all that is before it, so that a file that was cut off or changed is known for it.
 */

export const FORMAT = 1

export const heading = z.object({
  first_call_export: z.literal(FORMAT),
  version: z.string(),
  migrations: z.array(z.string()),
  exported_at: z.string(),
  has_files: z.boolean(),
})
export type Heading = z.output<typeof heading>

export const ending = z.object({
  end: z.object({
    rows: z.record(z.string(), z.number()),
    files: z.object({ count: z.number(), bytes: z.number() }),
    sha256: z.string(),
  }),
})
export type Ending = z.output<typeof ending>['end']

/** The folders of files. */
export type Folder = 'recordings' | 'mails'

/** Where a file is: below its folder, never outside. */
const FILE_NAME = /^(?:[\w-]+\/)?[\w-]+(?:\.[\w-]+)*$/

/** A piece of a file; the last one ends at its size. */
export const filePiece = z.object({
  file: z.enum(['recordings', 'mails']),
  name: z.string().regex(FILE_NAME),
  size: z.number().int().min(0),
  at: z.number().int().min(0),
  base64: z.base64(),
})
export type FilePiece = z.output<typeof filePiece>

/** So many bytes become a megabyte of base64. */
export const PIECE_BYTES = 768 * 1024
/** No line is longer: a row has at most a message of a quarter of a megabyte, in hexadecimal digits. */
export const LONGEST_EXPORTED_LINE = 64 * 1024 * 1024

const ROW = /^\{"table":"(\w+)","row":(\{.*\})\}$/s

/** A line with a row, which is JSON already. */
export const rowLine = (table: string, row: string): string =>
  // Line breaks of JSON outside its texts are blanks.
  `{"table":"${table}","row":${row.includes('\n') ? row.replaceAll('\n', ' ') : row}}\n`

/** The table and the row of a line, unread; null where it is none. */
export function rowIn(line: string): { table: string; row: string } | null {
  const [, table, row] = ROW.exec(line) ?? []
  return table === undefined || row === undefined ? null : { table, row }
}

/** The tables whose rows name files. */
const NAME_FILES: ReadonlySet<string> = new Set(['recordings', 'inbox'])
const named = z.object({ file_name: z.string().regex(FILE_NAME).nullable() })

/** Whether a row names no file but one of its folder: whoever reads, exports or removes that file trusts the name. */
export function isFileBelow({ table, row }: { table: string; row: string }): boolean {
  return !NAME_FILES.has(table) || named.safeParse(JSON.parse(row)).success
}

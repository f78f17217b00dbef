import { createHash } from 'node:crypto'
import type pg from 'pg'
import { formatInstant } from '../attempts/attempt.ts'
import type { Database } from '../database/database.ts'
import type { MailFolders } from '../mailbox/files.ts'
import { piecesOf } from './exported-files.ts'
import { type Ending, FORMAT, type Folder, type Heading, rowLine } from './format.ts'
import { columnsOf, EXPORTED, migrationsOf } from './tables.ts'

export interface ExportOptions {
  folders: MailFolders
  /** Of this program. */
  version: string
  hasFiles: boolean
  signal: AbortSignal
  onProgress: (words: string) => void
  /** A file that the database names and the folder has not. */
  onMissing: (folder: Folder, name: string) => void
}

/** A message has up to half a megabyte in its row, everything else far less. */
const ROWS_AT_ONCE = 200
const MESSAGES_AT_ONCE = 8

/**
 * Everything that First Call knows, as of one moment, as it streams by; see `format.ts`. Nothing is locked meanwhile.
 *
 * @returns what it came to
 */
export async function* exportLines(
  { patient }: Database,
  options: ExportOptions,
): AsyncGenerator<string, Pick<Ending, 'rows' | 'files'>> {
  const client = await patient.connect()
  const hash = createHash('sha256')
  const hashed = (text: string): string => {
    hash.update(text)
    return text
  }
  try {
    await client.query('begin isolation level repeatable read read only')
    // Whoever reads it may be slow; and all of it is wanted, so that the first rows need not come soon.
    await client.query(`set local idle_in_transaction_session_timeout = 0; set local cursor_tuple_fraction = 1;
      set local timezone = 'UTC'`)
    yield hashed(`${JSON.stringify(await headingOf(client, options))}\n`)
    const rows: Record<string, number> = {}
    for (const { name } of EXPORTED) {
      rows[name] = 0
      for await (const page of rowsOf(client, name)) {
        options.signal.throwIfAborted()
        rows[name] += page.length
        yield hashed(page.map((row) => rowLine(name, row)).join(''))
        options.onProgress(`${name}: ${rows[name]}`)
      }
    }
    const files = { count: 0, bytes: 0 }
    if (options.hasFiles) {
      for await (const { folder, name } of filesOf(client)) {
        for await (const piece of piecesOf(folder, name, options)) {
          options.signal.throwIfAborted()
          if (piece.at === 0) files.count++
          files.bytes += piece.bytes
          yield hashed(piece.line)
        }
        options.onProgress(`files: ${files.count}`)
      }
    }
    const end: Ending = { rows, files, sha256: hash.digest('hex') }
    yield `${JSON.stringify({ end })}\n`
    return { rows, files }
  } finally {
    await client.query('rollback').then(
      () => client.release(),
      () => client.release(true),
    )
  }
}

async function headingOf(client: pg.ClientBase, { version, hasFiles }: ExportOptions): Promise<Heading> {
  return {
    first_call_export: FORMAT,
    version,
    migrations: await migrationsOf(client),
    exported_at: formatInstant(Date.now()),
    has_files: hasFiles,
  }
}

async function* rowsOf(client: pg.ClientBase, table: string): AsyncGenerator<string[]> {
  const { columns, key } = await columnsOf(client, table)
  const statement = `select row_to_json(r)::text as row from (select ${columns} from ${table} order by ${key}) as r`
  const pages = pagesOf<{ row: string }>(client, statement, table === 'inbox' ? MESSAGES_AT_ONCE : ROWS_AT_ONCE)
  for await (const page of pages) yield page.map(({ row }) => row)
}

async function* filesOf(client: pg.ClientBase): AsyncGenerator<{ folder: Folder; name: string }> {
  const statement = `
    select distinct 'recordings' as folder, file_name as name from recordings where file_name is not null
    union all
    select 'mails', file_name from inbox where file_name is not null
    order by 1, 2`
  for await (const page of pagesOf<{ folder: Folder; name: string }>(client, statement, ROWS_AT_ONCE)) yield* page
}

async function* pagesOf<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  statement: string,
  size: number,
): AsyncGenerator<Row[]> {
  await client.query(`declare page no scroll cursor for ${statement}`)
  for (;;) {
    const { rows } = await client.query<Row>(`fetch ${size} from page`)
    if (rows.length > 0) yield rows
    if (rows.length < size) break
  }
  await client.query('close page')
}

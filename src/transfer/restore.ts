import type pg from 'pg'
import type { Database } from '../database/database.ts'
import { counted } from '../http/refusal.ts'
import type { MailFolders } from '../mailbox/files.ts'
import { TransferError } from './error.ts'
import { RestoredFiles } from './exported-files.ts'
import type { Ending, Heading } from './format.ts'
import { columnsOf, EXPORTED, migrationsOf } from './tables.ts'
import { linesOfExport, verifyExport } from './verify.ts'

export interface RestoreOptions {
  folders: MailFolders
  signal: AbortSignal
  onProgress: (words: string) => void
}

const BATCH_ROWS = 200
const BATCH_TEXT = 1_000_000

/**
 * Puts back all that an export has: the whole of it in one transaction, or nothing. The files are on the disk before the
 * rows that name them are committed.
 *
 * @throws TransferError where the export is not whole, was made by another version, or the database is not empty
 */
export async function restore(file: string, database: Database, options: RestoreOptions): Promise<Ending> {
  const { folders, signal, onProgress } = options
  onProgress('looking at all of it')
  const { heading, end } = await verifyExport(file, signal)
  const files = new RestoredFiles(folders)
  const client = await database.patient.connect()
  let isCommitting = false
  try {
    await client.query('begin')
    await client.query(`set local idle_in_transaction_session_timeout = 0; set local lock_timeout = '10s';
      set local timezone = 'UTC'`)
    await refuseOtherVersion(client, heading, file)
    await prepareTables(client)
    const rows = new Rows(client, (table, count) => onProgress(`${table}: ${count}`))
    for await (const line of linesOfExport(file)) {
      signal.throwIfAborted()
      if ('table' in line) await rows.add(line)
      else await files.add(line.piece)
    }
    await rows.flush()
    await client.query(`select setval('audit_id_seq', greatest((select max(id) from audit), 1))`)
    signal.throwIfAborted()
    isCommitting = true
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    client.release(true)
    // Of a commit whose answer was lost nobody knows; files too many do no harm.
    if (!isCommitting) await files.undo()
    throw error
  }
  client.release()
  // The plans of a database that was empty a moment ago.
  await database.patient.query('analyze')
  return end
}

async function refuseOtherVersion(
  client: pg.ClientBase,
  { migrations, version }: Heading,
  file: string,
): Promise<void> {
  const own = await migrationsOf(client)
  if (own.join() === migrations.join()) return
  const isNewer = migrations.some((name) => !own.includes(name))
  throw new TransferError(
    `${file} was made by ${isNewer ? 'a newer' : 'an older'} version of First Call (${version}, with the migrations up to ` +
      `${migrations.at(-1)}). Restore it with that version${isNewer ? '' : ', then start this one'}. Nothing was written.`,
  )
}

/** Nobody else writes until the end; and nothing of what is there is mixed with what comes. */
async function prepareTables(client: pg.ClientBase): Promise<void> {
  const alone = EXPORTED.filter(({ way }) => way !== 'joined').map(({ name }) => name)
  await client.query(`lock table ${alone.join(', ')} in share row exclusive mode`)
  const full: string[] = []
  for (const { name, way } of EXPORTED) {
    if (way === 'started') await client.query(`delete from ${name}`)
    if (way !== 'kept') continue
    const { rows } = await client.query<{ count: number }>(`select count(*) as count from ${name}`)
    const count = rows[0]?.count ?? 0
    if (count > 0) full.push(`${name} has ${counted(count, 'row')}`)
  }
  if (full.length === 0) return
  throw new TransferError(
    `The database is not empty: ${full.join(', ')}. An export goes into an empty one; set another DATA_DIR or DATABASE_URL. Nothing was written.`,
  )
}

/** Rows of one table after another, many in a statement. */
class Rows {
  readonly #client: pg.ClientBase
  readonly #onTable: (table: string, count: number) => void
  #table = ''
  #columns = ''
  #waiting: string[] = []
  #text = 0
  #count = 0

  constructor(client: pg.ClientBase, onTable: (table: string, count: number) => void) {
    this.#client = client
    this.#onTable = onTable
  }

  async add({ table, row }: { table: string; row: string }): Promise<void> {
    if (table !== this.#table) {
      await this.flush()
      this.#table = table
      this.#columns = (await columnsOf(this.#client, table)).columns
      this.#count = 0
    }
    this.#waiting.push(row)
    this.#text += row.length
    if (this.#waiting.length >= BATCH_ROWS || this.#text >= BATCH_TEXT) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return
    // Of tables that have rows already, those stay.
    await this.#client.query(
      `insert into ${this.#table} (${this.#columns})
       select ${this.#columns} from json_populate_recordset(null::${this.#table}, $1::json) ${ON_CONFLICT(this.#table)}`,
      [`[${this.#waiting.join(',')}]`],
    )
    this.#count += this.#waiting.length
    this.#waiting = []
    this.#text = 0
    this.#onTable(this.#table, this.#count)
  }
}

const ON_CONFLICT = (table: string): string =>
  EXPORTED.some(({ name, way }) => name === table && way === 'joined') ? 'on conflict do nothing' : ''

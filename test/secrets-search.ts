import { appendFileSync } from 'node:fs'
import pg from 'pg'
import type { Connection } from '../src/database/database.ts'

/* S7: where somebody would look for a secret. */

/** Every row of every table, as text; what is kept byte for byte is there as its text, too. */
export async function everyRow(query: (text: string) => Promise<{ rows: pg.QueryResultRow[] }>): Promise<string> {
  const { rows: tables } = await query(
    `select format('%I', tablename) as name from pg_tables where schemaname = 'public'`,
  )
  const texts: string[] = []
  for (const { name } of tables) {
    const { rows } = await query(`select t::text as row from ${name} t`)
    for (const { row } of rows) texts.push(`${name}: ${row}`, unhexed(row))
  }
  return texts.join('\n')
}

const unhexed = (row: string): string =>
  row.replace(/\\\\?x([0-9a-f]+)/g, (_, hex: string) => Buffer.from(hex, 'hex').toString())

/** A file to which everything is written that somebody may read: logs, errors, rows. Without it nothing is. */
const FILE = process.env.S7_FILE

export const isSearched = FILE !== undefined

/** Keeps what may have a secret in it, for a search through the whole suite. */
export function keepForSearch(where: 'log' | 'error' | 'dump', text: string): void {
  if (FILE !== undefined && text !== '') appendFileSync(FILE, text.replaceAll(/^/gm, `${where} `).concat('\n'))
}

/** Keeps every row of a database that is about to be thrown away. */
export async function keepRows(connection: Connection): Promise<void> {
  const client = new pg.Client(connection)
  await client.connect()
  // A test may have spoilt what it needed no more.
  await everyRow((text) => client.query(text)).then(
    (rows) => keepForSearch('dump', rows),
    () => undefined,
  )
  await client.end()
}

import type pg from 'pg'
import type { Tables } from '../database/tables.ts'

/**
 * What an export does with each table; those that refer to others after them. `kept`: row by row; only into a table that
 * is empty. `started`: likewise, in place of what a first start has written. `joined`: beside what is there already.
 */
const TABLES: Readonly<Record<keyof Tables, 'kept' | 'started' | 'joined' | 'derived'>> = {
  contacts: 'kept',
  lead_opportunities: 'kept',
  // By triggers.
  listed_opportunities: 'derived',
  contacts_without_opportunity: 'derived',
  foreign_attempts: 'kept',
  calls: 'kept',
  inbox: 'kept',
  review_items: 'kept',
  recordings: 'kept',
  dial_requests: 'kept',
  idempotency_requests: 'kept',
  idempotency_keys: 'kept',
  sync_runs: 'kept',
  erasures: 'kept',
  // The first start has written that it made a key.
  audit: 'joined',
  audit_values: 'kept',
  mailboxes: 'started',
  sweep_marks: 'started',
  // The first start makes one and shows it once: it stays valid, and so are those of the export.
  api_keys: 'joined',
  users: 'kept',
  user_accounts: 'kept',
  user_two_factors: 'kept',
  // The first start makes one; that of the export is the one that second factors are encrypted with.
  service_secrets: 'started',
  // Whoever was calling takes the next one.
  claims: 'derived',
  // Whoever was logged in logs in again.
  user_sessions: 'derived',
  user_links: 'derived',
  // By migrations/.
  schema_migrations: 'derived',
}

export interface ExportedTable {
  name: string
  way: 'kept' | 'started' | 'joined'
}

/** The tables of an export, in the order in which they can be filled. */
export const EXPORTED: readonly ExportedTable[] = Object.entries(TABLES).flatMap(([name, way]) =>
  way === 'derived' ? [] : [{ name, way }],
)

/** The columns of a table that are not generated from others, quoted; and those of its key. */
export async function columnsOf(client: pg.ClientBase, table: string): Promise<{ columns: string; key: string }> {
  const { rows } = await client.query<{ columns: string; key: string }>(
    `select
       (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
        where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '') as columns,
       (select string_agg(quote_ident(attname), ', ' order by array_position(indkey::int2[], attnum))
        from pg_index join pg_attribute on attrelid = indrelid and attnum = any (indkey)
        where indrelid = $1::regclass and indisprimary) as key`,
    [table],
  )
  const [found] = rows
  if (found === undefined) throw new Error(`the table ${table} has no columns`)
  return found
}

/** The migrations that made a database what it is. */
export async function migrationsOf(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('select name from schema_migrations order by name')
  return rows.map(({ name }) => name)
}

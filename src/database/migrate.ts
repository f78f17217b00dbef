import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type pg from 'pg'

/** Held by whoever changes the schema, or who may use it. */
export const MIGRATION_LOCK = 4_012_026_001

/**
 * Brings the schema up to date: the files of `migrations/` in the order of their names, each in a transaction, forward
 * only. Safe where several servers start at once: the lock lasts as long as a transaction, so it holds behind a pooler.
 *
 * @returns the names of those that were applied
 * @throws where a migration fails, or where the database was migrated by a newer version of this service
 */
export async function migrate(pool: pg.Pool, folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const applied: string[] = []
  for (;;) {
    const name = await applyNext(pool, folder, files)
    if (name === null) return applied
    applied.push(name)
  }
}

/** Whether every migration has been applied. */
export async function isMigrated(pool: pg.Pool, folder: string): Promise<boolean> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql'))
  const { rows } = await pool.query<{ name: string }>('select name from schema_migrations')
  const names = new Set(rows.map((row) => row.name))
  return files.every((file) => names.has(file))
}

async function applyNext(pool: pg.Pool, folder: string, files: readonly string[]): Promise<string | null> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('set local statement_timeout = 0')
    await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    await client.query(`create table if not exists schema_migrations (
      name text primary key, applied_at timestamptz(3) not null default now())`)
    const { rows } = await client.query<{ name: string }>('select name from schema_migrations')
    const known = new Set(rows.map((row) => row.name))
    const unknown = [...known].filter((name) => !files.includes(name))
    if (unknown.length > 0) {
      throw new Error(
        `The database has migrations that this version does not know (${unknown.join(', ')}). Start the newer version that made them.`,
      )
    }
    const next = files.find((name) => !known.has(name))
    if (next !== undefined) {
      await client.query(await readFile(path.join(folder, next), 'utf8'))
      await client.query('insert into schema_migrations (name) values ($1)', [next])
    }
    await client.query('commit')
    client.release()
    return next ?? null
  } catch (error) {
    client.release(true)
    throw error
  }
}

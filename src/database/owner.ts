import type pg from 'pg'
import { type Connection, type Database, openDatabase } from './database.ts'
import { MIGRATION_LOCK, migrate } from './migrate.ts'

/**
 * Brings the schema up to date as the tables' owner, and gives the service's role what it needs, and no more: of the audit
 * to read it and to add to it.
 *
 * @param owner who owns the tables
 * @param database as the service's role
 * @param folder with the migrations
 * @throws what `migrate` throws; with a sentence where the service's role could alter the audit all the same
 */
export async function migrateAsOwner(owner: Connection, database: Database, folder: string): Promise<void> {
  const opened = openDatabase({
    connection: owner,
    hasPooler: database.hasPooler,
    onIdleError: () => undefined,
  })
  try {
    await migrate(opened.patient, folder)
    const { rows } = await database.general.query<{ role: string }>('select current_user as role')
    const role = rows[0]?.role ?? ''
    await grant(opened.patient, role)
    await refuseOwner(database.general, role)
  } finally {
    await opened.close()
  }
}

/** Of servers that start at once, one after the other. */
async function grant(pool: pg.Pool, role: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    const { rows } = await client.query<{ statement: string }>(GRANTS, [role])
    for (const { statement } of rows) await client.query(statement)
    await client.query('commit')
    client.release()
  } catch (error) {
    client.release(true)
    throw error
  }
}

/** On what the owner has in the schema of the connection: others may have tables there, too. */
const GRANTS = `
select format('revoke all on %I.audit from %I', current_schema(), $1::text) as statement, 1 as place
union all
select format('grant usage on schema %I to %I', current_schema(), $1::text), 2
union all
select format('grant %s %I.%I to %I', case
    when relkind = 'S' then 'usage, select, update on sequence'
    when relname = 'audit' then 'select, insert on'
    when relname = 'schema_migrations' then 'select on'
    else 'select, insert, update, delete on'
  end, current_schema(), relname, $1::text), 3
from pg_class
where relnamespace = current_schema()::regnamespace and relowner = current_user::regrole and relkind in ('r', 'S')
order by place`

/** A role that owns the audit, or may become who does, could take its guard away. */
async function refuseOwner(pool: pg.Pool, role: string): Promise<void> {
  const { rows } = await pool.query<{ canAlter: boolean }>(`
    select has_table_privilege('audit', 'update') or has_table_privilege('audit', 'delete')
      or has_table_privilege('audit', 'truncate') or pg_has_role(relowner, 'member') as "canAlter"
    from pg_class where oid = 'audit'::regclass`)
  if (rows[0]?.canAlter === false) return
  throw new Error(
    `The role ${role} of DATABASE_URL could alter the audit, although MIGRATION_DATABASE_URL is set: it owns the tables, ` +
      'is a superuser, or may become who owns them. Use another role in DATABASE_URL; tables that it owns go to another ' +
      `by REASSIGN OWNED BY ${role} TO <owner>.`,
  )
}

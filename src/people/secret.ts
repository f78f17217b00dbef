import { randomBytes } from 'node:crypto'
import type { Database } from '../database/database.ts'

/**
 * The secret with which cookies are signed and second factors encrypted: the given one, else the one in the database,
 * which the first server makes.
 */
export async function secretOf({ patient }: Pick<Database, 'patient'>, given: string | null): Promise<string> {
  if (given !== null) return given
  const { rows } = await patient.query<{ value: string }>(
    `with made as (
       insert into service_secrets (name, value) values ('auth', $1) on conflict (name) do nothing returning value)
     select value from made union all select value from service_secrets where name = 'auth'`,
    [randomBytes(32).toString('base64url')],
  )
  // Another server made it between the two: this statement did not see it yet.
  return rows[0]?.value ?? secretOf({ patient }, null)
}

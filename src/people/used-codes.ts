import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Tables } from '../database/tables.ts'

/**
 * Marks a code of an authenticator as used (RFC 6238, 5.2: whoever looked over a shoulder can do nothing with it).
 *
 * @returns whether it was not used yet
 */
export async function useCode(transaction: Kysely<Tables>, userId: string, code: string): Promise<boolean> {
  const hash = createHash('sha256').update(`${userId} ${code}`).digest()
  const { numAffectedRows } = await sql`
    insert into used_codes as used (code_sha256) values (${hash})
    on conflict (code_sha256) do update set used_at = now() where used.used_at < now() - interval '5 minutes'`.execute(
    transaction,
  )
  return numAffectedRows === 1n
}

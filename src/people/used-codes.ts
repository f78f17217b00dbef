import { createHash } from 'node:crypto'
import type { Database } from '../database/database.ts'

/**
 * Marks a code of an authenticator as used (RFC 6238, 5.2: whoever looked over a shoulder can do nothing with it).
 *
 * @returns whether it was not used yet
 */
export async function useCode({ general }: Database, userId: string, code: string): Promise<boolean> {
  const hash = createHash('sha256').update(`${userId} ${code}`).digest()
  const { rowCount } = await general.query(
    `insert into used_codes as used (code_sha256) values ($1)
     on conflict (code_sha256) do update set used_at = now() where used.used_at < now() - interval '5 minutes'`,
    [hash],
  )
  return rowCount === 1
}

import type { Database } from '../database/database.ts'
import { endSessions } from './store.ts'

/**
 * Remembers somebody's password, for a log-in takes time: whoever sets another one meanwhile has ended all sessions but
 * the one that is only being made.
 *
 * @param email in lower case
 * @returns whether it is the same afterwards; where it is not, all sessions of the person are over
 */
export async function rememberPassword(
  { query }: Pick<Database, 'query'>,
  email: string,
): Promise<() => Promise<boolean>> {
  const read = () =>
    query
      .selectFrom('users')
      .innerJoin('user_accounts', 'user_accounts.user_id', 'users.id')
      .select(['users.id', 'user_accounts.password'])
      .where('email', '=', email)
      .executeTakeFirst()
  const before = await read()
  return async () => {
    const after = await read()
    if (after?.password === before?.password) return true
    if (after !== undefined) await query.transaction().execute((transaction) => endSessions(transaction, after.id))
    return false
  }
}

import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { Database } from '../database/database.ts'
import { hashLinkToken } from './links.ts'
import { passwordFault } from './password.ts'
import { dropWaiting, lockedState, recordState } from './state.ts'
import { endSessions } from './store.ts'
import { forgiveAccount } from './throttle.ts'

const IS_GOOD = sql<boolean>`user_links.expires_at > now()`

/** What became of a link: the password is set, there is no such link (any more), or the password cannot be taken. */
export type Accepted = 'accepted' | 'no_such_link' | { passwordFault: string }

/**
 * Sets a person's password by a link, which is then used up, as it is after its time. All sessions of the person are
 * over.
 *
 * @param hash gives what is stored of a password
 */
export async function acceptLink(
  { query }: Pick<Database, 'query'>,
  hash: (password: string) => Promise<string>,
  { token, password, name }: { token: string; password: string; name?: string | undefined },
  requestId: string,
): Promise<Accepted> {
  const token_sha256 = hashLinkToken(token)
  // To hash a password takes long: not for those who guess at links.
  const user = await query
    .selectFrom('user_links')
    .innerJoin('users', 'users.id', 'user_links.user_id')
    .select(['users.id', 'users.name', 'users.email'])
    .where('token_sha256', '=', token_sha256)
    .where(IS_GOOD)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  if (user === undefined) return 'no_such_link'
  const fault = passwordFault(password, [name ?? user.name, user.email])
  if (fault !== null) return { passwordFault: fault }
  const hashed = await hash(password)
  return query.transaction().execute(async (transaction) => {
    await dropWaiting(transaction, user.id)
    const before = await lockedState(transaction, user.id)
    const used = await transaction
      .deleteFrom('user_links')
      .where('token_sha256', '=', token_sha256)
      .where(IS_GOOD)
      .executeTakeFirst()
    if (used.numDeletedRows !== 1n) return 'no_such_link'
    await transaction
      .insertInto('user_accounts')
      .values({ id: uuidv7(), user_id: user.id, account_id: user.id, provider_id: 'credential', password: hashed })
      .onConflict((conflict) =>
        conflict.columns(['user_id', 'provider_id']).doUpdateSet({ password: hashed, updated_at: sql`now()` }),
      )
      .execute()
    await transaction
      .updateTable('users')
      // Who has the link has read the e-mail, or was given it by an admin.
      .set({ email_verified: true, ...(name === undefined ? {} : { name }), updated_at: sql`now()` })
      .where('id', '=', user.id)
      .execute()
    await endSessions(transaction, user.id)
    await forgiveAccount(transaction, user.email)
    await recordState(transaction, { who: `user:${user.id}`, requestId }, 'user.password_set', user.id, before)
    return 'accepted'
  })
}

import type { Kysely } from 'kysely'
import { recordChange } from '../audit/record.ts'
import type { Tables } from '../database/tables.ts'
import { letGoOfAll } from '../queue/store.ts'
import { isLoggedIn } from './sessions.ts'

/** By what a log-in was more than a password. */
export type SecondFactor = 'totp' | 'backup_code'

/** Writes that a person has logged in, which better-auth has made a session of. */
export async function recordLogIn(
  transaction: Kysely<Tables>,
  { userId, tokenHash, secondFactor }: { userId: string; tokenHash: string; secondFactor: SecondFactor | null },
  requestId: string,
): Promise<void> {
  const { id } = await transaction
    .selectFrom('user_sessions')
    .select('id')
    .where('token_sha256', '=', tokenHash)
    .executeTakeFirstOrThrow()
  const by = { who: `user:${userId}`, requestId }
  await recordChange(transaction, by, 'user.logged_in', userId, null, { session: id, second_factor: secondFactor })
}

/** Ends a session, where it is there. Whoever is logged in nowhere else lets go of the leads that they have. */
export async function logOut(transaction: Kysely<Tables>, tokenHash: string, requestId: string): Promise<void> {
  const ended = await transaction
    .deleteFrom('user_sessions')
    .where('token_sha256', '=', tokenHash)
    .returning(['id', 'user_id'])
    .executeTakeFirst()
  if (ended === undefined) return
  const by = { who: `user:${ended.user_id}`, requestId }
  if (!(await isLoggedIn(transaction, ended.user_id))) await letGoOfAll(transaction, by.who)
  await recordChange(transaction, by, 'user.logged_out', ended.user_id, { session: ended.id }, null)
}

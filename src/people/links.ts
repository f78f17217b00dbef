import { createHash, randomBytes } from 'node:crypto'
import { sql, type Transaction } from 'kysely'
import type { Actor } from '../audit/actor.ts'
import type { Database } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Instant } from '../time.ts'
import { lockedState, recordState } from './state.ts'
import type { User } from './user.ts'

/** Sets a first password, or another one. */
export type LinkKind = 'invitation' | 'reset'

/** A link that was just made: nobody can read its token again. */
export interface Link {
  kind: LinkKind
  token: string
  expiresAt: Instant
}

export const HOURS: Readonly<Record<LinkKind, number>> = { invitation: 24, reset: 1 }

export const hashLinkToken = (token: string): Buffer => createHash('sha256').update(token).digest()

/** Makes a link for a person, in place of one that they have. Only its hash is stored. */
export async function makeLink(
  { query }: Pick<Database, 'query'>,
  { id, hasPassword }: User,
  by: Actor,
): Promise<Link> {
  const kind: LinkKind = hasPassword ? 'reset' : 'invitation'
  const token = randomBytes(32).toString('base64url')
  const expires = sql<string>`now() + make_interval(hours => ${HOURS[kind]})`
  const row = { token_sha256: hashLinkToken(token), kind, expires_at: expires }
  return query.transaction().execute(async (transaction) => {
    const before = await lockedState(transaction, id)
    const { expires_at } = await transaction
      .insertInto('user_links')
      .values({ user_id: id, ...row })
      .onConflict((conflict) => conflict.column('user_id').doUpdateSet(row))
      .returning('expires_at')
      .executeTakeFirstOrThrow()
    await recordState(transaction, by, 'user.link_made', id, before)
    return { kind, token, expiresAt: expires_at }
  })
}

/** Makes the link of a person useless. */
export async function dropLink(transaction: Transaction<Tables>, userId: string): Promise<void> {
  await transaction.deleteFrom('user_links').where('user_id', '=', userId).execute()
}

/** The address that a person opens. What follows # no server and no log gets to see. */
export const linkAddress = (publicUrl: string, { token }: Link): string => `${publicUrl}/accept#token=${token}`

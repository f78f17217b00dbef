import { sql, type Transaction } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { Actor } from '../audit/actor.ts'
import type { Role } from '../auth/caller.ts'
import { type Database, sqlState } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Position } from '../http/cursor.ts'
import { dropLink } from './links.ts'
import { dropWaiting, lockedState, recordState, stateOf } from './state.ts'
import { losesLastAdmin, type User, type UserChange } from './user.ts'

const UNIQUE = '23505'

type Queries = Pick<Database, 'query'>['query'] | Transaction<Tables>

const selectUsers = (query: Queries) =>
  query
    .selectFrom('users')
    .select([
      'id',
      'name',
      'email',
      'role',
      sql<boolean>`disabled_at is not null`.as('isDisabled'),
      'two_factor_enabled as hasTwoFactor',
      'created_at as createdAt',
      'updated_at as updatedAt',
      sql<boolean>`exists (select from user_accounts where user_id = users.id and password is not null)`.as(
        'hasPassword',
      ),
    ])

/** A page of all people, the newest first. */
export async function listUsers(
  { query }: Pick<Database, 'query'>,
  limit: number,
  after: Position | null,
): Promise<{ data: User[]; next: Position | null }> {
  let users = selectUsers(query).orderBy('created_at', 'desc').orderBy('id', 'desc')
  if (after !== null) {
    users = users.where(sql<boolean>`(created_at, id) < (${after.key}::timestamptz, ${after.id}::uuid)`)
  }
  const rows = await users.limit(limit + 1).execute()
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  return { data, next: rows.length > limit && last ? { key: formatInstant(last.createdAt), id: last.id } : null }
}

type Name = Pick<User, 'id' | 'name' | 'role'>

/** Who may log in, by name: so many as a team has. */
export async function listNames(database: Pick<Database, 'query'>): Promise<Name[]> {
  const everybody = await listAllNames(database)
  return everybody.filter(({ disabled }) => !disabled).map(({ id, name, role }) => ({ id, name, role }))
}

/** The same with those who no longer may: they have leads, calls and changes still. */
export async function listAllNames({ query }: Pick<Database, 'query'>): Promise<(Name & { disabled: boolean })[]> {
  return query
    .selectFrom('users')
    .select(['id', 'name', 'role', sql<boolean>`disabled_at is not null`.as('disabled')])
    .orderBy('name')
    .orderBy('id')
    .execute()
}

/** The person with this id, or null. */
export async function findUser({ query }: Pick<Database, 'query'>, id: string): Promise<User | null> {
  return (await selectUsers(query).where('id', '=', id).executeTakeFirst()) ?? null
}

/** The person with this e-mail address, in any letter case, or null. */
export async function findUserByEmail({ query }: Pick<Database, 'query'>, email: string): Promise<User | null> {
  return (await selectUsers(query).where('email', '=', email.toLowerCase()).executeTakeFirst()) ?? null
}

/** What is stored of the password of the person with this e-mail address; null where there is none. */
export async function passwordHashOf(query: Queries, email: string): Promise<string | null> {
  const row = await query
    .selectFrom('user_accounts')
    .innerJoin('users', 'users.id', 'user_id')
    .select('password')
    .where('email', '=', email.toLowerCase())
    .executeTakeFirst()
  return row?.password ?? null
}

/** E-mail addresses by the ids of all people. */
export async function emailsById({ query }: Pick<Database, 'query'>): Promise<ReadonlyMap<string, string>> {
  const rows = await query.selectFrom('users').select(['id', 'email']).execute()
  return new Map(rows.map(({ id, email }) => [id, email]))
}

/** Makes a person, who cannot log in before they have set a password; null where the e-mail address is taken. */
export async function createUser(
  { query }: Pick<Database, 'query'>,
  user: { id: string; name: string; email: string; role: Role },
  by: Actor,
): Promise<User | null> {
  try {
    return await query.transaction().execute(async (transaction) => {
      await transaction
        .insertInto('users')
        .values({ ...user, email: user.email.toLowerCase() })
        .execute()
      await recordState(transaction, by, 'user.created', user.id, null)
      return selectUsers(transaction).where('id', '=', user.id).executeTakeFirstOrThrow()
    })
  } catch (error) {
    if (sqlState(error) === UNIQUE) return null
    throw error
  }
}

/**
 * Changes what a person may do. With another role, or none, all their sessions are over. Someone who can log in as an
 * admin is always left.
 */
export async function changeUser(
  { query }: Pick<Database, 'query'>,
  id: string,
  change: UserChange,
  by: Actor,
): Promise<User | 'not_found' | 'last_admin'> {
  return query.transaction().execute(async (transaction) => {
    await dropWaiting(transaction, id)
    // All admins, in one order: of two changes at once the second sees what the first has left.
    await sql`select from users where role = 'admin' or id = ${id} order by id for update`.execute(transaction)
    const concerned = await selectUsers(transaction)
      .where((where) => where.or([where('role', '=', 'admin'), where('id', '=', id)]))
      .execute()
    const user = concerned.find((one) => one.id === id)
    if (user === undefined) return 'not_found'
    const others = concerned.filter((one) => one.id !== id)
    if (losesLastAdmin(user, change, others)) return 'last_admin'
    const { role = user.role, isDisabled = user.isDisabled } = change
    if (role === user.role && isDisabled === user.isDisabled) return user
    const before = await stateOf(transaction, id)
    await transaction
      .updateTable('users')
      .set({ role, disabled_at: isDisabled ? sql<string>`coalesce(disabled_at, now())` : null, updated_at: sql`now()` })
      .where('id', '=', id)
      .execute()
    await endSessions(transaction, id)
    if (isDisabled) await dropLink(transaction, id)
    await recordState(transaction, by, 'user.changed', id, before)
    return selectUsers(transaction).where('id', '=', id).executeTakeFirstOrThrow()
  })
}

/** Takes away a person's second factor, who has lost it; their sessions are over. */
export async function removeTwoFactor({ query }: Pick<Database, 'query'>, id: string, by: Actor): Promise<void> {
  await query.transaction().execute(async (transaction) => {
    await dropWaiting(transaction, id)
    const before = await lockedState(transaction, id)
    await transaction.deleteFrom('user_two_factors').where('user_id', '=', id).execute()
    await transaction
      .updateTable('users')
      .set({ two_factor_enabled: false, updated_at: sql`now()` })
      .where('id', '=', id)
      .execute()
    await endSessions(transaction, id)
    await recordState(transaction, by, 'user.two_factor_removed', id, before)
  })
}

/** All sessions of a person are over: at once in the database, and within a second on every server. */
export async function endSessions(transaction: Transaction<Tables>, id: string): Promise<void> {
  await transaction.deleteFrom('user_sessions').where('user_id', '=', id).execute()
}

/** Whether anybody may log in. */
export async function hasUsers({ query }: Pick<Database, 'query'>): Promise<boolean> {
  return (await query.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined
}

import { type Kysely, sql, type Transaction } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { formatInstant, timeOrNull } from '../attempts/attempt.ts'
import type { Actor } from '../audit/actor.ts'
import type { Fields } from '../audit/entry.ts'
import { recordChange } from '../audit/record.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import type { Database } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Position } from '../http/cursor.ts'
import type { Instant } from '../time.ts'
import type { Role } from './caller.ts'
import { makeKeyText, shownKey } from './key-text.ts'

/** A key as it is shown: without what opens anything. */
export interface KeyBody {
  id: string
  /** As it begins. */
  key: string
  name: string
  role: Role
  user_id: string | null
  state: 'alive' | 'expired' | 'revoked'
  created_at: string
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
}

/** What is asked for of a new key. */
export interface NewKey {
  name: string
  role: Role
  /** The person for whom it acts; of an agent's, whose opportunities it sees beside nobody's. */
  user_id: string | null
  expires_at: Instant | null
}

const COLUMNS = [
  'id',
  'short_id',
  'name',
  'role',
  'user_id',
  'created_at',
  'expires_at',
  'last_used_at',
  'revoked_at',
] as const

const state = sql<KeyBody['state']>`case when revoked_at is not null then 'revoked'
  when expires_at <= clock_timestamp() then 'expired' else 'alive' end`.as('state')

interface Row {
  id: string
  short_id: string | null
  name: string
  role: Role
  user_id: string | null
  state: KeyBody['state']
  created_at: Instant
  expires_at: Instant | null
  last_used_at: Instant | null
  revoked_at: Instant | null
}

function bodyOf({ short_id, ...row }: Row): KeyBody {
  return {
    ...row,
    key: shownKey(short_id),
    created_at: formatInstant(row.created_at),
    expires_at: timeOrNull(row.expires_at),
    last_used_at: timeOrNull(row.last_used_at),
    revoked_at: timeOrNull(row.revoked_at),
  }
}

/**
 * Makes a key.
 *
 * @returns it as it is kept, and the key itself, which nobody can be told again
 */
export async function addKey({ query }: Queries, asked: NewKey, by: Actor): Promise<{ body: KeyBody; key: string }> {
  return query.transaction().execute((transaction) => insertKey(transaction, asked, by))
}

type Queries = Pick<Database, 'query'>

async function insertKey(transaction: Transaction<Tables>, { expires_at, ...asked }: NewKey, by: Actor) {
  const { key, shortId, hash } = makeKeyText()
  const row = await transaction
    .insertInto('api_keys')
    .values({ id: uuidv7(), short_id: shortId, key_sha256: hash, expires_at: timeOrNull(expires_at), ...asked })
    .returning(COLUMNS)
    .returning(state)
    .executeTakeFirstOrThrow()
  const body = bodyOf(row)
  await recordChange(transaction, by, 'key.created', body.id, null, auditedOf(body))
  return { body, key }
}

const auditedOf = ({ key, name, role, user_id, expires_at, revoked_at }: KeyBody): Fields => ({
  key,
  name,
  role,
  user_id,
  expires_at,
  revoked_at,
})

/**
 * The keys, newest first, after a position; also those that are over.
 *
 * @returns at most `limit` of them, and where the rest begins
 */
export async function listKeys(
  { query }: Queries,
  limit: number,
  after: Position | null,
): Promise<{ data: KeyBody[]; next: Position | null }> {
  let keys = query.selectFrom('api_keys').select(COLUMNS).select(state)
  if (after !== null) {
    keys = keys.where(sql<boolean>`(created_at, id) < (${after.key}::timestamptz, ${after.id}::uuid)`)
  }
  const sorted = keys.orderBy('created_at', 'desc').orderBy('id', 'desc')
  const rows = await sorted.limit(limit + 1).execute()
  const data = rows.slice(0, limit).map(bodyOf)
  const last = data.at(-1)
  return { data, next: rows.length > limit && last ? { key: last.created_at, id: last.id } : null }
}

/** Every key, the newest first. */
export async function listAllKeys(queries: Queries): Promise<KeyBody[]> {
  const keys: KeyBody[] = []
  for (let after: Position | null = null; ; ) {
    const { data, next }: Awaited<ReturnType<typeof listKeys>> = await listKeys(queries, 200, after)
    keys.push(...data)
    if (next === null) return keys
    after = next
  }
}

/**
 * Ends a key, for good. One that was revoked before stays as it was.
 *
 * @returns null where there is no such key
 */
export async function revokeKey({ query }: Queries, id: string, by: Actor): Promise<KeyBody | null> {
  return query.transaction().execute(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('api_keys')
      .set({ revoked_at: THIS_MOMENT })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    const body = await findKey(transaction, id)
    if (body !== null && numUpdatedRows > 0) {
      const after = auditedOf(body)
      await recordChange(transaction, by, 'key.revoked', id, { ...after, revoked_at: null }, after)
    }
    return body
  })
}

/**
 * Makes a key in the place of another one, with the same name, role and person. For a while both are alive, so that
 * whatever uses the old one can be given the new one meanwhile. One that was to end is followed by one that does, after as
 * long a life.
 *
 * @param overlapMs how long the old one goes on; sooner where it ends sooner by itself
 * @returns null where there is no such key, or it is not alive
 */
export async function rotateKey(
  { query }: Queries,
  id: string,
  overlapMs: number,
  by: Actor,
): Promise<{ old: KeyBody; body: KeyBody; key: string } | null> {
  return query.transaction().execute(async (transaction) => {
    const row = await transaction
      .selectFrom('api_keys')
      .select(COLUMNS)
      .select(state)
      .select(sql<Instant>`${THIS_MOMENT}`.as('now'))
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (row?.state !== 'alive') return null
    const end = await ownEndOf(transaction, row)
    await transaction
      .updateTable('api_keys')
      .set({ expires_at: sql<string>`least(expires_at, ${THIS_MOMENT} + ${overlapMs} * interval '1 millisecond')` })
      .where('id', '=', id)
      .execute()
    const { now, ...before } = row
    const { name, role, user_id } = before
    const expires_at = end === null ? null : now + (end - before.created_at)
    const made = await insertKey(transaction, { name, role, user_id, expires_at }, by)
    const old = await findKey(transaction, id)
    if (old === null) return null
    await recordChange(transaction, by, 'key.changed', id, auditedOf(bodyOf(before)), auditedOf(old))
    return { old, ...made }
  })
}

/** When a key was to end before another one was made in its place for the first time, which alone brings its end forward. */
async function ownEndOf(
  transaction: Transaction<Tables>,
  { id, expires_at }: Pick<Row, 'id' | 'expires_at'>,
): Promise<Instant | null> {
  const first = await transaction
    .selectFrom('audit')
    .select(sql<Instant | null>`(before ->> 'expires_at')::timestamptz`.as('end'))
    .where('entity_id', '=', id)
    .where('action', '=', 'key.changed')
    .where(sql<boolean>`after ->> 'expires_at' is not null`)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return first === undefined ? expires_at : first.end
}

async function findKey(query: Kysely<Tables>, id: string): Promise<KeyBody | null> {
  const row = await query.selectFrom('api_keys').select(COLUMNS).select(state).where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : bodyOf(row)
}

/** The id of a key by how it begins, or by its id; null where there is none. */
export async function idOfKey({ query }: Queries, named: string): Promise<string | null> {
  const [, shortId = named] = /^fc_([0-9A-Za-z]{8})(?:_|$)/.exec(named) ?? []
  const row = await query
    .selectFrom('api_keys')
    .select('id')
    .where(sql<boolean>`short_id = ${shortId} or id::text = ${named.toLowerCase()}`)
    .executeTakeFirst()
  return row?.id ?? null
}

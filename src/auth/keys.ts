import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { Database } from '../database/database.ts'
import type { Caller, Role } from './caller.ts'

interface StoredKey {
  id: string
  name: string
  role: Role
  key_sha256: Buffer
}

export type FindCaller = (key: string) => Promise<Caller | null>

const BOOTSTRAP: Caller = { owner: 'bootstrap', kind: 'key', role: 'admin', userId: null, name: 'bootstrap' }
const REMEMBERED_MS = 1_000

const sha256 = (key: string): Buffer => createHash('sha256').update(key).digest()

/**
 * Gives the check of a key. The keys' hashes are read at most once a second, so that no key costs a query and a wrong
 * one never reaches the database.
 *
 * @param bootstrapKey accepted as an admin's for as long as it is configured
 */
export function createKeyCheck(database: Database, bootstrapKey: string | null): FindCaller {
  const bootstrapHash = bootstrapKey === null ? null : sha256(bootstrapKey)
  let known: Promise<StoredKey[]> | null = null
  let readAt = 0

  const readKeys = () => {
    if (known === null || performance.now() - readAt > REMEMBERED_MS) {
      readAt = performance.now()
      // On the calls' connections: no list may keep a call out.
      const reading = database.calls
        .query<StoredKey>('select id, name, role, key_sha256 from api_keys')
        .then(({ rows }) => rows)
      known = reading
      reading.catch(() => {
        if (known === reading) known = null
      })
    }
    return known
  }

  return async (key) => {
    const hash = sha256(key)
    if (bootstrapHash !== null && timingSafeEqual(hash, bootstrapHash)) return BOOTSTRAP
    for (const { id, name, role, key_sha256 } of await readKeys()) {
      if (timingSafeEqual(hash, key_sha256)) return { owner: id, kind: 'key', role, userId: null, name }
    }
    return null
  }
}

/**
 * Makes the first admin key where there is none; of several servers that start at once, one does.
 *
 * @returns the key, which is shown once and stored as a hash only; null where there is one already
 */
export async function makeFirstKey({ patient }: Database): Promise<string | null> {
  const key = `fc_${randomBytes(32).toString('base64url')}`
  const client = await patient.connect()
  try {
    await client.query('begin')
    await client.query('lock table api_keys in exclusive mode')
    const { rowCount } = await client.query(
      `insert into api_keys (id, name, role, key_sha256)
       select $1, 'first admin key', 'admin', $2 where not exists (select from api_keys)`,
      [uuidv7(), sha256(key)],
    )
    await client.query('commit')
    client.release()
    return rowCount === 1 ? key : null
  } catch (error) {
    client.release(true)
    throw error
  }
}

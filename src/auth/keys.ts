import { timingSafeEqual } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { Database } from '../database/database.ts'
import type { Caller, Role } from './caller.ts'
import { hashOf, isWhole, makeKeyText, shortIdOf } from './key-text.ts'

interface StoredKey {
  id: string
  short_id: string | null
  name: string
  role: Role
  user_id: string | null
  key_sha256: Buffer
}

interface KnownKey {
  caller: Caller
  hash: Buffer
}

/** Those that are alive: by the id that stands in them, and older ones, which have none, by their hash. */
interface KnownKeys {
  byShortId: ReadonlyMap<string, KnownKey>
  byHash: ReadonlyMap<string, KnownKey>
}

/** They are not known before they are read; what was made after that began may be missing. */
interface Reading {
  begunAt: number
  keys: Promise<KnownKeys>
}

export type FindCaller = (key: string) => Promise<Caller | null>

const BOOTSTRAP: Caller = { owner: 'bootstrap', kind: 'key', role: 'admin', userId: null, name: 'BOOTSTRAP_API_KEY' }

/** With the time of the reading itself, a key that is revoked or over is refused within a second on every server. */
const REMEMBERED_MS = 800
/** A whole key that is not known may have been made just now. Whoever guesses waits, and has the database asked no more often. */
const REMEMBERED_OTHERWISE_MS = 50
/** When it was used last is kept so roughly. */
const USE_NOTED_EVERY_MS = 60_000

/**
 * Its clock is the database's: no server's may be wrong by more than it takes. What acts for a person who may not log in any
 * more may not either.
 */
const ALIVE = `select id, short_id, name, role, user_id, key_sha256 from api_keys
  where revoked_at is null and (expires_at is null or expires_at > clock_timestamp())
    and not exists (select from users where id::text = lower(user_id) and disabled_at is not null)`

/**
 * Gives the check of a key. Those that are alive are read about once a second, and a little more often while there are
 * requests with whole keys that are not known: no key costs a query, and what is no key never reaches the database.
 *
 * @param bootstrapKey accepted as an admin's for as long as it is configured
 */
export function createKeyCheck(database: Database, bootstrapKey: string | null): FindCaller {
  const bootstrapHash = bootstrapKey === null ? null : hashOf(bootstrapKey)
  let latest: Reading | null = null

  const read = (rememberedMs: number): Reading => {
    if (latest !== null && performance.now() - latest.begunAt <= rememberedMs) return latest
    // On the calls' connections: no list may keep a call out.
    const keys = database.calls.query<StoredKey>(ALIVE).then(({ rows }) => inMaps(rows))
    const reading: Reading = { begunAt: performance.now(), keys }
    latest = reading
    keys.catch(() => {
      if (latest === reading) latest = null
    })
    return reading
  }
  /** A reading that began when the key came, or afterwards. */
  const readSince = async (moment: number): Promise<KnownKeys> => {
    let reading = read(REMEMBERED_MS)
    while (reading.begunAt < moment) {
      const early = REMEMBERED_OTHERWISE_MS - (performance.now() - reading.begunAt)
      // A timer knows whole milliseconds, and may end a part of one too soon.
      if (early > 0) await pause(early + 1)
      reading = read(REMEMBERED_OTHERWISE_MS)
    }
    return reading.keys
  }
  const noteUse = useNoter(database)

  return async (key) => {
    const hash = hashOf(key)
    if (bootstrapHash !== null && timingSafeEqual(hash, bootstrapHash)) return BOOTSTRAP
    const shortId = shortIdOf(key)
    if (shortId !== null && !isWhole(key)) return null
    const cameAt = performance.now()
    const { byShortId, byHash } = await read(REMEMBERED_MS).keys
    const found =
      shortId === null
        ? byHash.get(hash.toString('base64'))
        : (byShortId.get(shortId) ?? (await readSince(cameAt)).byShortId.get(shortId))
    if (found === undefined || !timingSafeEqual(hash, found.hash)) return null
    noteUse(found.caller.owner)
    return found.caller
  }
}

function inMaps(rows: readonly StoredKey[]): KnownKeys {
  const byShortId = new Map<string, KnownKey>()
  const byHash = new Map<string, KnownKey>()
  for (const { id, short_id, name, role, user_id: userId, key_sha256: hash } of rows) {
    const key: KnownKey = { caller: { owner: id, kind: 'key', role, userId, name }, hash }
    if (short_id === null) byHash.set(hash.toString('base64'), key)
    else byShortId.set(short_id, key)
  }
  return { byShortId, byHash }
}

/** Writes down when keys are used, at most once a minute for each. Nobody waits for it, nor is told of a fault. */
function useNoter({ chores }: Database): (id: string) => void {
  const notedAt = new Map<string, number>()
  return (id) => {
    const now = performance.now()
    const before = notedAt.get(id)
    if (before !== undefined && now - before < USE_NOTED_EVERY_MS) return
    notedAt.set(id, now)
    sql`update api_keys set last_used_at = now()
      where id = ${id} and (last_used_at is null or last_used_at < now() - interval '1 minute')`
      .execute(chores)
      .catch(() => undefined)
  }
}

const NOW = `date_trunc('milliseconds', clock_timestamp())`

/**
 * Makes the first admin key where there is none; of several servers that start at once, one does.
 *
 * @returns the key, which is shown once and stored as a hash only; null where there is one already
 */
export async function makeFirstKey({ patient }: Database): Promise<string | null> {
  const { key, shortId, hash } = makeKeyText()
  const client = await patient.connect()
  try {
    await client.query('begin')
    await client.query('lock table api_keys in exclusive mode')
    const { rowCount } = await client.query(
      `with made as (
         insert into api_keys (id, short_id, name, role, key_sha256)
         select $1, $2, 'first admin key', 'admin', $3 where not exists (select from api_keys)
         returning id, name, role
       )
       insert into audit (at, who, action, entity_id, after)
       select ${NOW}, 'first start', 'key.created', id, json_build_object('name', name, 'role', role) from made`,
      [uuidv7(), shortId, hash],
    )
    await client.query('commit')
    client.release()
    return rowCount === 1 ? key : null
  } catch (error) {
    client.release(true)
    throw error
  }
}

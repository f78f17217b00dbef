import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { type Kysely, sql } from 'kysely'
import type { Caller } from '../auth/caller.ts'
import type { Database } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import { readSignedCookie } from './cookies.ts'

/** The sessions of people, as every request needs them. */
export interface Sessions {
  /** Who is logged in where the request comes from; null where nobody is. It counts as use of the session. */
  find(request: FastifyRequest): Promise<Caller | null>
  /** The same of a request that goes on by itself, which is no use. */
  look(request: FastifyRequest): Promise<Caller | null>
  /** What is stored of the request's token; null where it has none that we signed. */
  tokenHashOf(request: FastifyRequest): string | null
  /** Forgets what is known of the request's session, which has changed; every server does within a second. */
  forget(request: FastifyRequest): void
}

interface Known {
  readAt: number
  session: Promise<Session | null>
}

interface Session {
  caller: Caller
  /** Whether it was last marked as used so long ago that its next use is. */
  isStale: boolean
}

const REMEMBERED_MS = 1_000
const MOST_KNOWN = 1_000

/** What is stored of a token. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('base64url')

/** By the database's clock alone. */
const COUNTS = `session.used_at > now() - interval '12 hours' and session.began_at > now() - interval '30 days'`
/** A session that counts, of a person who may log in. */
const ALIVE = `from user_sessions as session join users on users.id = session.user_id
  where session.token_sha256 = $1 and users.disabled_at is null and ${COUNTS}`

/** Whether a person is logged in anywhere. */
export async function isLoggedIn(query: Kysely<Tables>, userId: string): Promise<boolean> {
  const { rows } = await sql`select from user_sessions as session
    where user_id = ${userId} and ${sql.raw(COUNTS)} limit 1`.execute(query)
  return rows.length > 0
}

/** Whether a token's session counts. */
export async function isAlive({ general }: Pick<Database, 'general'>, tokenHash: string): Promise<boolean> {
  const { rowCount } = await general.query(`select ${ALIVE}`, [tokenHash])
  return rowCount === 1
}

/** Each session is looked up at most once a second, and marked as used at most once a minute. */
export function openSessions(
  database: Pick<Database, 'calls' | 'general'>,
  { cookieName, secret }: { cookieName: string; secret: string },
): Sessions {
  const known = new Map<string, Known>()
  // A request with a key has no cookies that anybody reads.
  const tokenHashOf = ({ server, headers: { cookie } }: FastifyRequest): string | null => {
    const token = cookie === undefined ? null : readSignedCookie(server.parseCookie(cookie)[cookieName], secret)
    return token === null ? null : hashToken(token)
  }

  const read = async (tokenHash: string): Promise<Session | null> => {
    // On the calls' connections: no list may keep out who wants to tell of a call.
    const { rows } = await database.calls.query<Pick<Caller, 'name' | 'role'> & { id: string; isStale: boolean }>(
      `select users.id, users.name, users.role, session.used_at < now() - interval '1 minute' as "isStale" ${ALIVE}`,
      [tokenHash],
    )
    const [row] = rows
    if (row === undefined) return null
    const { id, role, name, isStale } = row
    return { caller: { owner: `user:${id}`, kind: 'session', role, userId: id, name }, isStale }
  }

  const find = (tokenHash: string): Promise<Session | null> => {
    const before = known.get(tokenHash)
    if (before !== undefined && performance.now() - before.readAt <= REMEMBERED_MS) return before.session
    if (known.size >= MOST_KNOWN) dropOld(known)
    const reading: Known = { readAt: performance.now(), session: read(tokenHash) }
    known.set(tokenHash, reading)
    reading.session.catch(() => {
      if (known.get(tokenHash) === reading) known.delete(tokenHash)
    })
    return reading.session
  }

  const look = async (tokenHash: string | null, isUse: boolean): Promise<Caller | null> => {
    const session = tokenHash === null ? null : await find(tokenHash)
    if (session === null || tokenHash === null) return null
    if (isUse && session.isStale) {
      session.isStale = false
      void markUsed(database, tokenHash)
    }
    return session.caller
  }

  return {
    find: (request) => look(tokenHashOf(request), true),
    look: (request) => look(tokenHashOf(request), false),
    tokenHashOf,
    forget: (request) => {
      const tokenHash = tokenHashOf(request)
      if (tokenHash !== null) known.delete(tokenHash)
    },
  }
}

function dropOld(known: Map<string, Known>): void {
  const now = performance.now()
  for (const [hash, { readAt }] of known) if (now - readAt > REMEMBERED_MS) known.delete(hash)
}

/** Nobody waits for it; a mark that is lost is made a request later. */
async function markUsed({ general }: Pick<Database, 'general'>, tokenHash: string): Promise<void> {
  await general
    .query(
      `update user_sessions set used_at = now() where token_sha256 = $1 and used_at < now() - interval '1 minute'`,
      [tokenHash],
    )
    .catch(() => undefined)
}

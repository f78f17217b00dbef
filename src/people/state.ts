import { type Kysely, sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { Actor } from '../audit/actor.ts'
import type { Action, Fields } from '../audit/entry.ts'
import { recordChange } from '../audit/record.ts'
import type { Caller } from '../auth/caller.ts'
import type { Tables } from '../database/tables.ts'
import type { Instant } from '../time.ts'
import type { LinkKind } from './links.ts'

interface Row {
  name: string
  email: string
  role: string
  disabled: boolean
  invited: boolean
  two_factor: boolean
  /** There is one that no code was given of yet. */
  two_factor_begun: true | null
  sessions: string[] | null
  kind: LinkKind | null
  expires_at: Instant | null
}

/** What the audit keeps of a person: whatever is no secret. Null where there is no such person. */
export async function stateOf(transaction: Kysely<Tables>, id: string): Promise<Fields | null> {
  const { rows } = await sql<Row>`
    select name, email, role, disabled_at is not null as disabled,
      not exists (select from user_accounts where user_id = users.id and password is not null) as invited,
      two_factor_enabled as two_factor,
      (select true from user_two_factors where user_id = users.id and not verified) as two_factor_begun,
      (select array_agg(id order by began_at, id) from user_sessions where user_id = users.id) as sessions,
      kind, expires_at
    from users left join user_links on user_id = users.id where users.id = ${id}`.execute(transaction)
  const [row] = rows
  if (row === undefined) return null
  const { kind, expires_at, ...state } = row
  return {
    ...state,
    link: kind === null || expires_at === null ? null : { kind, expires_at: formatInstant(expires_at) },
  }
}

/**
 * The same, which nobody else changes meanwhile. In the order in which a log-in comes to these rows, so that neither waits
 * for the other: {@link dropWaiting} goes before.
 */
export async function lockedState(transaction: Kysely<Tables>, id: string): Promise<Fields | null> {
  await sql`select from user_two_factors where user_id = ${id} for update`.execute(transaction)
  await sql`select from users where id = ${id} for update`.execute(transaction)
  return stateOf(transaction, id)
}

/** Ends the log-ins of a person that still wait for their code: what they were begun with may be good no longer. */
export async function dropWaiting(transaction: Kysely<Tables>, id: string): Promise<void> {
  await sql`delete from user_verifications where value = ${id}`.execute(transaction)
}

/** What a person changes of what is their own: how they are is read before, and written after. */
export interface OwnChange {
  begin(transaction: Kysely<Tables>): Promise<void>
  record(transaction: Kysely<Tables>, action: Action): Promise<void>
  /** Writes what was made beside, such as codes, of which only this much is told. */
  recordMade(transaction: Kysely<Tables>, action: Action, made: Fields): Promise<void>
}

/** @param caller null where it is not known yet who it is: then there is nothing to be read, or written */
export function changeOfOneself(caller: Caller | null, requestId: string): OwnChange {
  const id = caller?.userId ?? null
  const by = { who: `user:${id}`, requestId }
  let before: Fields | null = null
  return {
    begin: async (transaction) => {
      if (id === null) return
      await dropWaiting(transaction, id)
      before = await lockedState(transaction, id)
    },
    record: async (transaction, action) => {
      if (id !== null) await recordState(transaction, by, action, id, before)
    },
    recordMade: async (transaction, action, made) => {
      if (id !== null) await recordChange(transaction, by, action, id, null, made)
    },
  }
}

/** Writes how a person differs from before; with sessions that ended by it, and links that are good no longer. */
export async function recordState(
  transaction: Kysely<Tables>,
  by: Actor,
  action: Action,
  id: string,
  before: Fields | null,
): Promise<void> {
  await recordChange(transaction, by, action, id, before, await stateOf(transaction, id))
}

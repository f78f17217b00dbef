import { sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import type { Register } from '../attempts/register.ts'
import { type Actor, SWEEP } from '../audit/actor.ts'
import { linkCall } from '../calls/linking.ts'
import type { Database } from '../database/database.ts'

/**
 * Links the calls that wait for a contact with one of these numbers, as far as that can be done at once; by whoever made
 * the contact, or gave it the number.
 */
export type LinkWaiting = (phones: readonly string[], by: Actor) => Promise<void>

export interface RelinkOptions {
  database: Database
  register: Register
  /** Calls that took place in the last so many days are looked at. */
  days: number
  log: { warn: (fields: object, message: string) => void }
}

/** As the index has it: reported by a machine, with a number, and no person has said a word about its contact (B10). */
const WAITS = sql`calls.entity_id is null and calls.phone_number is not null and calls.deleted_at is null
  and not calls.sources ?| array['entity_type', 'entity_id'] and calls.sources @? '$.* ? (@ != "person")'`

const AT_ONCE = 200

/** What is not linked at once is found by {@link sweepWaiting}: the contact is there, whatever becomes of its calls. */
export function waitingLinker(options: RelinkOptions): LinkWaiting {
  const { database, days, log } = options
  return async (phones, by) => {
    if (phones.length === 0) return
    try {
      const { rows } = await sql<{ id: string }>`
        select id from calls where phone_number = any(${phones}::text[]) and ${WAITS}
          and happened_at > now() - ${days} * interval '1 day'
        order by id limit ${AT_ONCE}`.execute(database.query)
      await linkAll(rows, by, options)
    } catch (error) {
      log.warn({ err: error }, 'calls that waited for a contact are linked a little later')
    }
  }
}

/** A transaction of either may have taken a while. */
const OVERLAP = sql`interval '1 minute'`

/**
 * Links calls and contacts that have just missed each other: made or changed since the last look, which is repeated until
 * it finds nothing more. Gives how many calls were linked.
 */
export async function sweepWaiting(options: RelinkOptions): Promise<number> {
  const { database, days } = options
  const { rows: clock } = await sql<{ now: number; since: number }>`
    select clock_timestamp() as now,
      coalesce((select swept_until from sweep_marks where name = 'contacts'), '-infinity') - ${OVERLAP} as since
    `.execute(database.query)
  const [{ now, since } = { now: 0, since: 0 }] = clock
  const from = Number.isFinite(since) ? formatInstant(since) : '-infinity'
  const { rows } = await sql<{ id: string }>`
    select id from (
      select calls.id, calls.happened_at from contacts cross join unnest(contacts.phones) as phone
        join calls on calls.phone_number = phone
      where contacts.updated_at >= ${from}::timestamptz and ${WAITS}
      union
      select calls.id, calls.happened_at from calls
      where calls.updated_at >= ${from}::timestamptz and ${WAITS}
        and exists (select from contacts where phones @> array[calls.phone_number])
    ) as found
    where happened_at > now() - ${days} * interval '1 day'
    order by id limit ${AT_ONCE}`.execute(database.query)
  if (rows.length === 0) {
    await sql`insert into sweep_marks (name, swept_until) values ('contacts', ${formatInstant(now)})
      on conflict (name) do update set swept_until = excluded.swept_until`.execute(database.query)
    return 0
  }
  return linkAll(rows, SWEEP, options)
}

async function linkAll(rows: readonly { id: string }[], by: Actor, { register, log }: RelinkOptions): Promise<number> {
  const results = await Promise.allSettled(rows.map(({ id }) => register.registerCallAttempt(linkCall(id, by))))
  results.forEach((result, place) => {
    if (result.status === 'rejected') {
      log.warn({ err: result.reason, callId: rows[place]?.id }, 'a call could not be linked to its contact yet')
    }
  })
  return results.filter((result) => result.status === 'fulfilled' && result.value).length
}

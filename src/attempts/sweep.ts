import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { retryCall } from '../calls/save.ts'
import type { Database } from '../database/database.ts'
import type { Metrics } from '../metrics.ts'
import { formatInstant } from './attempt.ts'
import type { Register } from './register.ts'

const EVERY_MS = 250
const CLAIM_SIZE = 200
const ALARM_AFTER_SECONDS = 300
const WATCH_EVERY_MS = 10_000
const TIDY_EVERY_MS = 60_000
/** Where the database stalls, the sweep goes on with another connection: soon where a call waits for it. */
const GIVE_UP_AFTER_MS = 3_000
const GIVE_UP_TIDYING_AFTER_MS = 15_000

/**
 * Claims the calls that are due, for this server alone: the claim is itself the wait before the next try, so that a
 * server which dies over them holds nobody up. Waits grow from a quarter of a second to 4 s within a call's first five
 * minutes, and are 30 s after (B9).
 */
const CLAIM = `
update calls set tries = tries + 1,
  due_at = clock_timestamp() + case
    when pending_since < clock_timestamp() - interval '5 minutes' then interval '30 seconds'
    else least(interval '4 seconds', interval '250 milliseconds' * power(2, least(tries, 4)))
  end
where id in (
  select id from calls where due_at <= clock_timestamp() and outcome = 'pending'
  order by due_at limit ${CLAIM_SIZE} for update skip locked)
returning id, pending_since`

/**
 * Calls, or what is left of deleted ones, that were made at the same moment as an older system's attempt of them was
 * brought in (B7). A transaction of either may have taken a while; and what is found is looked at again until nothing is.
 */
const MEETING = `
select calls.id from foreign_attempts join calls on calls.id = call_uuid
where call_uuid is not null and outcome <> 'pending' and foreign_attempts.created_at >= coalesce(
  (select swept_until - interval '1 minute' from sweep_marks where name = 'meetings'), '-infinity')
limit ${CLAIM_SIZE}`

const MARK_MEETINGS = `
insert into sweep_marks (name, swept_until) values ('meetings', $1)
on conflict (name) do update set swept_until = excluded.swept_until`

/**
 * Many at a time, but not so many that a statement could run out of its time. A request goes after its answers. Where
 * somebody has said how a call went, the statistics may tell of it as late as they are asked for.
 */
const TIDY = [
  `delete from idempotency_keys where ctid = any(array(
    select ctid from idempotency_keys where created_at < now() - interval '48 hours' limit 5000))`,
  `delete from idempotency_requests where ctid = any(array(
    select ctid from idempotency_requests requests
    where created_at < now() - interval '48 hours' and not exists (
      select from idempotency_keys answers where answers.owner = requests.owner and answers.key = requests.key)
    limit 5000))`,
  `delete from dial_requests where ctid = any(array(
    select ctid from dial_requests where created_at < now() - interval '48 hours'
      and (written_call_id is null or call_id is not null or created_at < now() - interval '31 days') limit 5000))`,
]

const AGE = `
select count(*)::int as pending,
  coalesce(extract(epoch from clock_timestamp() - min(pending_since)), 0)::float8 as oldest
from calls where due_at is not null`

function ask<Row extends pg.QueryResultRow>(
  { patient }: Database,
  text: string,
  values: unknown[] = [],
  query_timeout = GIVE_UP_AFTER_MS,
) {
  return patient.query<Row>({ text, values, query_timeout } as pg.QueryConfig)
}

export interface SweepOptions {
  database: Database
  register: Register
  metrics: Metrics
  /** Told of every fault and alarm. */
  log: { error: (fields: object, message: string) => void; warn: (fields: object, message: string) => void }
}

/** Registers what is due, once. Gives how many calls were tried. */
export async function sweepOnce({ database, register, log }: Omit<SweepOptions, 'metrics'>): Promise<number> {
  const { rows } = await ask<{ id: string; pending_since: number }>(database, CLAIM)
  rows.sort((a, b) => a.pending_since - b.pending_since)
  await retry(
    rows.map((row) => row.id),
    register,
    log,
  )
  return rows.length
}

/** Gives the calls whose attempts came beside them to whom they belong (B7). */
export async function sweepMeetings({ database, register, log }: Omit<SweepOptions, 'metrics'>): Promise<void> {
  const { rows: clock } = await ask<{ now: number }>(database, 'select clock_timestamp() as now')
  const { rows } = await ask<{ id: string }>(database, MEETING)
  const startedAt = clock[0]?.now
  if (rows.length === 0 && startedAt !== undefined) await ask(database, MARK_MEETINGS, [formatInstant(startedAt)])
  await retry(
    rows.map((row) => row.id),
    register,
    log,
  )
}

async function retry(ids: readonly string[], register: Register, log: SweepOptions['log']): Promise<void> {
  const results = await Promise.allSettled(ids.map((id) => register.registerCallAttempt(retryCall(id))))
  results.forEach((result, place) => {
    if (result.status === 'rejected') {
      log.warn({ err: result.reason, callId: ids[place] }, 'the attempt of a pending call could not be registered yet')
    }
  })
}

/** Shows how many calls are pending and for how long, and alarms when one is older than five minutes (B9). */
export async function watchPending({ database, metrics, log }: Omit<SweepOptions, 'register'>): Promise<void> {
  const { rows } = await ask<{ pending: number; oldest: number }>(database, AGE)
  const { pending, oldest } = rows[0] ?? { pending: 0, oldest: 0 }
  metrics.pending.set(pending)
  metrics.oldestPendingSeconds.set(oldest)
  if (oldest > ALARM_AFTER_SECONDS) {
    log.error({ pending, oldest }, 'a call has waited for more than five minutes to be registered; see its warnings')
  }
}

/** Forgets the idempotency keys of two days ago, and who was then asked to be called. */
export async function tidy(database: Database, signal: AbortSignal): Promise<void> {
  for (const statement of TIDY) {
    while (((await ask(database, statement, [], GIVE_UP_TIDYING_AFTER_MS)).rowCount ?? 0) > 0) signal.throwIfAborted()
  }
}

/** Sweeps until the signal comes: often, and at once again while there is more. A fault is logged, never the end. */
export async function sweep(options: SweepOptions, signal: AbortSignal): Promise<void> {
  let watchAt = 0
  let tidyAt = 0
  while (!signal.aborted) {
    try {
      const tried = await sweepOnce(options)
      if (performance.now() > watchAt) {
        watchAt = performance.now() + WATCH_EVERY_MS
        await watchPending(options)
        await sweepMeetings(options)
      }
      if (performance.now() > tidyAt) {
        tidyAt = performance.now() + TIDY_EVERY_MS
        await tidy(options.database, signal)
      }
      if (tried >= CLAIM_SIZE) continue
    } catch (error) {
      if (signal.aborted) break
      options.log.error({ err: error }, 'the sweep of pending calls failed and is tried again')
    }
    await wait(EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
}

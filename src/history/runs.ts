import { type RawBuilder, sql } from 'kysely'
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid'
import { formatInstant } from '../attempts/attempt.ts'
import { type Actor, COMMAND_LINE, SYNC } from '../audit/actor.ts'
import { recordChange } from '../audit/record.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import type { Database } from '../database/database.ts'
import type { Instant } from '../time.ts'
import type { SyncCounts, SyncOptions } from './sync.ts'
import type { Reached } from './unheld.ts'

/** The history gone through once, by whoever has time; it outlives who works on it. */
export interface SyncRun {
  id: string
  state: 'waiting' | 'running' | 'done' | 'failed'
  options: SyncOptions
  /** Null while nothing has been gone through. */
  reached: Reached | null
  counts: SyncCounts
  created_at: Instant
  started_at: Instant | null
  finished_at: Instant | null
}

/** A run with the right to work on it. */
export interface ClaimedRun extends SyncRun {
  claim: string
}

/** One that does not tell of itself for so long is dead: a step takes a tenth of a second, and seconds where it waits. */
const LEASE_SECONDS = 60
const LEASE_END = sql`${THIS_MOMENT} + ${LEASE_SECONDS} * interval '1 second'`

/** As the row keeps them, which are the words of the API. */
interface StoredOptions {
  from?: string
  to?: string
  contact?: string
  before_opportunity: boolean
  dry_run: boolean
  batch: number
}

interface Row extends Omit<SyncRun, 'options' | 'counts'>, SyncCounts {
  options: StoredOptions
  claimed_by: string | null
}

/** In the words of the API. */
export function storedOptions({ from, to, contactId, ...options }: SyncOptions): StoredOptions {
  return {
    ...(from === undefined ? {} : { from: formatInstant(from) }),
    ...(to === undefined ? {} : { to: formatInstant(to) }),
    ...(contactId === undefined ? {} : { contact: contactId }),
    before_opportunity: options.beforeOpportunity,
    dry_run: options.isDryRun,
    batch: options.batch,
  }
}

function runFromRow({ options, seen, registered, before_opportunity, turned_away, failed, ...row }: Row): SyncRun {
  const { id, state, reached, created_at, started_at, finished_at } = row
  const { from, to, contact } = options
  return {
    ...{ id, state, reached, created_at, started_at, finished_at },
    options: {
      ...(from === undefined ? {} : { from: Date.parse(from) }),
      ...(to === undefined ? {} : { to: Date.parse(to) }),
      ...(contact === undefined ? {} : { contactId: contact }),
      beforeOpportunity: options.before_opportunity,
      isDryRun: options.dry_run,
      batch: options.batch,
    },
    counts: { seen, registered, before_opportunity, turned_away, failed },
  }
}

/** Asks for a run; whichever server has time takes it up. Gives its id. */
export async function requestRun({ query }: Database, options: SyncOptions, by: Actor): Promise<string> {
  const id = uuidv7()
  const stored = storedOptions(options)
  await query.transaction().execute(async (transaction) => {
    await sql`insert into sync_runs (id, options, due_at)
      values (${id}, ${JSON.stringify(stored)}, ${THIS_MOMENT})`.execute(transaction)
    await recordChange(transaction, by, 'sync.requested', id, null, { ...stored })
  })
  return id
}

/** Makes a run that nobody else is to take up as long as its maker is alive. */
export async function beginRun({ query }: Database, options: SyncOptions): Promise<ClaimedRun> {
  const id = uuidv7()
  const stored = storedOptions(options)
  const { rows } = await query.transaction().execute(async (transaction) => {
    await recordChange(transaction, COMMAND_LINE, 'sync.requested', id, null, { ...stored })
    return sql<Row>`
      insert into sync_runs (id, state, options, due_at, claimed_by, started_at)
      values (${id}, 'running', ${JSON.stringify(stored)}, ${LEASE_END}, ${uuidv4()}, ${THIS_MOMENT})
      returning *`.execute(transaction)
  })
  const [claimed] = claimedOf(rows)
  if (claimed === undefined) throw new Error('the database made a run without telling of it')
  return claimed
}

/** Claims a run that waits, or whose worker is dead; null where there is none. */
export function claimRun(database: Database): Promise<ClaimedRun | null> {
  return claim(
    database,
    sql`select id from sync_runs where due_at <= clock_timestamp()
    order by due_at limit 1 for update skip locked`,
  )
}

/** An unfinished run that somebody may still be working on. */
export interface BusyRun {
  id: string
  seen: number
  /** After so long without a sign of life, it may be taken up. */
  freeInSeconds: number
}

/**
 * For who goes through the same history by hand: claims the newest unfinished run with these options, whatever its batch.
 *
 * @returns null where there is none
 */
export async function takeUpRun(database: Database, options: SyncOptions): Promise<ClaimedRun | BusyRun | null> {
  const isAlike = sql`due_at is not null
    and options - 'batch' = ${JSON.stringify(storedOptions(options))}::jsonb - 'batch'`
  const isFree = sql`due_at <= clock_timestamp() or due_at = 'infinity'`
  const claimed = await claim(
    database,
    sql`select id from sync_runs where ${isAlike} and (${isFree})
    order by created_at desc limit 1 for update skip locked`,
  )
  if (claimed !== null) return claimed
  const { rows } = await sql<BusyRun>`
    select id, seen, ceil(extract(epoch from due_at - clock_timestamp()))::int as "freeInSeconds"
    from sync_runs where ${isAlike} and due_at <> 'infinity' order by created_at desc limit 1`.execute(database.query)
  return rows[0] ?? null
}

async function claim({ query }: Database, which: RawBuilder<unknown>): Promise<ClaimedRun | null> {
  const { rows } = await sql<Row>`
    update sync_runs set state = 'running', claimed_by = ${uuidv4()}, due_at = ${LEASE_END},
      started_at = coalesce(started_at, ${THIS_MOMENT})
    where id = (${which}) returning *`.execute(query)
  return claimedOf(rows)[0] ?? null
}

const claimedOf = (rows: readonly Row[]): ClaimedRun[] =>
  rows.flatMap((row) => (row.claimed_by === null ? [] : [{ ...runFromRow(row), claim: row.claimed_by }]))

/**
 * Keeps how far a run has come, and that its worker is alive.
 *
 * @returns false where somebody else has taken it up: the worker was taken for dead
 */
export async function saveProgress({ query }: Database, run: ClaimedRun): Promise<boolean> {
  const { seen, registered, before_opportunity, turned_away, failed } = run.counts
  const { numAffectedRows } = await sql`
    update sync_runs set reached = ${JSON.stringify(run.reached)}, seen = ${seen}, registered = ${registered},
      before_opportunity = ${before_opportunity}, turned_away = ${JSON.stringify(turned_away)}, failed = ${failed},
      due_at = ${LEASE_END}
    where id = ${run.id} and claimed_by = ${run.claim}`.execute(query)
  return numAffectedRows === 1n
}

/** All has been gone through: it is done, or failed where some calls could not be decided. */
export async function finishRun({ query }: Database, run: ClaimedRun): Promise<void> {
  const state = run.counts.failed > 0 ? 'failed' : 'done'
  await query.transaction().execute(async (transaction) => {
    const { numAffectedRows } = await sql`
      update sync_runs set state = ${state}, due_at = null, claimed_by = null, finished_at = ${THIS_MOMENT}
      where id = ${run.id} and claimed_by = ${run.claim}`.execute(transaction)
    if (numAffectedRows !== 1n) return
    const after = { state, ...run.counts }
    await recordChange(transaction, SYNC, 'sync.finished', run.id, { state: 'running' }, after)
  })
}

/**
 * Gives a run back that is not finished.
 *
 * @param to any server, at once; or nobody but who goes on with it by hand
 */
export async function giveBackRun({ query }: Database, run: ClaimedRun, to: 'anybody' | 'a person'): Promise<void> {
  const due = to === 'anybody' ? THIS_MOMENT : sql`'infinity'`
  await sql`update sync_runs set state = 'waiting', due_at = ${due}, claimed_by = null
    where id = ${run.id} and claimed_by = ${run.claim}`.execute(query)
}

/** The run with this id; null where there is none. */
export async function findRun({ query }: Database, id: string): Promise<SyncRun | null> {
  const { rows } = await sql<Row>`select * from sync_runs where id = ${id}`.execute(query)
  return rows[0] === undefined ? null : runFromRow(rows[0])
}

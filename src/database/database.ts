import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Tables } from './tables.ts'

/** Where a PostgreSQL is: an address, or the folder of a socket. */
export type Connection =
  | { connectionString: string }
  | { host: string; port: number; user: string; database: string; password?: string }

export interface DatabaseOptions {
  connection: Connection
  /** Behind PgBouncer in transaction mode: no start-up parameters, no named statements. */
  hasPooler: boolean
  /** Told of connections that die while nobody uses them; without it they would end the process. */
  onIdleError: (error: Error) => void
}

/** Everything that talks to PostgreSQL. The calls' own pool stays free while long lists are read. */
export interface Database {
  /** For the batches in which calls are written, and for the keys, for which no call may wait behind lists. */
  calls: pg.Pool
  /** For everything else. */
  general: pg.Pool
  /**
   * For what nobody waits for: migrations and the sweep. It has no time-outs but that of connecting, which takes long
   * on a machine that is busy starting.
   */
  patient: pg.Pool
  /** For batches of stored calls, for which nobody waits: planned as those of `calls` are, with more time. */
  history: pg.Pool
  /** Typed queries on `general`. */
  query: Kysely<Tables>
  /** The same for chores, for which no request waits: they have their own connections, and wait longer. */
  chores: Kysely<Tables>
  hasPooler: boolean
  close(): Promise<void>
}

const CONNECT_TIMEOUT_MS = 1_000
/** Where no request waits. */
export const PATIENT_CONNECT_TIMEOUT_MS = 5_000
/** Leaves time to save a call as pending within the two seconds in which every request is answered. */
const CALL_STATEMENT_TIMEOUT_MS = 700
const STATEMENT_TIMEOUT_MS = 1_500
const CHORE_TIMEOUT_MS = 10_000
const HISTORY_STATEMENT_TIMEOUT_MS = 20_000
/** How long a connection is waited for, also in a line: chores, for which no request waits, stand behind chores' statements. */
function connectTimeoutMs(statementTimeoutMs: number | null): number {
  if (statementTimeoutMs === null) return PATIENT_CONNECT_TIMEOUT_MS
  return statementTimeoutMs < CHORE_TIMEOUT_MS ? CONNECT_TIMEOUT_MS : CHORE_TIMEOUT_MS
}
/** A stalled server keeps no time-out of its own. */
const STALL_ALLOWANCE_MS = 200

/**
 * The statements of a batch find every row by a key. A plan that was made while a table was small must not read the
 * whole of it once it has grown.
 */
const BY_KEY_ONLY =
  '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off -c plan_cache_mode=force_generic_plan'

/**
 * A new connection has everything to learn: plans, the system's tables, and each page of the buffers on its first touch,
 * which on much data nearly halves the rate of its first seconds. Those of calls are kept for good.
 */
const CALL_IDLE_MS = 0
const IDLE_MS = 300_000

/** Opens the pools. Nothing connects before the first query. */
export function openDatabase({ connection, hasPooler, onIdleError }: DatabaseOptions): Database {
  const open = (
    max: number,
    idleTimeoutMillis: number,
    statementTimeoutMs: number | null,
    options: string,
  ): pg.Pool => {
    const pool = new pg.Pool({
      ...connection,
      max,
      idleTimeoutMillis,
      types: { getTypeParser },
      application_name: 'first-call',
      connectionTimeoutMillis: connectTimeoutMs(statementTimeoutMs),
      ...(statementTimeoutMs === null ? {} : { query_timeout: statementTimeoutMs + STALL_ALLOWANCE_MS }),
      keepAlive: true,
      ...(hasPooler
        ? {}
        : { options, statement_timeout: statementTimeoutMs ?? 0, idle_in_transaction_session_timeout: 10_000 }),
    })
    pool.on('error', onIdleError)
    // One that dies at work fails its query, which is told; without a listener it would end the process besides.
    pool.on('connect', (client) => client.on('error', () => undefined))
    pool.on('release', (_, client) => endIfUnanswered(client))
    return pool
  }
  const calls = open(4, CALL_IDLE_MS, CALL_STATEMENT_TIMEOUT_MS, `${BY_KEY_ONLY} -c timezone=UTC`)
  // A page is found sooner than helpers are started.
  const general = open(
    8,
    IDLE_MS,
    STATEMENT_TIMEOUT_MS,
    '-c timezone=UTC -c jit=off -c max_parallel_workers_per_gather=0',
  )
  const chores = open(2, IDLE_MS, CHORE_TIMEOUT_MS, '-c timezone=UTC -c jit=off')
  const history = open(
    5,
    IDLE_MS,
    HISTORY_STATEMENT_TIMEOUT_MS,
    `${BY_KEY_ONLY} -c timezone=UTC -c synchronous_commit=off`,
  )
  const patient = open(1, IDLE_MS, null, '-c timezone=UTC')
  const queriesOn = (pool: pg.Pool) => new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return {
    calls,
    general,
    patient,
    history,
    query: queriesOn(general),
    chores: queriesOn(chores),
    hasPooler,
    close: async () => {
      await Promise.all([calls.end(), general.end(), chores.end(), patient.end(), history.end()])
    },
  }
}

/**
 * A connection whose query timed out is still waiting for the answer, and whatever is asked on it next would wait
 * behind that, for ever where the server is gone. `pg` lets go of it only where it was told of the error, which Kysely
 * does not do.
 */
function endIfUnanswered(client: pg.PoolClient): void {
  if ('readyForQuery' in client && client.readyForQuery === false) void client.end()
}

const TIMESTAMPTZ = 1184
const INT8 = 20

/** Times come as milliseconds since 1970 or an infinity, eight-byte integers as numbers (ours stay far below 2^53). */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  const parse = pg.types.getTypeParser(oid, format as 'text')
  if (oid === TIMESTAMPTZ) return (text) => Number(parse(text))
  if (oid === INT8) return Number
  return parse
}

/** SQLSTATE of a database's error, null where it is none. */
export function sqlState(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.code ?? null) : null
}

/**
 * Whether the connection failed, and not the statement: then nobody knows whether it was carried out. The database's
 * own words for it are class 08, 57P0x (it stops, or ended this connection) and 53300 (no connection is free).
 */
export function isOutage(error: unknown): boolean {
  const state = sqlState(error)
  if (state !== null) return state.startsWith('08') || state.startsWith('57P') || state === '53300'
  return error instanceof Error && (CONNECTION_FAULT.test(error.message) || SOCKET_FAULT.test(codeOf(error)))
}

/**
 * Whether the database cannot do it at the moment, and the same may succeed a little later: an outage, or its own word
 * that it lacks room (class 53, such as a full disk) or its files (58), gave up a wait (57014, 55P03), chose another
 * (40001, 40P01), or takes no writes at the moment (25006).
 */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error)
  return isOutage(error) || (state !== null && TRANSIENT_STATE.test(state))
}

const TRANSIENT_STATE = /^(53|58|57014$|55P03$|40001$|40P01$|25006$)/

/** Whether the statement may have been carried out although it seems to have failed: it had a connection, and lost it. */
export function isAnswerLost(error: unknown): boolean {
  if (!isOutage(error) || !(error instanceof Error)) return false
  return !NO_CONNECTION.test(error.message) && !NO_CONNECTION.test(codeOf(error)) && sqlState(error) !== '53300'
}

const NO_CONNECTION = /^(timeout exceeded when trying to connect|ECONNREFUSED|ENOENT|EHOSTUNREACH|ENETUNREACH|EAI_)/

/** As `pg` and its pool word them. */
const CONNECTION_FAULT =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/
const SOCKET_FAULT = /^(ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_)/

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '')

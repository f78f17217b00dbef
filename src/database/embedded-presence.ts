import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { USER } from './embedded-cluster.ts'
import { EmbeddedDatabaseError, OTHER_DATABASE } from './embedded-error.ts'
import { hasCode } from './embedded-files.ts'
import { isHeld, lockHolder } from './embedded-lock.ts'
import type { Place } from './embedded-place.ts'
import { ensureSocketFolder, PORT } from './embedded-socket.ts'

/**
 * A process that uses the server keeps a connection open that holds this lock, shared with the others who do. The last
 * one out takes it alone: then nobody is in, and nobody comes in while it stops the server.
 */
const PRESENCE = `hashtext('first-call presence')`

export const DATABASE = 'first_call'
const POLL_MS = 10
/** The connections of a pool that was just closed are listed for some milliseconds more. */
const OTHERS_LEAVE_MS = 500
/** It writes out everything; should it take longer, it ends by itself. */
const STOP_MS = 8_000

/** What a knock at the server's door comes to: we are in, there is no server, or it comes up or goes down. */
export type Answer = pg.Client | 'nobody' | 'busy'

/**
 * Connects to the server of this place, makes sure that it is that one and has our database, and stays in it.
 * @throws EmbeddedDatabaseError where another answers or it does not take us
 */
export async function knock(place: Place): Promise<Answer> {
  const client = new pg.Client({
    host: await ensureSocketFolder(place),
    port: PORT,
    user: USER,
    // Not ours, so that ours can be copied, renamed and dropped.
    database: 'postgres',
    ssl: false,
    application_name: 'first-call presence',
    connectionTimeoutMillis: 5_000,
  })
  // Whoever runs queries learns by them that the server is gone.
  client.on('error', () => {})
  try {
    await client.connect()
    if (await enter(client, place.folder)) return client
    await client.end()
    return 'busy'
  } catch (error) {
    await client.end().catch(() => {})
    return answerOf(error, place.folder)
  }
}

async function enter(client: pg.Client, folder: string): Promise<boolean> {
  const { rows } = await client.query<{ folder: string; hasDatabase: boolean; isIn: boolean }>(
    `select current_setting('data_directory') as folder,
            exists (select from pg_database where datname = '${DATABASE}') as "hasDatabase",
            pg_try_advisory_lock_shared(${PRESENCE}) as "isIn"`,
  )
  const [row] = rows
  if (row?.folder !== folder)
    throw new EmbeddedDatabaseError(
      `The socket of ${folder} belongs to a PostgreSQL with the data folder ${row?.folder}: stop that one, or ` +
        `${OTHER_DATABASE}.`,
    )
  if (row.isIn && !row.hasDatabase) await createDatabase(client)
  return row.isIn
}

async function createDatabase(client: pg.Client): Promise<void> {
  try {
    await client.query(`create database ${DATABASE}`)
  } catch (error) {
    // Another process was faster: known before the row is written, or by it.
    if (!hasCode(error, '42P04', '23505')) throw error
  }
}

function answerOf(error: unknown, folder: string): Answer {
  if (hasCode(error, 'ENOENT', 'ECONNREFUSED')) return 'nobody'
  const isPassing =
    hasCode(error, '57P01', '57P02', '57P03', '53300', 'ECONNRESET', 'EPIPE', 'EAGAIN') ||
    (error instanceof Error && /terminated|timeout|not queryable/i.test(error.message))
  if (isPassing) return 'busy'
  if (error instanceof pg.DatabaseError)
    throw new EmbeddedDatabaseError(
      `The PostgreSQL of ${folder} does not take us: ${error.message}. Its log is in ${folder}/log; or ${OTHER_DATABASE}.`,
      { cause: error },
    )
  throw error
}

/** Leaves the server, and stops it if nobody else is connected. Where the connection was lost, it comes in once more. */
export async function leave(client: pg.Client | undefined, place: Place): Promise<'stopped' | 'left running'> {
  const left = client && (await leaveBy(client, place).catch(() => undefined))
  if (left) return left
  const answer = await knockUntilClear(place)
  if (typeof answer === 'object') return leaveBy(answer, place)
  return answer === 'nobody' ? 'stopped' : 'left running'
}

async function leaveBy(client: pg.Client, place: Place): Promise<'stopped' | 'left running'> {
  try {
    await client.query(`select pg_advisory_unlock_shared(${PRESENCE})`)
    const { rows } = await client.query<{ isLast: boolean }>(`select pg_try_advisory_lock(${PRESENCE}) as "isLast"`)
    if (!rows[0]?.isLast || (await doOthersStay(client))) return 'left running'
    await stopServer(place)
    return 'stopped'
  } finally {
    await client.end().catch(() => {})
  }
}

async function doOthersStay(client: pg.Client): Promise<boolean> {
  for (const deadline = Date.now() + OTHERS_LEAVE_MS; Date.now() < deadline; await setTimeout(POLL_MS)) {
    const { rows } = await client.query(
      `select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    )
    if (rows.length === 0) return false
  }
  return true
}

/** Asks for a fast shutdown: transactions are rolled back, everything committed is written out. */
async function stopServer(place: Place): Promise<void> {
  const server = await lockHolder(place.folder)
  if (server === undefined) return
  process.kill(server, 'SIGINT')
  const deadline = Date.now() + STOP_MS
  const isThere = async () => (await lockHolder(place.folder)) === server && (await isHeld(place))
  while ((await isThere()) && Date.now() < deadline) await setTimeout(POLL_MS)
}

async function knockUntilClear(place: Place): Promise<Answer> {
  const deadline = Date.now() + STOP_MS
  for (;;) {
    const answer = await knock(place)
    if (answer !== 'busy' || Date.now() > deadline) return answer
    await setTimeout(POLL_MS)
  }
}

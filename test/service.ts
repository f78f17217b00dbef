import { randomUUID } from 'node:crypto'
import type { FastifyInstance, InjectOptions } from 'fastify'
import type pg from 'pg'
import pino from 'pino'
import { inject } from 'vitest'
import { buildApp } from '../src/app.ts'
import { type Run, runOn } from '../src/attempts/read.ts'
import { Register, type RegisterEvents, type RegisterTimes } from '../src/attempts/register.ts'
import { sweepMeetings, sweepOnce } from '../src/attempts/sweep.ts'
import { watched } from '../src/attempts/watched.ts'
import type { Actor } from '../src/audit/actor.ts'
import { createKeyCheck } from '../src/auth/keys.ts'
import type { ZadarmaConfig } from '../src/config.ts'
import type { RelinkOptions } from '../src/contacts/relink.ts'
import { type Connection, type Database, openDatabase } from '../src/database/database.ts'
import { type EdgeConfig, PLAIN_EDGE } from '../src/http/edge.ts'
import type { DoorsOptions } from '../src/inbox/doors.ts'
import type { InboxOptions } from '../src/inbox/inbox.ts'
import { createLog } from '../src/log.ts'
import type { MailOptions } from '../src/mailbox/handle.ts'
import type { Wording } from '../src/mailbox/wording.ts'
import { createMetrics, type Metrics } from '../src/metrics.ts'
import type { PeopleConfig } from '../src/people/people.ts'
import type { AboutService } from '../src/state/state.ts'
import { doorsOf, NO_FOLDERS, ZADARMA } from './doors.ts'
import { connectionTo, withAdmin } from './postgres.ts'
import { isSearched, keepForSearch, keepRows } from './secrets-search.ts'

export const KEY = 'a-key-for-tests-that-is-long-enough-0'

/** Who changes what no door brings. */
export const SOMEBODY: Actor = { who: 'bootstrap', requestId: null }

export interface TestDatabase {
  connection: Connection
  drop(): Promise<void>
}

/** A database of its own for a test file: a copy of the migrated template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = inject('server')
  const name = `${server.template}_${randomUUID().replaceAll('-', '').slice(0, 12)}`
  // The files as they are, with what connections have learnt of the tables: half the work of copying row by row.
  const copying = `create database ${name} template ${server.template} strategy file_copy`
  await withAdmin(server, (client) => client.query(copying))
  const connection = connectionTo(server, name)
  return {
    connection,
    drop: async () => {
      if (isSearched) await keepRows(connection)
      await withAdmin(server, async (client) => void (await client.query(`drop database ${name} with (force)`)))
    },
  }
}

export interface TestService {
  app: FastifyInstance
  database: Database
  register: Register
  /** What was told to the log: saved calls whose attempt was not registered. */
  notRegistered: unknown[]
  /** A request with the admin key; the body is parsed. */
  request(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>
  sweepOnce(): Promise<number>
  inbox: InboxOptions
  mails: MailOptions
  metrics: Metrics
  relink: RelinkOptions
  /** Runs SQL on the general pool. */
  sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
  close(): Promise<void>
}

export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked into freely by tests
  body: any
  headers: Record<string, unknown>
}

export interface TestServiceOptions {
  connection: Connection
  /** Stands between the register and the database: to inject faults and mutants. */
  wrapRun?: (run: Run) => Run
  times?: RegisterTimes
  zadarma?: Partial<ZadarmaConfig>
  /** How long a message may take before it is answered without: long, so that a busy machine puts nothing off. */
  atOnceMs?: number
  /** Where recordings are kept, and large mails; without it there is no such place. */
  recordingsDir?: string
  mailsDir?: string
  /** What a mail changes. */
  processMail?: DoorsOptions['processMail']
  wording?: Wording
  mailLimits?: DoorsOptions['mailLimits']
  /** How people log in. */
  people?: Partial<PeopleConfig>
  about?: Partial<AboutService>
  edge?: Partial<EdgeConfig>
  /** Instead of the log of tests, which is silent. */
  log?: pino.Logger
}

/** Tests knock from one address, and oftener than anybody. */
const BUSY_EDGE: EdgeConfig = { ...PLAIN_EDGE, refusedPerAddress: 1_000_000, logInsPerAddress: 1_000_000 }

/** As the service's own: silent, or where `TEST_LOG` says so told to whoever runs the tests, or kept for a search. */
const logOfTests = (): pino.Logger =>
  isSearched
    ? createLog('trace', { write: (line: string) => keepForSearch('log', line.trimEnd()) })
    : createLog((process.env.TEST_LOG ?? 'silent') as pino.LevelWithSilent, pino.destination({ dest: 2, sync: true }))

/** The whole service on a database, without a port: several of them are several servers. */
export async function createTestService({
  connection,
  wrapRun = (run) => run,
  times,
  zadarma: given = {},
  atOnceMs = 30_000,
  recordingsDir = NO_FOLDERS.recordings,
  mailsDir = NO_FOLDERS.mails,
  processMail,
  wording,
  mailLimits,
  people = {},
  about = {},
  edge = {},
  log = logOfTests(),
}: TestServiceOptions): Promise<TestService> {
  const database = openDatabase({ connection, hasPooler: false, onIdleError: () => undefined })
  const metrics = createMetrics()
  const notRegistered: unknown[] = []
  const events: RegisterEvents = {
    ...watched(metrics, log),
    onNotRegistered: (reason) => notRegistered.push(reason),
  }
  const register = new Register(wrapRun(runOn(database.calls, false)), events, times)
  const { relink, closeDoors, ...doors } = doorsOf(
    { database, register, metrics, log },
    {
      zadarma: { ...ZADARMA, ...given },
      folders: { recordings: recordingsDir, mails: mailsDir },
      people,
      about,
      ...(processMail === undefined ? {} : { processMail }),
      ...(wording === undefined ? {} : { wording }),
      ...(mailLimits === undefined ? {} : { mailLimits }),
    },
  )
  doors.inbox.atOnceMs = atOnceMs
  const app = await buildApp({
    ...doors,
    database,
    register,
    findCaller: createKeyCheck(database, KEY),
    metrics,
    country: 'ES',
    host: '127.0.0.1',
    edge: { ...BUSY_EDGE, ...edge },
    isReady: async () => true,
    log,
  })
  if (isSearched) {
    app.addHook('onSend', async (_, { statusCode }, payload) => {
      if (statusCode >= 400) keepForSearch('error', String(payload))
    })
  }
  await app.ready()
  return {
    app,
    database,
    register,
    notRegistered,
    inbox: doors.inbox,
    mails: doors.mails,
    metrics,
    relink,
    request: async (method, url, body, headers = {}) => {
      const options: InjectOptions = { method, url, headers: { authorization: `Bearer ${KEY}`, ...headers } }
      if (body !== undefined) options.payload = body as object
      const response = await app.inject(options)
      const text = response.body
      return { status: response.statusCode, body: text === '' ? null : JSON.parse(text), headers: response.headers }
    },
    sweepOnce: async () => {
      await sweepMeetings({ database, register, log })
      return sweepOnce({ database, register, log })
    },
    sql: async (text, values = []) => (await database.general.query(text, values)).rows,
    close: async () => {
      await app.close()
      await closeDoors()
      await register.drained()
      await database.close()
    },
  }
}

/** A 503 promises nothing, and asks to come again. */
export async function untilTaken(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; tries < 5; tries++) {
    const answer = await ask()
    if (answer.status !== 503) return answer
  }
  return ask()
}

import path from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import pino from 'pino'
import type { Change } from '../../src/attempts/change.ts'
import { doorsOf } from '../doors.ts'

/*
 * What registering is compared with: the same built application, key check and validation, but `POST` is one INSERT,
 * and nothing is registered. Started by the benchmark in a process of its own.
 */

const POOL_SIZE = 10

const distDir = path.resolve(import.meta.dirname, '../../dist')

/** From what was built, as the service itself runs. */
const built = (file: string): Promise<unknown> => import(pathToFileURL(path.join(distDir, file)).href)

const { buildApp } = (await built('app.js')) as typeof import('../../src/app.ts')
const { Book } = (await built('attempts/book.js')) as typeof import('../../src/attempts/book.ts')
const { runOn } = (await built('attempts/read.js')) as typeof import('../../src/attempts/read.ts')
const { Register } = (await built('attempts/register.js')) as typeof import('../../src/attempts/register.ts')
const { callToRow } = (await built('attempts/rows.js')) as typeof import('../../src/attempts/rows.ts')
const { createKeyCheck } = (await built('auth/keys.js')) as typeof import('../../src/auth/keys.ts')
const { openDatabase } = (await built('database/database.js')) as typeof import('../../src/database/database.ts')
const { createMetrics } = (await built('metrics.js')) as typeof import('../../src/metrics.ts')

const connection = { connectionString: process.env.DATABASE_URL ?? '' }
const database = openDatabase({ connection, hasPooler: false, onIdleError: () => undefined })
const pool = new pg.Pool({ ...connection, max: POOL_SIZE })

/** Decides with nothing known but that there is such a contact, and inserts the call. */
async function insertCall<Result>({ needs, plan }: Change<Result>): Promise<Result> {
  const { calls = [], result } = plan(
    new Book({
      now: Date.now(),
      opportunities: [],
      calls: [],
      areCallsBare: false,
      stones: [],
      foreignAttempts: [],
      knownContactIds: needs.contactIds,
      answers: [],
      contacts: [],
      dialRequests: [],
      sameMoment: [],
      recordings: [],
      files: [],
      reviewItems: [],
    }),
  )
  for (const call of calls) {
    const row = callToRow(call)
    const columns = Object.keys(row)
    const places = columns.map((_, index) => `$${index + 1}`)
    await pool.query({
      name: 'insert_call',
      text: `insert into calls (${columns}) values (${places})`,
      values: Object.values(row),
    })
  }
  return result
}

const register = new Register(runOn(database.calls, false), {
  onBatch: () => undefined,
  onRetry: () => undefined,
  onNotRegistered: () => undefined,
})
register.registerCallAttempt = insertCall

const parts = { database, register, metrics: createMetrics(), log: pino({ level: 'warn' }, pino.destination(2)) }
const app = await buildApp({
  ...parts,
  ...doorsOf(parts),
  findCaller: createKeyCheck(database, process.env.BOOTSTRAP_API_KEY ?? null),
  country: 'ES',
  host: '127.0.0.1',
  isReady: async () => true,
})
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
process.once('SIGTERM', () => process.exit(0))

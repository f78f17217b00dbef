import pino from 'pino'
import { buildApp } from '../src/app.ts'
import { Register } from '../src/attempts/register.ts'
import { openDatabase } from '../src/database/database.ts'
import { createMetrics } from '../src/metrics.ts'
import { doorsOf } from './doors.ts'

/** The service's own description, as the text of `openapi.json`. Nothing of it needs a database. */
export async function describeApi(): Promise<string> {
  const database = openDatabase({
    connection: { connectionString: 'postgres://nobody@127.0.0.1:1/none' },
    hasPooler: false,
    onIdleError: () => undefined,
  })
  const register = new Register(() => Promise.reject(new Error('no database')), {
    onBatch: () => undefined,
    onRetry: () => undefined,
    onNotRegistered: () => undefined,
  })
  const metrics = createMetrics()
  const log = pino({ level: 'silent' })
  const app = await buildApp({
    ...doorsOf({ database, register, metrics, log }),
    database,
    register,
    findCaller: async () => null,
    metrics,
    country: 'ES',
    host: '127.0.0.1',
    isReady: async () => false,
    log,
  })
  await app.ready()
  const description = `${JSON.stringify(app.swagger(), null, 2)}\n`
  await app.close()
  await database.close()
  return description
}

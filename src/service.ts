import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { buildApp } from './app.ts'
import { runOn } from './attempts/read.ts'
import { Register } from './attempts/register.ts'
import { sweep } from './attempts/sweep.ts'
import { createKeyCheck, makeFirstKey } from './auth/keys.ts'
import type { Config } from './config.ts'
import { openDatabase } from './database/database.ts'
import { startEmbeddedDatabase } from './database/embedded.ts'
import { isMigrated, migrate } from './database/migrate.ts'
import { createMetrics } from './metrics.ts'

export interface Service {
  app: FastifyInstance
  /** Where it listens. */
  address: string
  /** Where the data lives, in words. */
  dataPlace: string
  /** The admin key that this start made; null where there was one. */
  firstKey: string | null
  /** Answers what was accepted, then stops everything in the reverse order of its start. */
  stop(): Promise<void>
}

/**
 * Starts the service: database, migrations, key, sweep, HTTP; in this order.
 *
 * @param rootDir the checkout, with `migrations/`
 * @throws with a sentence for a person where something of it cannot start; what had started is stopped again
 */
export async function startService(config: Config, rootDir: string): Promise<Service> {
  const log = pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: false }))
  const stops: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const stopPart of stops.splice(0).reverse()) await stopPart()
  }
  try {
    const embedded =
      config.databaseUrl === null ? await embeddedDatabase(config, rootDir, (text) => log.warn(text)) : null
    if (embedded !== null) stops.push(() => embedded.stop())
    const database = openDatabase({
      connection: embedded?.connection ?? { connectionString: config.databaseUrl ?? '' },
      hasPooler: config.hasPooler,
      onIdleError: (error) => log.warn({ err: error }, 'an idle connection to the database was lost'),
    })
    stops.push(() => database.close())

    const migrations = path.join(rootDir, 'migrations')
    await migrate(database.general, migrations)
    const firstKey = config.bootstrapApiKey === null ? await makeFirstKey(database) : null

    const metrics = createMetrics()
    const register = new Register(runOn(database.calls, database.hasPooler), {
      onBatch: (size) => metrics.batchSize.observe(size),
      onRetry: () => metrics.retries.inc(),
      onNotRegistered: (reason) => {
        metrics.notRegistered.inc()
        log.error({ err: reason }, 'a call was saved, but its attempt could not be registered yet')
      },
    })
    stops.push(() => register.drained())

    const sweeping = new AbortController()
    const swept = sweep({ database, register, metrics, log }, sweeping.signal)
    stops.push(() => {
      sweeping.abort()
      return swept
    })

    const app = await buildApp({
      database,
      register,
      findCaller: createKeyCheck(database, config.bootstrapApiKey),
      metrics,
      country: config.defaultCountry,
      host: config.host,
      isReady: () => isMigrated(database.general, migrations),
      log,
    })
    stops.push(() => app.close())
    const address = await app.listen({ host: config.host, port: config.port })
    const dataPlace = embedded?.dataDir ?? `the PostgreSQL at ${new URL(config.databaseUrl ?? '').host}`
    return { app, address, dataPlace, firstKey, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function embeddedDatabase({ dataDir, isDefaultDataDir }: Config, checkoutDir: string, log: (text: string) => void) {
  return startEmbeddedDatabase({ dataDir, isDefaultDataDir, checkoutDir, log })
}

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.ts'
import { runOn } from './attempts/read.ts'
import { Register } from './attempts/register.ts'
import { sweep } from './attempts/sweep.ts'
import { watched } from './attempts/watched.ts'
import { createKeyCheck, makeFirstKey } from './auth/keys.ts'
import { sweepMailCalls } from './calls/mail-sweep.ts'
import { doChores } from './chores.ts'
import type { Config } from './config.ts'
import { sweepWaiting, waitingLinker } from './contacts/relink.ts'
import { coverageChore } from './coverage/chore.ts'
import { dataFolders } from './data-folders.ts'
import { openDatabase } from './database/database.ts'
import { databaseHome } from './database/home.ts'
import { isMigrated, migrate } from './database/migrate.ts'
import { migrateAsOwner } from './database/owner.ts'
import { erasureChore, erasureWatch } from './erasure/chore.ts'
import { syncChore } from './history/chore.ts'
import { isOnlyHere } from './http/guard.ts'
import { closer, isOnEveryAddress, listen } from './http/listening.ts'
import { inboxChores } from './inbox/chores.ts'
import { openDoors } from './inbox/doors.ts'
import { createLog } from './log.ts'
import { receiveMail } from './mailbox/receive.ts'
import { mailChores } from './mailbox/sweep.ts'
import { loadWording } from './mailbox/wording.ts'
import { createMetrics } from './metrics.ts'
import { forgetOver } from './people/forget.ts'
import { secretOf } from './people/secret.ts'
import { recordingChore } from './recordings/chore.ts'
import { retentionChores } from './retention/chore.ts'
import type { AboutService } from './state/state.ts'
import { zadarmaApiOf } from './zadarma/api.ts'
import { reconcileChore } from './zadarma/reconcile-chore.ts'

export interface Service {
  app: FastifyInstance
  /** Where it listens. */
  address: string
  /** Whether it listens on every address of this machine, of which `address` is one. */
  isOnEveryAddress: boolean
  /** Whether its description is shown to everybody who can reach it. */
  isDescriptionOpen: boolean
  /** Where the data lives, in words. */
  dataPlace: string
  /** The admin key that this start made; null where there was one. */
  firstKey: string | null
  /** Answers what was accepted, then stops everything in the reverse order of its start. */
  stop(): Promise<void>
}

/**
 * Starts the service: database, migrations, sweep, doors, mailbox, HTTP, key; in this order.
 *
 * @param rootDir the checkout, with `migrations/`
 * @throws with a sentence for a person where something of it cannot start; what had started is stopped again
 */
export async function startService(config: Config, rootDir: string): Promise<Service> {
  const log = createLog(config.logLevel)
  const stops: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const stopPart of stops.splice(0).reverse()) {
      await stopPart().catch((error: unknown) => log.error({ err: error }, 'a part did not stop in order'))
    }
  }
  try {
    const wording = loadWording(config.mail.patternsFile)
    const { connection, dataPlace, leave } = await databaseHome(config, rootDir, (text) => log.warn(text))
    stops.push(leave)
    const database = openDatabase({
      connection,
      hasPooler: config.hasPooler,
      onIdleError: (error) => log.warn({ err: error }, 'an idle connection to the database was lost'),
    })
    stops.push(() => database.close())

    const migrations = path.join(rootDir, 'migrations')
    if (config.migrationDatabaseUrl === null) await migrate(database.patient, migrations)
    else await migrateAsOwner({ connectionString: config.migrationDatabaseUrl }, database, migrations)

    const secret = await secretOf(database, config.authSecret)
    const metrics = createMetrics()
    const register = new Register(runOn(database.calls, database.hasPooler), watched(metrics, log))
    stops.push(() => register.drained())

    const sweeping = new AbortController()
    const swept = sweep({ database, register, metrics, log }, sweeping.signal)
    stops.push(() => {
      sweeping.abort()
      return swept
    })

    const folders = dataFolders(config, dataPlace)
    const doors = openDoors({ database, register, metrics, log, config, folders, wording })
    const { inbox, mails } = doors
    const relink = { database, register, days: config.relinkDays, log }
    const behind = { ...database, query: database.chores }
    const zadarmaApi = zadarmaApiOf(config.zadarma, log)
    const choring = new AbortController()
    const chores = doChores(
      [
        ...inboxChores({ ...inbox, database: behind }),
        ...mailChores({ ...mails, inbox: { ...inbox, database: behind } }),
        {
          name: 'look for contacts of calls',
          everyMs: 5_000,
          work: async () => (await sweepWaiting({ ...relink, database: behind })) > 0,
        },
        {
          name: 'look for calls of e-mails',
          everyMs: 5_000,
          work: async () =>
            (await sweepMailCalls({ ...relink, database: behind, metrics, folder: folders.recordings })) > 0,
        },
        coverageChore({ database, metrics }),
        syncChore({ database, metrics, log }),
        forgetOver(behind),
        erasureChore({ database: behind, mails }),
        erasureWatch({ database: behind }, metrics),
        ...retentionChores({ database: behind, folders, retention: config.retention, log }),
        ...(zadarmaApi === null
          ? []
          : [
              reconcileChore({ api: zadarmaApi, database: behind, register, config, log, metrics }),
              recordingChore({
                database: behind,
                api: zadarmaApi,
                from: { apiUrl: config.zadarma.apiUrl, hosts: config.zadarma.recordingHosts },
                folder: folders.recordings,
                maximumBytes: config.recordingMaxBytes,
                metrics,
                log,
              }),
            ]),
      ],
      log,
      choring.signal,
    )
    stops.push(() => {
      choring.abort()
      return chores
    })
    // Before the chores: one of them may be waiting for a mail to be read.
    stops.push(() => doors.close())

    if (config.mailbox !== null) {
      // 27 MB that a service without a mailbox does not need.
      const { readMailbox } = await import('./mailbox/reader.ts')
      const reading = new AbortController()
      const read = readMailbox({
        mailbox: config.mailbox,
        receive: (raw) => receiveMail(raw, 'imap', mails),
        database: behind,
        log,
        metrics,
        signal: reading.signal,
      })
      stops.push(() => {
        reading.abort()
        return read
      })
    }

    const app = await buildApp({
      zadarma: config.zadarma,
      zadarmaApi,
      retryMinutes: config.retryMinutes,
      inbox,
      mails,
      linkWaiting: waitingLinker(relink),
      people: { secret, publicUrl: config.publicUrl, mail: config.linkMail },
      about: await aboutOf(config, rootDir),
      pagesDir: path.join(rootDir, 'dist', 'web'),
      recordingsDir: folders.recordings,
      database,
      register,
      findCaller: createKeyCheck(database, config.bootstrapApiKey),
      metrics,
      country: config.defaultCountry,
      host: config.host,
      edge: config.edge,
      isReady: atMostEverySecond(() => isMigrated(database.general, migrations)),
      // Fastify's own word at this level is where it listens, which the greeting says already.
      log: log.child({}, { level: config.logLevel === 'info' ? 'warn' : config.logLevel }),
    })
    stops.push(closer(app))
    const address = await listen(app, config)
    // Last, since a key of a start that fails would be lost: it is shown once, and none is made where there is one.
    const firstKey = config.bootstrapApiKey === null ? await makeFirstKey(database) : null
    return {
      app,
      address,
      isOnEveryAddress: isOnEveryAddress(app),
      isDescriptionOpen: isOnlyHere(config.host, config.edge),
      dataPlace,
      firstKey,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function aboutOf({ mailbox, mail, retention }: Config, rootDir: string): Promise<AboutService> {
  const { version } = JSON.parse(await readFile(path.join(rootDir, 'package.json'), 'utf8')) as { version: string }
  return { version, mailbox, mail, retention }
}

/** Anybody may ask whether the service is ready, as often as they like. */
function atMostEverySecond(ask: () => Promise<boolean>): () => Promise<boolean> {
  let answer: Promise<boolean> | null = null
  let askedAt = 0
  return () => {
    if (answer === null || performance.now() - askedAt > 1_000) {
      askedAt = performance.now()
      answer = ask()
    }
    return answer
  }
}

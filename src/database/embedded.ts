import { join } from 'node:path'
import { findPackageFolder, readPackage, runnableBinaries } from './embedded-binaries.ts'
import { ensureCluster, refuseOtherMajor, USER } from './embedded-cluster.ts'
import { asEmbeddedDatabaseError } from './embedded-error.ts'
import { decidePlace } from './embedded-place.ts'
import { DATABASE } from './embedded-presence.ts'
import { reachServer } from './embedded-server.ts'
import { writeSettings } from './embedded-settings.ts'
import { ensureSocketFolder, PORT } from './embedded-socket.ts'
import { stayIn } from './embedded-stay.ts'

export interface EmbeddedOptions {
  /** Folder for all data, absolute; the database goes into `<dataDir>/postgres`. */
  dataDir: string
  /** True where nobody set DATA_DIR, so that the data may move elsewhere when the account cannot reach it. */
  isDefaultDataDir: boolean
  /** Root of the checkout, for the name of the moved data folder. */
  checkoutDir: string
  /** Where one-line messages go (e.g. that the data folder moved). */
  log: (message: string) => void
}

export interface EmbeddedDatabase {
  /** Connection settings for `pg` (host = socket folder, user, database). */
  connection: { host: string; port: number; user: string; database: string }
  /** The folder in which the data really lives. */
  dataDir: string
  /** Stops the server if nobody else is connected (pg_stat_activity); else leaves it running. */
  stop(): Promise<'stopped' | 'left running'>
}

/** What surrounds the database on this machine; tests have their own. */
export interface Surroundings {
  /** Above the data that root's account cannot reach in the checkout. */
  movedRoot: string
  /** Gives the installed npm package with PostgreSQL. */
  findPackageFolder: () => string
}

const THIS_MACHINE: Surroundings = { movedRoot: '/var/lib/first-call', findPackageFolder }

/**
 * Gives the PostgreSQL that the service brings along: the one that runs on this data already, or a new one. First start
 * about 1.2 s, later 0.1 s. It is everybody's who has started it and not stopped it yet: each of them starts it again
 * should it die, it outlives a process that is killed, and the next start finds it.
 * @throws EmbeddedDatabaseError with a sentence for a person
 */
export async function startEmbeddedDatabase(
  options: EmbeddedOptions,
  surroundings: Surroundings = THIS_MACHINE,
): Promise<EmbeddedDatabase> {
  try {
    const provided = await readPackage(surroundings.findPackageFolder())
    const place = await decidePlace(options, surroundings.movedRoot)
    await refuseOtherMajor(place.folder, provided.major)
    const findBinaries = () => runnableBinaries(provided, place.account, join(place.dataDir, 'postgresql-binaries'))
    const prepare = async () => {
      const binaries = await findBinaries()
      await ensureCluster(place, binaries)
      await writeSettings(place, binaries)
      return binaries
    }
    const leaving = new AbortController()
    const client = await reachServer(place, prepare, leaving.signal)
    // Once it has begun, no empty database may take the place of one that has disappeared.
    const comeIn = () => reachServer(place, findBinaries, leaving.signal)
    const leave = stayIn(place, client, comeIn, leaving, options.log)
    let stopping: Promise<'stopped' | 'left running'> | undefined
    return {
      connection: { host: await ensureSocketFolder(place), port: PORT, user: USER, database: DATABASE },
      dataDir: place.dataDir,
      stop() {
        stopping ??= leave()
        return stopping
      },
    }
  } catch (error) {
    throw asEmbeddedDatabaseError(error, options.dataDir)
  }
}

import { createHash } from 'node:crypto'
import { chmod, realpath } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type Account, accountInsteadOfRoot, accountOf, canReach, isRoot } from './embedded-account.ts'
import { EmbeddedDatabaseError, OTHER_DATABASE } from './embedded-error.ts'
import { existingAncestors, findFile, makeFolders } from './embedded-files.ts'

/** Where the data is and who runs PostgreSQL on it. */
export interface Place {
  /** The account that runs PostgreSQL and owns its folder; `undefined`: ours. */
  account: Account | undefined
  /** The folder for all data, without symbolic links. */
  dataDir: string
  /** PostgreSQL's own data folder in it. */
  folder: string
}

/** What the data's place is decided on. */
export interface PlaceWanted {
  dataDir: string
  isDefaultDataDir: boolean
  checkoutDir: string
  log: (message: string) => void
}

interface Candidate {
  account: Account | undefined
  dataDir: string
  holdsDatabase: boolean
  isReachable: boolean
}

/**
 * Gives the place of the data and makes its folder. Only as root, and only where nobody chose the folder, the data goes
 * to `movedRoot` instead, if the account for PostgreSQL cannot reach the folder, or has gone there before. Data that
 * exists is never left behind for an empty database.
 * @throws EmbeddedDatabaseError where the folder cannot be used
 */
export async function decidePlace(wanted: PlaceWanted, movedRoot: string): Promise<Place> {
  const home = await lookAt(resolve(wanted.dataDir))
  if (isRoot() && wanted.isDefaultDataDir && !home.holdsDatabase) {
    const away = await lookAt(join(movedRoot, movedName(wanted.checkoutDir)))
    if (away.holdsDatabase || !home.isReachable) {
      wanted.log(
        `The data is in ${away.dataDir}: the account "${home.account?.name}", which runs PostgreSQL for root, ` +
          `could not reach ${home.dataDir}.`,
      )
      return settleIn(away)
    }
  }
  return settleIn(home)
}

/** The checkout's name for people, and a hash of its whole path, so that two checkouts never share their data. */
function movedName(checkoutDir: string): string {
  return `${basename(checkoutDir)}-${createHash('sha256').update(checkoutDir).digest('hex').slice(0, 8)}`
}

async function lookAt(dataDir: string): Promise<Candidate> {
  const [nearest = dataDir] = await existingAncestors(dataDir)
  if (!(await findFile(nearest))?.isDirectory()) throw unusable(dataDir, `${nearest} is not a folder`)
  const folder = join(dataDir, 'postgres')
  const account = await accountFor(folder)
  return {
    account,
    dataDir,
    holdsDatabase: (await findFile(join(folder, 'PG_VERSION'))) !== undefined,
    isReachable: account === undefined || (await letReach(account, dataDir)),
  }
}

/**
 * A database that exists stays with the account that owns it: the account `postgres` may have come later, or root may
 * look after the database of a normal user.
 */
async function accountFor(folder: string): Promise<Account | undefined> {
  const existing = await findFile(folder)
  if (isRoot()) return existing && existing.uid !== 0 ? accountOf(existing) : accountInsteadOfRoot()
  if (existing && existing.uid !== process.geteuid?.())
    throw new EmbeddedDatabaseError(
      `The database in ${folder} belongs to the account "${(await accountOf(existing)).name}": start First Call as ` +
        `that account or as root, set DATA_DIR to another folder, or ${OTHER_DATABASE}.`,
    )
  return undefined
}

/** Tells whether the account can reach the folder, or will once it is made; the folder itself is opened if need be. */
async function letReach(account: Account, dataDir: string): Promise<boolean> {
  const [nearest = dataDir] = await existingAncestors(dataDir)
  if (await canReach(account, nearest)) return true
  if (nearest !== dataDir) return false
  await makePassable(dataDir)
  return canReach(account, dataDir)
}

async function makePassable(folder: string): Promise<void> {
  const status = await findFile(folder)
  if (status) await chmod(folder, (status.mode & 0o777) | 0o111)
}

async function settleIn({ account, dataDir, isReachable }: Candidate): Promise<Place> {
  if (account && !isReachable) throw await cannotReach(account, dataDir)
  const made = await makeFolders(dataDir, account ? 0o711 : 0o700).catch((error: Error) => {
    throw unusable(dataDir, `it cannot be made (${error.message})`)
  })
  // Our umask must not close to the account what we made for it.
  if (account) for (const folder of made) await makePassable(folder)
  const real = await realpath(dataDir)
  return { account, dataDir: real, folder: join(real, 'postgres') }
}

function unusable(dataDir: string, reason: string): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `The data folder ${dataDir} cannot be used: ${reason}. Set DATA_DIR to another folder, or ${OTHER_DATABASE}.`,
  )
}

async function cannotReach(account: Account, dataDir: string): Promise<EmbeddedDatabaseError> {
  let obstacle = dataDir
  for (const folder of await existingAncestors(dataDir)) if (!(await canReach(account, folder))) obstacle = folder
  return new EmbeddedDatabaseError(
    `The data folder ${dataDir} cannot be used: PostgreSQL does not run as root, and the account "${account.name}", ` +
      `which runs it instead, cannot reach ${obstacle}. Open that folder for passing (chmod o+x ${obstacle}), ` +
      `set DATA_DIR to another folder, or ${OTHER_DATABASE}.`,
  )
}

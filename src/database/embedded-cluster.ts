import { chown, lchown, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Account, runAs } from './embedded-account.ts'
import type { Binaries } from './embedded-binaries.ts'
import { EmbeddedDatabaseError, OTHER_DATABASE, startFailure } from './embedded-error.ts'
import { findFile, syncFolder } from './embedded-files.ts'
import type { Place } from './embedded-place.ts'
import { writeOwnersFile } from './embedded-settings.ts'

/** The account inside PostgreSQL; nobody but its account of the system and root gets as far as the socket. */
export const USER = 'first_call'

const UNFINISHED = 'postgres-unfinished-'

/**
 * Makes PostgreSQL's data folder if there is none. It is made whole under another name and then renamed: a start that
 * is killed leaves no folder that does not open, and of two at once the first to rename wins and the other uses it.
 * @throws EmbeddedDatabaseError where it cannot be made
 */
export async function ensureCluster(place: Place, binaries: Binaries): Promise<void> {
  if (!(await holdsDatabase(place.folder))) await createCluster(place, binaries)
  await giveToAccount(place)
  for (const name of await readdir(place.dataDir))
    if (name.startsWith(UNFINISHED))
      await rm(join(place.dataDir, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
}

/**
 * Refuses a data folder of another major version of PostgreSQL. A folder without a version is none yet.
 * @throws EmbeddedDatabaseError
 */
export async function refuseOtherMajor(folder: string, major: number): Promise<void> {
  if (!(await holdsDatabase(folder))) return
  const found = (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim()
  if (found === String(major)) return
  throw new EmbeddedDatabaseError(
    `The data in ${folder} was written by PostgreSQL ${found}, and First Call brings PostgreSQL ${major} along, which ` +
      `cannot read it. Start a PostgreSQL ${found} on that folder and set DATABASE_URL to it; or save the data there ` +
      `with pg_dump of version ${found}, set DATA_DIR to a new folder, and load it with psql into the new database.`,
  )
}

async function holdsDatabase(folder: string): Promise<boolean> {
  return (await findFile(join(folder, 'PG_VERSION'))) !== undefined
}

async function createCluster({ account, dataDir, folder }: Place, { initdb }: Binaries): Promise<void> {
  if ((await findFile(folder)) && (await readdir(folder)).length > 0)
    throw new EmbeddedDatabaseError(
      `${folder} should hold the database, but holds something else. Move that away, set DATA_DIR to another folder, ` +
        `or ${OTHER_DATABASE}.`,
    )
  const unfinished = await mkdtemp(join(dataDir, UNFINISHED))
  try {
    if (account) await chown(unfinished, account.uid, account.gid)
    const { succeeded, output } = await runAs(account, initdb, ['-D', unfinished, ...INITDB_OPTIONS])
    if (!succeeded) throw startFailure(dataDir, lastLines(output))
    await writeOwnersFile(unfinished, account)
    await rename(unfinished, folder)
    await syncFolder(dataDir)
  } catch (error) {
    // Another start was faster, and may have removed what we were making.
    if (!(await holdsDatabase(folder))) throw error
  } finally {
    await rm(unfinished, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
  }
}

const INITDB_OPTIONS = [
  `--username=${USER}`,
  '--auth-local=trust',
  // Should somebody open a port: not without a password of their own making.
  '--auth-host=reject',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--data-checksums',
  '--no-instructions',
]

function lastLines(output: string): string {
  return output.trim().split('\n').slice(-5).join('\n')
}

/** A folder that belongs to root, from a backup for example, goes to the account; itself last, so that a kill shows. */
async function giveToAccount({ account, folder }: Place): Promise<void> {
  if (!account || (await findFile(folder))?.uid !== 0) return
  await giveContents(folder, account)
  await chown(folder, account.uid, account.gid)
}

async function giveContents(folder: string, { uid, gid }: Account): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true })) await lchown(join(folder, entry), uid, gid)
}

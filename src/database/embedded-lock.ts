import { randomBytes } from 'node:crypto'
import { link, readFile, readlink, realpath, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { runAs } from './embedded-account.ts'
import { findFile, hasCode } from './embedded-files.ts'
import type { Place } from './embedded-place.ts'
import { ensureSocketFolder, PORT } from './embedded-socket.ts'

/** A server writes its number into its lock file within this time, or a power cut came in between. */
const EMPTY_LOCK_MS = 2_000

/** Gives the number of the server process that holds the data folder, or held it last, by its lock file. */
export function lockHolder(folder: string): Promise<number | undefined> {
  return pidIn(join(folder, 'postmaster.pid'))
}

async function pidIn(lock: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(lock, 'utf8'), 10)
    return pid > 1 ? pid : undefined
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * Tells whether a living server holds the data folder, even while it comes up or goes down. A lock that PostgreSQL does
 * not dare to remove is removed, where it certainly means nothing: after a power cut or in a restarted container another
 * process may have the number of the old server, or the file may be empty.
 */
export async function isHeld(place: Place): Promise<boolean> {
  const holder = await lockHolder(place.folder)
  const state = await lockState(place.folder, holder)
  if (state === 'stale') {
    await removeLock(join(place.folder, 'postmaster.pid'), holder)
    await removeLock(join(await ensureSocketFolder(place), `.s.PGSQL.${PORT}.lock`), holder)
  }
  return state === 'held'
}

/** Takes the lock away before looking whose it is: meanwhile another start may have put a new server's in its place. */
async function removeLock(lock: string, holder: number | undefined): Promise<void> {
  const aside = `${lock}.${randomBytes(6).toString('hex')}`
  try {
    await rename(lock, aside)
    if ((await pidIn(aside)) !== holder) await link(aside, lock)
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'EEXIST')) throw error
  }
  await rm(aside, { force: true })
}

/** `free` is also the lock of a server that is gone: PostgreSQL removes that itself. */
async function lockState(folder: string, holder: number | undefined): Promise<'free' | 'held' | 'stale'> {
  if (holder !== undefined) return stateOfHolder(holder, folder)
  const file = await findFile(join(folder, 'postmaster.pid'))
  if (!file) return 'free'
  return Math.abs(Date.now() - file.mtimeMs) > EMPTY_LOCK_MS ? 'stale' : 'held'
}

async function stateOfHolder(pid: number, folder: string): Promise<'free' | 'held' | 'stale'> {
  if (process.platform !== 'linux') {
    const { succeeded, output } = await runAs(undefined, '/bin/ps', ['-o', 'comm=', '-p', String(pid)])
    if (!succeeded) return 'free'
    return basename(output) === 'postgres' ? 'held' : 'stale'
  }
  const program = await unlessGone(readFile(`/proc/${pid}/comm`, 'utf8'))
  if (program === undefined) return 'free'
  if (program.trim() !== 'postgres') return 'stale'
  try {
    // A server works in its data folder; one that has ended and waits for its parent works nowhere.
    const workingFolder = await unlessGone(readlink(`/proc/${pid}/cwd`))
    return workingFolder === (await realpath(folder)) ? 'held' : 'stale'
  } catch (error) {
    // Some containers do not let root look: then the server's word that it is held has to do.
    if (hasCode(error, 'EACCES', 'EPERM')) return 'held'
    throw error
  }
}

async function unlessGone(reading: Promise<string>): Promise<string | undefined> {
  try {
    return await reading
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined
    throw error
  }
}

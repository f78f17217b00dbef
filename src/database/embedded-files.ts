import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Account } from './embedded-account.ts'

/** Tells whether an error is one of the system with one of these codes (`ENOENT`, …). */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
}

/** Gives what is at the path, or `undefined` where there is nothing. */
export async function findFile(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

/** Removes files of a folder, as far as they are there. */
export async function removeFiles(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(folder, name), { force: true })
}

/** Gives the folder and those above it as far as they exist, from the nearest to the root; a file may be the nearest. */
export async function existingAncestors(folder: string): Promise<string[]> {
  const above = folder === dirname(folder) ? [] : await existingAncestors(dirname(folder))
  return (await findFile(folder)) ? [folder, ...above] : above
}

/**
 * Makes a folder and those above it that are missing, one by one: the recursive `mkdir` of Node never ends below `/proc`.
 * @returns what it made, from the nearest to the root
 */
export async function makeFolders(folder: string, mode: number): Promise<string[]> {
  if (await findFile(folder)) return []
  const above = await makeFolders(dirname(folder), mode)
  try {
    await mkdir(folder, { mode })
  } catch (error) {
    // Another start was faster.
    if (hasCode(error, 'EEXIST')) return above
    throw error
  }
  return [folder, ...above]
}

/**
 * Writes a file such that after a kill or a power cut it is either the old or the whole new one. The name in between
 * is new and random: root must not follow a link that the account has laid in its folder.
 */
export async function writeDurably(path: string, text: string, owner: Account | undefined): Promise<void> {
  const unfinished = `${path}.${randomBytes(6).toString('hex')}.unfinished`
  const file = await open(unfinished, 'wx', 0o600)
  try {
    await file.writeFile(text)
    if (owner) await file.chown(owner.uid, owner.gid)
    await file.sync()
    await file.close()
    await rename(unfinished, path)
  } catch (error) {
    await file.close()
    await rm(unfinished, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Makes new and changed names in a folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

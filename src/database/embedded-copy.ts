import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, open, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { findFile, hasCode, syncFolder } from './embedded-files.ts'

/**
 * Makes the links beside the libraries of a package, which npm cannot carry and the package's install script makes, if
 * it was run. Gives false where they are missing and cannot be made.
 */
export async function mendLinks(packageFolder: string): Promise<boolean> {
  const list = join(packageFolder, 'native', 'pg-symlinks.json')
  if (!(await findFile(list))) return true
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[]
  try {
    for (const { source, target } of links)
      await makeLink(relative(dirname(target), source), join(packageFolder, target))
    return true
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM', 'EROFS')) return false
    throw error
  }
}

async function makeLink(to: string, path: string): Promise<void> {
  if (await findFile(path)) return
  try {
    await symlink(to, path)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
}

/**
 * Gives a copy of a package's programs that everybody can run: made under another name and then renamed, so that a
 * kill leaves no half copy, and only once. About 60 MB, 1 to 2 s with 1 000 files written through to the disk.
 */
export async function ensureCopy(packageFolder: string, copy: string): Promise<void> {
  if (await findFile(copy)) return
  const unfinished = join(dirname(copy), `unfinished-${randomBytes(6).toString('hex')}`)
  await makeFolder(dirname(copy))
  try {
    await makeFolder(unfinished)
    await copyTree(join(packageFolder, 'native'), join(unfinished, 'native'))
    await mendLinks(unfinished)
    await rename(unfinished, copy)
    await syncFolder(dirname(copy))
  } catch (error) {
    const wasAnotherFaster = (await findFile(copy)) !== undefined
    if (!wasAnotherFaster) throw error
  }
  await removeOthers(copy)
}

/** Removes what killed or slower starts and earlier versions left: no server of this data runs while one is copied. */
async function removeOthers(copy: string): Promise<void> {
  for (const name of await readdir(dirname(copy)))
    if (name !== basename(copy)) await rm(join(dirname(copy), name), { recursive: true, force: true, maxRetries: 3 })
}

async function copyTree(from: string, to: string): Promise<void> {
  await makeFolder(to)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (entry.isDirectory()) await copyTree(source, target)
    else if (entry.isFile() && !entry.name.endsWith('.a')) await copyReadable(source, target)
  }
  await syncFolder(to)
}

async function copyReadable(source: string, target: string): Promise<void> {
  const { mode } = await stat(source)
  await copyFile(source, target, constants.COPYFILE_FICLONE)
  await chmod(target, mode & 0o100 ? 0o755 : 0o644)
  const file = await open(target, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Whatever our umask says: the account must be able to read what root copies for it. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true })
  await chmod(path, 0o755)
}

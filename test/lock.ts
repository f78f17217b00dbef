import { readFileSync } from 'node:fs'
import path from 'node:path'

/** A package of the lock file. */
export interface LockedPackage {
  version: string
  license?: string
  integrity?: string
  dev?: boolean
  /** It is only there for development, and would go well with something that runs here. */
  devOptional?: boolean
  optional?: boolean
  hasInstallScript?: boolean
}

const read = (file: string): string => readFileSync(path.resolve(import.meta.dirname, '..', file), 'utf8')

export const manifest = JSON.parse(read('package.json'))

const lock = JSON.parse(read('package-lock.json'))

/** The packages of the lock file by their place, without our own. */
export const locked: readonly [string, LockedPackage][] = Object.entries<LockedPackage>(lock.packages).filter(
  ([place]) => place !== '',
)

/** Whether it is there where the service runs. */
export const isShipped = ({ dev = false, devOptional = false }: LockedPackage): boolean => !dev && !devOptional

/** The name of a package by its place, which may lie within another one's. */
export const nameOf = (place: string): string => place.split('node_modules/').at(-1) ?? place

/** The text of `docs/licences.md`. */
export function licencesText(): string {
  const shipped = locked.filter(([, one]) => isShipped(one))
  const rows = shipped.map(([place, { version, license }]) => `| ${nameOf(place)} | ${version} | ${license} |`)
  const counts = new Map<string, number>()
  for (const [, { license = 'none' }] of shipped) counts.set(license, (counts.get(license) ?? 0) + 1)
  const summary = [...counts].sort(([, a], [, b]) => b - a).map(([licence, count]) => `${count} × ${licence}`)
  return `# Licences

What First Call is run with, beside Node.js and PostgreSQL; written by \`npm run licences\` from \`package-lock.json\`. All
of it may be used, changed and passed on, in products that are sold too; the packages themselves hold the licences' texts.

${summary.join(', ')}

| package | version | licence |
| --- | --- | --- |
${[...new Set(rows)].sort().join('\n')}
`
}

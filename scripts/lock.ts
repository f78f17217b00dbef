import { readFileSync } from 'node:fs'
import path from 'node:path'

/** A package of the lock file. */
export interface LockedPackage {
  version: string
  license?: string
  integrity?: string
  dev?: boolean
  hasInstallScript?: boolean
  dependencies?: Readonly<Record<string, string>>
  optionalDependencies?: Readonly<Record<string, string>>
  peerDependencies?: Readonly<Record<string, string>>
  peerDependenciesMeta?: Readonly<Record<string, { optional?: boolean }>>
}

const read = (file: string): string => readFileSync(path.resolve(import.meta.dirname, '..', file), 'utf8')

export const manifest = JSON.parse(read('package.json'))

const packages: Readonly<Record<string, LockedPackage>> = JSON.parse(read('package-lock.json')).packages

/** The place of our own package. */
const OURS = ''

/** The packages of the lock file by their place, without our own. */
export const locked: readonly [string, LockedPackage][] = Object.entries(packages).filter(([place]) => place !== OURS)

/** The name of a package by its place, which may lie within another one's. */
export const nameOf = (place: string): string => place.split('node_modules/').at(-1) ?? place

/**
 * The packages that are there where the service runs: those that it names, those that they need, and so on. What the lock
 * file marks as `dev` or `devOptional` does not tell: better-auth goes well with vitest, which is there for development
 * alone, and all that vitest needs is marked as if it were better-auth's.
 */
export const shipped: readonly [string, LockedPackage][] = shippedOf()

function shippedOf(): [string, LockedPackage][] {
  const places = new Set<string>()
  const waiting = [OURS]
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    for (const name of needsOf(place)) {
      const found = placeOf(name, place)
      if (found === null || places.has(found)) continue
      places.add(found)
      waiting.push(found)
    }
  }
  return locked.filter(([place]) => places.has(place))
}

function needsOf(place: string): string[] {
  const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} } = packages[place] ?? {}
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true)
  return [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]
}

/** Where Node finds a package that is asked for at a place: there, or further up. Null where an optional one is missing. */
function placeOf(name: string, from: string): string | null {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const place = `${folder === OURS ? '' : `${folder}/`}node_modules/${name}`
    if (place in packages) return place
    if (folder === OURS) return null
  }
}

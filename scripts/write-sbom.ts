import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { sbomOf } from './sbom.ts'

/* Writes dist/sbom.json anew where the lock file, or how it is read, has changed since. */

const SBOM = 'dist/sbom.json'
const SOURCES = ['package-lock.json', 'scripts/lock.ts', 'scripts/sbom.ts']
const changedAt = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

if (changedAt(SBOM) < Math.max(...SOURCES.map(changedAt))) {
  mkdirSync('dist', { recursive: true })
  writeFileSync(SBOM, `${JSON.stringify(sbomOf(), null, 2)}\n`)
}

import { execFileSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'

/* Writes dist/sbom.json: what the service is made of, as CycloneDX; anew only where the lock file has changed since. */

const SBOM = 'dist/sbom.json'
const changedAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

if (changedAt(SBOM) < changedAt('package-lock.json')) {
  const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--omit=dev', '--package-lock-only']
  const sbom = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }))
  // npm takes the name of the folder.
  sbom.metadata.component.name = 'first-call'
  writeFileSync(SBOM, `${JSON.stringify(sbom, null, 2)}\n`)
}

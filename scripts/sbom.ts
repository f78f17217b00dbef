import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { manifest, nameOf, shipped } from './lock.ts'

/** As much of CycloneDX as is looked at here. */
export interface Sbom {
  metadata: { component: { 'bom-ref': string; name: string } }
  components: { 'bom-ref': string; name: string }[]
  dependencies: { ref: string; dependsOn: string[] }[]
}

/**
 * What the service is made of, as CycloneDX. npm is asked for everything: with `--omit=dev` it would leave out whatever is
 * used for development as well, such as zod.
 */
export function sbomOf(): Sbom {
  const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only']
  const cwd = path.resolve(import.meta.dirname, '..')
  const sbom: Sbom = JSON.parse(execFileSync('npm', args, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }))
  // npm takes the name of the folder.
  sbom.metadata.component.name = manifest.name
  const refs = new Set([
    sbom.metadata.component['bom-ref'],
    ...shipped.map(([place, { version }]) => `${nameOf(place)}@${version}`),
  ])
  return {
    ...sbom,
    components: sbom.components.filter((component) => refs.has(component['bom-ref'])),
    dependencies: sbom.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) })),
  }
}

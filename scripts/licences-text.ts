import { nameOf, shipped } from './lock.ts'

/** The text of `docs/licences.md`. */
export function licencesText(): string {
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

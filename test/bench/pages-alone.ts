import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { measurePages } from './pages.ts'
import { makeDatabase, startPostgres } from './postgres.ts'
import { pagesTable } from './report.ts'

/* Only the pages, on an embedded PostgreSQL; `--quick` tries it out. */

const rootDir = path.resolve(import.meta.dirname, '../..')
const isQuick = process.argv.includes('--quick')
const opportunities = isQuick ? 5_000 : 100_000
const stops: (() => Promise<unknown>)[] = []
const log = (text: string): void => void process.stderr.write(`${text}\n`)

try {
  const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: rootDir, stdio: 'inherit' })
  if (built.status !== 0) throw new Error('the service could not be built')
  const surroundings = { rootDir, stops, log }
  const database = await makeDatabase(await startPostgres(surroundings), 'bench_pages', surroundings)
  const size = { opportunities, calls: 3 * opportunities, untried: 0.3 }
  const pages = await measurePages({ ...surroundings, database, size, isQuick })
  process.stdout.write(`${pagesTable(pages).join('\n')}\n`)
} finally {
  for (const stop of stops.reverse()) await stop().catch((error: unknown) => log(String(error)))
}

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { makeDatabase, startPostgres } from './postgres.ts'
import { historyTable } from './report.ts'
import { measureSync } from './sync.ts'

/* Only the history sync, on an embedded PostgreSQL; `--quick` tries it out. */

const rootDir = path.resolve(import.meta.dirname, '../..')
const contacts = process.argv.includes('--quick') ? 10_000 : 200_000
const stops: (() => Promise<unknown>)[] = []
const log = (text: string): void => void process.stderr.write(`${text}\n`)

try {
  const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: rootDir, stdio: 'inherit' })
  if (built.status !== 0) throw new Error('the service could not be built')
  const surroundings = { rootDir, stops, log }
  const database = await makeDatabase(await startPostgres(surroundings), 'bench_history', surroundings)
  const results = await measureSync({ ...database, rootDir, log }, { contacts, calls: 5 })
  process.stdout.write(`${historyTable(results).join('\n')}\n`)
} finally {
  for (const stop of stops.reverse()) await stop().catch((error: unknown) => log(String(error)))
}

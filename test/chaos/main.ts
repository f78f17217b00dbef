import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { PROMISES } from './promises.ts'
import { type Figure, report, type Went } from './report.ts'

/* All tests of reliability at length; writes docs/reliability.md. */

const rootDir = path.resolve(import.meta.dirname, '../..')

/** What is tried for longer than in `npm test` and `npm run test:chaos`. */
const LONG = {
  R1_SEEDS: '20',
  R3_SECONDS: '30',
  R5_SECONDS: '60',
  R6_ROUNDS: '5',
  R7_KILLS: '25',
  R9_RUNS: '5000',
  R11_KILLS: '34',
  R11_NOTIFICATIONS: '100',
  R14_SECONDS: '60',
  R15_KILLS: '20',
  R17_SECONDS: '60',
  R18_CUTS: '20',
  R19_STOPS: '5',
  R20_SECONDS: '30',
  SIMULATED_CALLS: '10000',
}
const TEST_TIMEOUT_MS = 900_000

const REPORT = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.enum(['passed', 'failed', 'skipped', 'pending', 'todo']),
          duration: z.number().nullish(),
        }),
      ),
    }),
  ),
})

/** Runs tests; gives how each went. */
async function run(args: readonly string[], env: Readonly<Record<string, string>>, output: string): Promise<Went[]> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${output}`]
  const program = path.join(rootDir, 'node_modules/.bin/vitest')
  const child = spawn(program, ['run', `--testTimeout=${TEST_TIMEOUT_MS}`, ...reporters, ...args], {
    cwd: rootDir,
    env: { ...process.env, ...LONG, ...env },
    stdio: 'inherit',
  })
  const [code] = await once(child, 'exit')
  // Beside tests that fail, there are errors that belong to none.
  if (code !== 0) process.exitCode = 1
  const { testResults } = REPORT.parse(JSON.parse(await readFile(output, 'utf8')))
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status, duration }) => ({
      file: path.relative(rootDir, name),
      name: fullName,
      status: status === 'passed' || status === 'failed' ? status : 'skipped',
      ms: duration ?? 0,
    })),
  )
}

function machine(): Record<string, string> {
  const cpus = os.cpus()
  return {
    Processor: `${cpus[0]?.model ?? 'unknown'}, ${cpus.length} cores`,
    Memory: `${(os.totalmem() / 1024 ** 3).toFixed()} GB`,
    System: `${os.type()} ${os.release()}`,
    'Node.js': process.version,
    'Load average before': os.loadavg()[0]?.toFixed(1) ?? 'unknown',
  }
}

async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-figures-'))
  try {
    const [start, surroundings] = [performance.now(), machine()]
    const figuresFile = path.join(folder, 'figures')
    await writeFile(figuresFile, '')
    const env = { FIGURES_FILE: figuresFile }
    const usual = PROMISES.flatMap(({ tests }) => tests.map(([file]) => file)).filter(
      (file) => !file.includes('/chaos/'),
    )
    const tests = [
      ...(await run(['--config', 'vitest.chaos.config.ts'], env, path.join(folder, 'chaos.json'))),
      ...(await run([...new Set(usual)], env, path.join(folder, 'usual.json'))),
    ]
    const lines = (await readFile(figuresFile, 'utf8')).split('\n').filter((line) => line !== '')
    const figures = lines.map((line) => JSON.parse(line) as Figure)
    const ms = performance.now() - start
    const page = report({ promises: PROMISES, tests, figures, machine: surroundings, date: new Date(), ms })
    await writeFile(path.join(rootDir, 'docs/reliability.md'), page)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

await main()

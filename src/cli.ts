#!/usr/bin/env node
import path from 'node:path'
import { runCommandLine, wordsOf } from './cli/run.ts'

const rootDir = path.resolve(import.meta.dirname, '..')

const FAILED = 1
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
/** A Ctrl-C below npm comes twice: from the terminal, and from npm. */
const ONE_KEYSTROKE_MS = 500

/** Does what the command line asks. A first signal ends it in order, a second one at once; whoever reads may leave. */
async function main(): Promise<number> {
  const ending = new AbortController()
  let endedBy: { code: number; at: number } | null = null
  let isOutputLost = false
  const onSignal = (signal: keyof typeof EXIT_CODES): void => {
    const code = EXIT_CODES[signal]
    if (endedBy !== null && performance.now() - endedBy.at > ONE_KEYSTROKE_MS) process.exit(code)
    endedBy ??= { code, at: performance.now() }
    ending.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', onSignal)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // As with `| head`: nobody wants more. Of a full disk somebody has to know, once.
    if (error.code !== 'EPIPE' && !isOutputLost) {
      isOutputLost = true
      fail(error)
    }
    ending.abort()
  })
  process.stderr.on('error', () => undefined)

  const code = await runCommandLine({
    args: process.argv.slice(2),
    env: process.env,
    rootDir,
    output: process.stdout,
    messages: process.stderr,
    input: process.stdin,
    signal: ending.signal,
  })
  return (endedBy as { code: number } | null)?.code ?? (isOutputLost ? FAILED : code)
}

function fail(error: unknown): void {
  process.exitCode = FAILED
  process.stderr.write(wordsOf(error))
}

main().then((code) => {
  process.exitCode = code
}, fail)

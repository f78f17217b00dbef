#!/usr/bin/env node
import path from 'node:path'
import { CommanderError } from 'commander'
import { createProgram } from './cli/program.ts'
import { createTerminal } from './cli/terminal.ts'
import { UsageError } from './cli/usage.ts'
import { ConfigError, readConfig } from './config.ts'

const rootDir = path.resolve(import.meta.dirname, '..')

const [FAILED, WRONG_USAGE] = [1, 2]
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
/** A Ctrl-C below npm comes twice: from the terminal, and from npm. */
const ONE_KEYSTROKE_MS = 500

/** Does what the command line asks. A first signal ends it in order, a second one at once; whoever reads may leave. */
async function main(): Promise<number> {
  const ending = new AbortController()
  let endedBy: { code: number; at: number } | null = null
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
    // As with `| head`: nobody wants more.
    if (error.code === 'EPIPE') ending.abort()
    else fail(error)
  })
  process.stderr.on('error', () => undefined)

  let code = 0
  const program = createProgram({
    config: () => readConfig(process.env, rootDir),
    rootDir,
    terminal: createTerminal(process.stdout, process.stderr),
    signal: ending.signal,
    fail: () => {
      code = FAILED
    },
  })
  try {
    await program.parseAsync()
  } catch (error) {
    if (!ending.signal.aborted) throw error
  }
  return (endedBy as { code: number } | null)?.code ?? code
}

function fail(error: unknown): void {
  process.exitCode = codeOf(error)
  // Commander has said already what is wrong.
  if (error instanceof CommanderError) return
  const words = error instanceof Error ? error.message : String(error)
  process.stderr.write(
    error instanceof ConfigError
      ? `The configuration has faults:\n${error.faults.map((fault) => `  ${fault}\n`).join('')}`
      : `${words}\n`,
  )
}

function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE
  return error instanceof UsageError ? WRONG_USAGE : FAILED
}

main().then((code) => {
  process.exitCode = code
}, fail)

import { CommanderError } from 'commander'
import { ConfigError, readConfig } from '../config.ts'
import { createProgram } from './program.ts'
import { createTerminal, printable } from './terminal.ts'
import { UsageError } from './usage.ts'

const [FAILED, WRONG_USAGE] = [1, 2]

/** Where a command line is given, and what it may use. */
export interface CommandLine {
  args: readonly string[]
  env: NodeJS.ProcessEnv
  /** Root of the checkout. */
  rootDir: string
  output: NodeJS.WriteStream
  messages: NodeJS.WriteStream
  /** Where it is left out, nobody can be asked. */
  input?: NodeJS.ReadStream
  /** The person has enough. */
  signal: AbortSignal
}

/** Does what a command line asks; gives its exit code. What is wrong is said on `messages`. */
export async function runCommandLine({
  args,
  env,
  rootDir,
  output,
  messages,
  input,
  signal,
}: CommandLine): Promise<number> {
  let code = 0
  const program = createProgram(
    {
      config: () => readConfig(env, rootDir),
      rootDir,
      terminal: createTerminal(output, messages, input ?? null),
      signal,
      fail: () => {
        code = FAILED
      },
    },
    { writeOut: (text) => void output.write(text), writeErr: (text) => void messages.write(text) },
  )
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!signal.aborted) {
      // Commander has said already what is wrong.
      if (!(error instanceof CommanderError)) messages.write(wordsOf(error))
      return codeOf(error)
    }
  }
  return code
}

/** What is said of what was thrown, with a line break at its end. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof ConfigError)) {
    const message = error instanceof Error ? error.message : String(error)
    // It may have names of a stranger's file.
    return `${message.split('\n').map(printable).join('\n')}\n`
  }
  return `The configuration has faults:\n${error.faults.map((fault) => `  ${fault}\n`).join('')}`
}

function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE
  return error instanceof UsageError ? WRONG_USAGE : FAILED
}

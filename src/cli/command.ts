import type { Config } from '../config.ts'
import type { Terminal } from './terminal.ts'

/** What a command works with. */
export interface Surroundings {
  /** Read only where it is needed, so that help is given whatever it says; throws ConfigError. */
  config: () => Config
  /** Root of the checkout. */
  rootDir: string
  terminal: Terminal
  /** The person has enough. */
  signal: AbortSignal
  /** The command did its work, but what it tells is no success: the exit code becomes 1. */
  fail: () => void
}

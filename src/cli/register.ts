import { runOn } from '../attempts/read.ts'
import { Register, type RegisterTimes } from '../attempts/register.ts'
import type { Database } from '../database/database.ts'
import type { Terminal } from './terminal.ts'

/** A register of this process, beside those of the servers that run. */
export function registerOf(database: Database, terminal: Terminal, times?: RegisterTimes): Register {
  const events = {
    onBatch: () => undefined,
    onRetry: () => undefined,
    onNotRegistered: () =>
      terminal.note('A call is saved, but its attempt is not registered yet: First Call will do it.'),
  }
  return new Register(runOn(database.calls, database.hasPooler), events, times)
}

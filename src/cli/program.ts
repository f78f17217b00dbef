import { Command, type OutputConfiguration } from 'commander'
import type { Surroundings } from './command.ts'
import { addInboxCommands } from './inbox.ts'
import { addMailCommands } from './mail.ts'
import { addUserCommands } from './user.ts'
import { addZadarmaCommands } from './zadarma.ts'

/** All commands. It throws CommanderError where it was called wrongly, and after it has shown its help. */
export function createProgram(surroundings: Surroundings, output: OutputConfiguration): Command {
  const program = new Command('first-call')
    .description('Looks after First Call. It reads the same environment variables as the service, and works beside it.')
    .exitOverride()
    .configureOutput(output)
    .showHelpAfterError('(--help says more)')
  addInboxCommands(program, surroundings)
  addMailCommands(program, surroundings)
  addUserCommands(program, surroundings)
  addZadarmaCommands(program, surroundings)
  return program
}

import { Command, type OutputConfiguration } from 'commander'
import type { Surroundings } from './command.ts'
import { addContactCommands } from './contact.ts'
import { addCoverageCommand } from './coverage.ts'
import { addDemoCommand } from './demo.ts'
import { addExportCommand } from './export.ts'
import { addImportCommands } from './import.ts'
import { addInboxCommands } from './inbox.ts'
import { addKeyCommands } from './key.ts'
import { addMailCommands } from './mail.ts'
import { addRepairCommand } from './repair.ts'
import { addSyncCommand } from './sync.ts'
import { addUserCommands } from './user.ts'
import { addZadarmaCommands } from './zadarma.ts'

/** All commands. It throws CommanderError where it was called wrongly, and after it has shown its help. */
export function createProgram(surroundings: Surroundings, output: OutputConfiguration): Command {
  const program = new Command('first-call')
    .description('Looks after First Call. It reads the same environment variables as the service, and works beside it.')
    .exitOverride()
    .configureOutput(output)
    .showHelpAfterError('(--help says more)')
    .enablePositionalOptions()
  addContactCommands(program, surroundings)
  addInboxCommands(program, surroundings)
  addKeyCommands(program, surroundings)
  addMailCommands(program, surroundings)
  addSyncCommand(program, surroundings)
  addUserCommands(program, surroundings)
  addZadarmaCommands(program, surroundings)
  addImportCommands(program, surroundings)
  addExportCommand(program, surroundings)
  addCoverageCommand(program, surroundings)
  addDemoCommand(program, surroundings)
  addRepairCommand(program, surroundings)
  return program
}

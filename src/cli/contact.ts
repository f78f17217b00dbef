import { type Command, InvalidArgumentError } from 'commander'
import { validate as isUuid } from 'uuid'
import type { Surroundings } from './command.ts'
import { eraseByCommand } from './contact-erase.ts'
import { exportContact } from './contact-export.ts'

/** `contact erase`, `contact export`. */
export function addContactCommands(program: Command, surroundings: Surroundings): void {
  const contact = program.command('contact').description('what is stored about a person: handed out, or erased')

  contact
    .command('erase')
    .description(
      'removes whatever tells of a person, everywhere and for good; calls and attempts stay, and count as before',
    )
    .argument('<id>', 'of the contact', idOf)
    .option('--yes', 'does not ask')
    .option('--json', 'for machines')
    .action((id: string, options: { yes?: true; json?: true }) => eraseByCommand(id, options, surroundings))

  contact
    .command('export')
    .description('writes all that is stored about a person into a zip file: JSON, messages and audio')
    .argument('<id>', 'of the contact', idOf)
    .argument('<file>', 'to be written or replaced, such as person.zip')
    .action((id: string, file: string) => exportContact(id, file, surroundings))
}

function idOf(text: string): string {
  if (!isUuid(text))
    throw new InvalidArgumentError('It is no id of a contact, such as 0190a6d2-7c3e-7bb0-8a54-5f1c2d3e4f50.')
  return text.toLowerCase()
}

import type { Command } from 'commander'
import type { Surroundings } from './command.ts'
import { importMails } from './mail-import.ts'
import { testMail } from './mail-test.ts'

/** `mail import`, `mail test`. */
export function addMailCommands(program: Command, surroundings: Surroundings): void {
  const mail = program.command('mail').description('recording e-mails')

  mail
    .command('import')
    .description('takes in the messages of files, whoever sent them; exit code 1 where one fails')
    .argument('<file...>', 'a message (.eml), or many (mbox)')
    .option('--json', 'for machines')
    .action((files: readonly string[], options: { json?: true }) => importMails(files, options, surroundings))

  mail
    .command('test')
    .description(
      'shows what a message would be understood as, and which call it would be matched with; changes nothing',
    )
    .argument('<file>', 'a message (.eml)')
    .option('--json', 'for machines')
    .action((file: string, options: { json?: true }) => testMail(file, options, surroundings))
}

import { type Command, InvalidArgumentError } from 'commander'
import { IANAZone } from 'luxon'
import type { Mapping } from '../transfer/columns.ts'
import { FIELDS, type Kind } from '../transfer/fields.ts'
import type { Surroundings } from './command.ts'
import { importLines } from './import-lines.ts'
import { restoreDatabase } from './import-restore.ts'
import { UsageError } from './usage.ts'

export interface ImportFlags {
  map: Mapping
  timezone?: string
  unsorted?: boolean
  dryRun?: boolean
  json?: boolean
}

/** `import contacts`, `import opportunities`, `import calls`, `import --restore`. */
export function addImportCommands(program: Command, surroundings: Surroundings): void {
  const command = program
    .command('import')
    // --json of a kind is that kind's.
    .enablePositionalOptions()
    .description('brings in contacts, opportunities and calls of another CRM, or a whole export')
    .option('--restore <file>', 'puts everything back that an export has, into an empty database')
    .option('--json', 'for machines')
    .action((options: { restore?: string; json?: true }) => {
      if (options.restore === undefined) {
        throw new UsageError(
          'Say what the file brings: contacts, opportunities or calls; or --restore <file>. (--help says more)',
        )
      }
      return restoreDatabase(options.restore, options, surroundings)
    })

  for (const kind of Object.keys(FIELDS) as Kind[]) {
    command
      .command(kind)
      .description(`the ${kind} of a file, CSV or JSON Lines; what is there already stays as it is`)
      .argument('<file>', 'with a heading that names its columns, or with an object a line')
      .option(
        '--map <column=field>',
        `which field a column is, of ${Object.keys(FIELDS[kind]).join(', ')}; "<column>=" leaves it out`,
        mapping,
        new Map(),
      )
      .option('--timezone <zone>', 'of times without an offset; ZADARMA_TIMEZONE by default', zone)
      .option('--unsorted', 'takes calls that are not in the order of time')
      .option('--dry-run', 'only says what is wrong, line by line; writes nothing')
      .option('--json', 'for machines')
      .action((file: string, options: ImportFlags) => importLines(kind, file, options, surroundings))
  }
}

function mapping(text: string, before: Mapping): Mapping {
  const [, column, field] = /^(.+)=([^=]*)$/s.exec(text) ?? []
  if (column === undefined || field === undefined) {
    throw new InvalidArgumentError('It is a column of the file and a field, such as "Teléfono móvil=phones".')
  }
  return new Map(before).set(column.trim(), field.trim() === '' ? null : field.trim())
}

function zone(text: string): string {
  if (IANAZone.isValidZone(text)) return text
  throw new InvalidArgumentError('It is a time zone such as Europe/Madrid or UTC.')
}

import { type Command, InvalidArgumentError } from 'commander'
import { validate as isUuid } from 'uuid'
import { LARGEST_BATCH } from '../history/schema.ts'
import type { SyncOptions } from '../history/sync.ts'
import type { Surroundings } from './command.ts'
import { readPeriod } from './period.ts'
import { runSync } from './sync-run.ts'

/** Nobody waits for it: a few times what a server does at once beside live calls. */
const BATCH = 1_000

interface GivenOptions {
  from?: string
  to?: string
  contact?: string
  beforeOpportunity?: true
  dryRun?: true
  batch: number
  json?: true
}

/** `sync`. */
export function addSyncCommand(program: Command, surroundings: Surroundings): void {
  program
    .command('sync')
    .description('goes through stored calls that no attempt holds, and registers those that now can be')
    .option('--from <day or time>', 'calls that took place from then on, in the account’s zone')
    .option('--to <day or time>', 'calls that took place before then')
    .option('--contact <id>', 'calls of this contact alone', uuid)
    .option('--before-opportunity', 'also calls that took place before their opportunity was there')
    .option('--dry-run', 'says what it would do, and writes nothing')
    .option('--batch <number>', 'how many calls are decided together', batch, BATCH)
    .option('--json', 'for machines')
    .action((given: GivenOptions) => runSync(optionsOf(given, surroundings), given.json === true, surroundings))
}

function optionsOf(
  { contact, beforeOpportunity, dryRun, batch, ...period }: GivenOptions,
  { config }: Surroundings,
): SyncOptions {
  return {
    ...readPeriod(period, config().zadarma.timezone),
    ...(contact === undefined ? {} : { contactId: contact }),
    beforeOpportunity: beforeOpportunity === true,
    isDryRun: dryRun === true,
    batch,
  }
}

function uuid(text: string): string {
  if (isUuid(text)) return text.toLowerCase()
  throw new InvalidArgumentError('An id looks like 01920f6e-7c1d-7a3b-8f00-1234567890ab.')
}

function batch(text: string): number {
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= LARGEST_BATCH) return number
  throw new InvalidArgumentError(`It is a whole number from 1 to ${LARGEST_BATCH}.`)
}

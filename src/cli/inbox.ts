import { type Command, InvalidArgumentError } from 'commander'
import { validate as isUuid } from 'uuid'
import type { MessageFilter } from '../inbox/store.ts'
import type { Surroundings } from './command.ts'
import { listInbox } from './inbox-list.ts'
import { replayInbox } from './inbox-replay.ts'
import { showMessage } from './inbox-show.ts'
import { readPeriod } from './period.ts'
import { UsageError } from './usage.ts'

const FROM = 'received from this day or time on, in the account’s zone'
const TO = 'received before this day or time'
const JSON_OUTPUT = 'for machines'
const MOST = 10_000

interface FilterOptions {
  waiting?: true
  event?: string
  call?: string
  from?: string
  to?: string
  json?: true
}

/** `inbox list`, `inbox show`, `inbox replay`. */
export function addInboxCommands(program: Command, surroundings: Surroundings): void {
  const inbox = program.command('inbox').description('the raw messages of the PBX and of mailboxes, as they came')

  inbox
    .command('list')
    .description('the newest messages')
    .option('--waiting', 'only those that are not handled yet')
    .option('--event <name>', 'only those with this name, such as NOTIFY_OUT_END')
    .option('--call <id>', 'only those that told of this call', uuid)
    .option('--from <day or time>', FROM)
    .option('--to <day or time>', TO)
    .option('--limit <number>', 'how many at most', limit, 50)
    .option('--json', JSON_OUTPUT)
    .action((options: FilterOptions & { limit: number }) =>
      listInbox(filterOf(options, surroundings), options, surroundings),
    )

  inbox
    .command('show')
    .description('one message: its headers, its fields, what became of it')
    .argument('<id>', 'of the message', uuid)
    .option('--raw', 'its body byte for byte, and nothing else')
    .option('--json', JSON_OUTPUT)
    .action((id: string, options: { raw?: true; json?: true }) => showMessage(id, options, surroundings))

  inbox
    .command('replay')
    .description('handles messages again; what is true already stays as it is')
    .argument('[id...]', 'of the messages', uuids)
    .option('--waiting', 'those that are not handled yet')
    .option('--from <day or time>', FROM)
    .option('--to <day or time>', TO)
    .option('--json', JSON_OUTPUT)
    .action((ids: readonly string[], options: FilterOptions) => {
      const { waiting, from, to } = options
      const isFiltered = waiting === true || from !== undefined || to !== undefined
      if (isFiltered === ids.length > 0) {
        throw new UsageError('Name messages by their ids, or by --waiting, --from and --to.')
      }
      return replayInbox(isFiltered ? filterOf(options, surroundings) : ids, options, surroundings)
    })
}

function filterOf({ waiting, event, call, ...period }: FilterOptions, { config }: Surroundings): MessageFilter {
  const { from, to } = readPeriod(period, config().zadarma.timezone)
  return {
    ...(waiting === true ? { isUnhandled: true } : {}),
    ...(event === undefined ? {} : { event }),
    ...(call === undefined ? {} : { callId: call }),
    ...(from === undefined ? {} : { receivedFrom: from }),
    ...(to === undefined ? {} : { receivedTo: to }),
  }
}

function uuid(text: string): string {
  if (isUuid(text)) return text.toLowerCase()
  throw new InvalidArgumentError('An id looks like 01920f6e-7c1d-7a3b-8f00-1234567890ab.')
}

const uuids = (text: string, before: readonly string[] = []): string[] => [...before, uuid(text)]

function limit(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= MOST) return number
  throw new InvalidArgumentError(`It is a whole number from 1 to ${MOST}.`)
}

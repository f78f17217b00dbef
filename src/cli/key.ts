import { type Command, InvalidArgumentError, Option } from 'commander'
import { COMMAND_LINE } from '../audit/actor.ts'
import { ROLES } from '../auth/access.ts'
import type { Role } from '../auth/caller.ts'
import { addKey, idOfKey, type KeyBody, listAllKeys, revokeKey, rotateKey } from '../auth/key-store.ts'
import type { Database } from '../database/database.ts'
import { email } from '../people/schema.ts'
import { emailsById, findUserByEmail } from '../people/store.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { json, table } from './terminal.ts'

const JSON_OUTPUT = 'for machines'
const WHICH = 'the key’s id, or how it begins: fc_ and eight more'
const DAY_MS = 86_400_000

interface AddOptions {
  name: string
  role: Role
  user?: string
  days?: number
  json?: true
}

/** `key add`, `key list`, `key revoke`, `key rotate`. */
export function addKeyCommands(program: Command, surroundings: Surroundings): void {
  const { terminal, fail } = surroundings
  const key = program.command('key').description('the keys with which programs ask the service')

  key
    .command('add')
    .description('makes a key, and shows it this once')
    .requiredOption('--name <text>', 'what it is for', name)
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .option(
      '--user <e-mail or id>',
      'the person for whom it acts; whose opportunities an agent’s key sees beside nobody’s',
      userText,
    )
    .option('--days <number>', 'ends after so many days', days)
    .option('--json', JSON_OUTPUT)
    .action(({ name, role, user, days, json: isForMachines }: AddOptions) =>
      withDatabase(surroundings, async (database) => {
        const expires_at = days === undefined ? null : Date.now() + days * DAY_MS
        const user_id = user === undefined ? null : await userIdOf(database, user)
        const made = await addKey(database, { name, role, user_id, expires_at }, COMMAND_LINE)
        show(made, isForMachines === true)
      }),
    )

  key
    .command('list')
    .description('all keys, the newest first: what each may do, and when it was used last')
    .option('--json', JSON_OUTPUT)
    .action(({ json: isForMachines }: { json?: true }) =>
      withDatabase(surroundings, async (database) => {
        const keys = await listAllKeys(database)
        if (isForMachines === true) return terminal.print(json(keys))
        if (keys.length === 0) return terminal.note('There is no key.')
        const emails = await emailsById(database)
        terminal.print(table([HEADS, ...keys.map((one) => rowOf(one, emails))]))
      }),
    )

  key
    .command('revoke')
    .description('ends a key for good; every server refuses it within a second')
    .argument('<key>', WHICH)
    .action((named: string) =>
      withDatabase(surroundings, async (database) => {
        const revoked = await found(database, named, (id) => revokeKey(database, id, COMMAND_LINE))
        if (revoked === null) return notFound(named)
        terminal.note(`The key ${revoked.key} (${revoked.name}) opens nothing any more.`)
      }),
    )

  key
    .command('rotate')
    .description('makes a key in the place of another one; for a while both are alive')
    .argument('<key>', WHICH)
    .option('--hours <number>', 'how long the old one goes on', hours, 24)
    .option('--json', JSON_OUTPUT)
    .action((named: string, { hours, json: isForMachines }: { hours: number; json?: true }) =>
      withDatabase(surroundings, async (database) => {
        const rotated = await found(database, named, (id) => rotateKey(database, id, hours * 3_600_000, COMMAND_LINE))
        if (rotated === null) return notFound(named)
        show(rotated, isForMachines === true)
        const { expires_at: end } = rotated.body
        terminal.note(end === null ? 'It has no end.' : `It ends at ${end}.`)
        terminal.note(`The old one, ${rotated.old.key}, goes on until ${rotated.old.expires_at}.`)
      }),
    )

  function show({ body, key }: { body: KeyBody; key: string }, isForMachines: boolean): void {
    terminal.print(isForMachines ? json({ ...body, key }) : `${key}\n`)
    terminal.note('It is shown this once; keep it.')
  }

  function notFound(named: string): void {
    terminal.note(`There is no key ${shortened(named)} that is alive. See: first-call key list`)
    fail()
  }
}

/** A person's id by their e-mail address; any other text may be an id of another system, and stays as it is. */
async function userIdOf(database: Pick<Database, 'query'>, text: string): Promise<string> {
  const { data: address } = email.safeParse(text)
  if (address === undefined) return text
  const user = await findUserByEmail(database, address)
  if (user !== null) return user.id
  throw new Error(
    `There is no person with the address ${address}. See: first-call user list, or make one: first-call user add`,
  )
}

async function found<Result>(
  database: Pick<Database, 'query'>,
  named: string,
  change: (id: string) => Promise<Result | null>,
): Promise<Result | null> {
  const id = await idOfKey(database, named)
  return id === null ? null : change(id)
}

/** Whoever gives the whole key is not shown it again. */
const shortened = (named: string): string => (named.length > 40 ? `${named.slice(0, 11)}…` : named)

const HEADS = ['KEY', 'NAME', 'ROLE', 'USER', 'STATE', 'CREATED', 'EXPIRES', 'LAST USED', 'ID']

function rowOf(
  { id, key, name, role, user_id, state, created_at, expires_at, last_used_at }: KeyBody,
  emails: ReadonlyMap<string, string>,
): string[] {
  const user = emails.get(user_id?.toLowerCase() ?? '') ?? user_id ?? ''
  return [key, name, role, user, state, created_at, expires_at ?? '', last_used_at ?? '', id]
}

function name(text: string): string {
  const trimmed = text.trim()
  if (trimmed !== '' && trimmed.length <= 200) return trimmed
  throw new InvalidArgumentError('A name has 1 to 200 characters.')
}

function userText(text: string): string {
  if (text !== '' && text.length <= 200) return text
  throw new InvalidArgumentError('It is an e-mail address or an id, of 1 to 200 characters.')
}

function wholeNumber(minimum: number, maximum: number) {
  return (text: string): number => {
    const number = /^\d{1,5}$/.test(text) ? Number(text) : -1
    if (number >= minimum && number <= maximum) return number
    throw new InvalidArgumentError(`It is a whole number from ${minimum} to ${maximum}.`)
  }
}

const days = wholeNumber(1, 3_650)
const hours = wholeNumber(0, 720)

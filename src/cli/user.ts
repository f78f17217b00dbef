import { type Command, InvalidArgumentError, Option } from 'commander'
import { v7 as uuidv7 } from 'uuid'
import { COMMAND_LINE } from '../audit/actor.ts'
import { ROLES } from '../auth/access.ts'
import type { Role } from '../auth/caller.ts'
import type { Database } from '../database/database.ts'
import { email, personName } from '../people/schema.ts'
import { changeUser, createUser, findUserByEmail, removeTwoFactor } from '../people/store.ts'
import { LAST_ADMIN, type User, type UserChange } from '../people/user.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { giveLink } from './user-link.ts'
import { listUsers } from './user-list.ts'

const JSON_OUTPUT = 'for machines'

/** `user add`, `list`, `disable`, `enable`, `role`, `reset`. */
export function addUserCommands(program: Command, surroundings: Surroundings): void {
  const { terminal } = surroundings
  const user = program.command('user').description('the people who may log in')
  const changed = (address: string, change: UserChange, words: string) =>
    withUser(address, surroundings, async (database, { id, email }) => {
      const after = await changeUser(database, id, change, COMMAND_LINE)
      if (after === 'not_found') throw new Error(noSuchUser(address))
      if (after === 'last_admin') throw new Error(LAST_ADMIN)
      terminal.note(`${email} ${words}.`)
    })

  user
    .command('add')
    .description('invites a person by a link, good once and for 24 hours, by which they set a password')
    .argument('<email>', 'of the person', emailOf)
    .requiredOption('--name <name>', 'of the person', nameOf)
    .addOption(roleOption())
    .option('--json', JSON_OUTPUT)
    .action((address: string, { name, role, json }: { name: string; role: Role; json?: true }) =>
      withDatabase(surroundings, async (database) => {
        const made = await createUser(database, { id: uuidv7(), email: address, name, role }, COMMAND_LINE)
        if (made === null) {
          throw new Error(`There is a person with the address ${address}. first-call user reset gives them a new link.`)
        }
        await giveLink(database, made, { json }, surroundings)
      }),
    )

  user
    .command('list')
    .description('all people')
    .option('--json', JSON_OUTPUT)
    .action((options: { json?: true }) => listUsers(options, surroundings))

  user
    .command('disable')
    .description('lets a person in no longer; their sessions are over within a second')
    .argument('<email>', 'of the person', emailOf)
    .action((address: string) => changed(address, { isDisabled: true }, 'may not log in any more'))

  user
    .command('enable')
    .description('lets a person in again')
    .argument('<email>', 'of the person', emailOf)
    .action((address: string) => changed(address, { isDisabled: false }, 'may log in'))

  user
    .command('role')
    .description('gives a person another role; their sessions are over')
    .argument('<email>', 'of the person', emailOf)
    .argument('<role>', ROLES.join(', '), roleOf)
    .action((address: string, role: Role) => changed(address, { role }, `is ${role} now`))

  user
    .command('reset')
    .description('gives a person a link, good once and for an hour, by which they set another password')
    .argument('<email>', 'of the person', emailOf)
    .option('--two-factor', 'also takes away the second factor, for one who has lost it and the codes for that')
    .option('--json', JSON_OUTPUT)
    .action((address: string, { twoFactor, json }: { twoFactor?: true; json?: true }) =>
      withUser(address, surroundings, async (database, found) => {
        if (found.isDisabled) throw new Error(`${address} is disabled: first-call user enable ${address}`)
        if (twoFactor === true) await removeTwoFactor(database, found.id, COMMAND_LINE)
        await giveLink(database, found, { json }, surroundings)
      }),
    )
}

async function withUser(
  address: string,
  surroundings: Surroundings,
  work: (database: Database, user: User) => Promise<void>,
): Promise<void> {
  await withDatabase(surroundings, async (database) => {
    const user = await findUserByEmail(database, address)
    if (user === null) throw new Error(noSuchUser(address))
    await work(database, user)
  })
}

const noSuchUser = (address: string): string => `There is no person with the address ${address}.`

const roleOption = (): Option =>
  new Option('--role <role>', 'what the person may do').choices(ROLES).makeOptionMandatory()

function roleOf(text: string): Role {
  const role = ROLES.find((one) => one === text)
  if (role === undefined) throw new InvalidArgumentError(`It is one of ${ROLES.join(', ')}.`)
  return role
}

function emailOf(text: string): string {
  const { data } = email.safeParse(text)
  if (data === undefined) throw new InvalidArgumentError('It is no e-mail address.')
  return data
}

function nameOf(text: string): string {
  const { data } = personName.safeParse(text)
  if (data === undefined) throw new InvalidArgumentError('It has 1 to 200 characters, on one line.')
  return data
}

import type { Position } from '../http/cursor.ts'
import { userBody } from '../people/schema.ts'
import { listUsers as pageOfUsers } from '../people/store.ts'
import type { User } from '../people/user.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { json, table } from './terminal.ts'

const PAGE = 200

/** Shows all people. */
export async function listUsers({ json: isForMachines }: { json?: true }, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const users = await withDatabase(surroundings, async (database) => {
    const all: User[] = []
    let after: Position | null = null
    do {
      const page: Awaited<ReturnType<typeof pageOfUsers>> = await pageOfUsers(database, PAGE, after)
      all.push(...page.data)
      after = page.next
    } while (after !== null)
    return all
  })
  if (isForMachines === true) return terminal.print(json(users.map(userBody)))
  if (users.length === 0) return terminal.note('There is nobody yet: first-call user add')
  const rows = users.map((user) => [user.email, user.name, user.role, user.hasTwoFactor ? 'yes' : 'no', stateOf(user)])
  terminal.print(table([['E-MAIL', 'NAME', 'ROLE', 'SECOND FACTOR', 'STATE'], ...rows]))
}

function stateOf({ isDisabled, hasPassword }: User): string {
  if (isDisabled) return 'disabled'
  return hasPassword ? 'may log in' : 'invited'
}

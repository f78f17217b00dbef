import { v7 as uuidv7 } from 'uuid'
import { COMMAND_LINE } from '../audit/actor.ts'
import type { Database } from '../database/database.ts'
import { deliverLink } from '../people/deliver.ts'
import { createUser, findUserByEmail } from '../people/store.ts'
import type { User } from '../people/user.ts'
import { TEAM } from './people.ts'
import type { Service } from './service.ts'

type Queries = Pick<Database, 'query'>

/** Makes the team, as far as it is not there; they cannot log in before {@link letIn}. */
export async function makeTeam(database: Queries): Promise<User[]> {
  const team: User[] = []
  for (const person of TEAM) {
    const made = await createUser(database, { id: uuidv7(), ...person }, COMMAND_LINE)
    const user = made ?? (await findUserByEmail(database, person.email))
    if (user !== null) team.push(user)
  }
  return team
}

/**
 * Gives everybody the password, by links that nobody is sent: the addresses are made up.
 *
 * @param publicUrl where people see the service
 */
export async function letIn(
  database: Queries,
  { service, publicUrl, password }: { service: Service; publicUrl: string; password: string },
): Promise<void> {
  for (const user of await makeTeam(database)) {
    const { address } = await deliverLink(database, { publicUrl, mail: null }, user, COMMAND_LINE)
    if (address !== null) await service.acceptLink(address, password)
  }
}

/** Whether all of the team can log in, which is the last thing that a demo makes. */
export async function isTeamIn(database: Queries): Promise<boolean> {
  const team = await Promise.all(TEAM.map(({ email }) => findUserByEmail(database, email)))
  return team.every((user) => user?.hasPassword === true)
}

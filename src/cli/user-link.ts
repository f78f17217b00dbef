import { COMMAND_LINE } from '../audit/actor.ts'
import type { Database } from '../database/database.ts'
import { isLoopback } from '../http/guard.ts'
import { deliverLink } from '../people/deliver.ts'
import { linkBody, userBody } from '../people/schema.ts'
import type { User } from '../people/user.ts'
import type { Surroundings } from './command.ts'
import { localTime } from './message-words.ts'
import { json } from './terminal.ts'

/** Makes a link for a person, and mails it or shows it. The exit code is 1 where it should have been mailed and was not. */
export async function giveLink(
  database: Database,
  user: User,
  { json: isForMachines }: { json?: true | undefined },
  { config, terminal, fail }: Surroundings,
): Promise<void> {
  const { publicUrl, host, port, linkMail, zadarma } = config()
  const local = `http://${isLoopback(host) ? host : '127.0.0.1'}:${port}`
  const place = { publicUrl: publicUrl?.origin ?? local, mail: linkMail }
  const delivery = await deliverLink(database, place, user, COMMAND_LINE)
  if (delivery.fault !== null) fail()
  if (isForMachines === true) return terminal.print(json({ ...userBody(user), link: linkBody(delivery) }))
  const { kind, address, fault, expiresAt } = delivery
  const until = `${localTime(expiresAt, zadarma.timezone)} (${zadarma.timezone})`
  if (fault !== null) terminal.note(fault)
  if (address === null) return terminal.note(`The link was mailed to ${user.email}. It works once, until ${until}.`)
  terminal.note(`${kind === 'invitation' ? 'Invitation' : 'New password'} for ${user.email}: once, until ${until}.`)
  terminal.print(`${address}\n`)
}

import { randomBytes } from 'node:crypto'
import { type Command, InvalidArgumentError } from 'commander'
import { COMMAND_LINE } from '../audit/actor.ts'
import { addKey, revokeKey } from '../auth/key-store.ts'
import type { Database } from '../database/database.ts'
import { chanceOf } from '../demo/chance.ts'
import { fill } from '../demo/fill.ts'
import { callLive } from '../demo/live.ts'
import { TEAM } from '../demo/people.ts'
import { serviceAt } from '../demo/service.ts'
import { isTeamIn } from '../demo/team.ts'
import { isLoopback } from '../http/guard.ts'
import { counted } from '../http/refusal.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'

interface DemoOptions {
  leads: number
  seed: number
  url?: string
  live?: true
}

const KEY_NAME = 'demo'
const KEY_HOURS_MS = 12 * 3_600_000
const RECORDINGS = 24

/** `demo`: a service that somebody can look at before there is anything in it. */
export function addDemoCommand(program: Command, surroundings: Surroundings): void {
  program
    .command('demo')
    .description('fills an empty database with a made-up month of a sales team, through the running service')
    .option('--leads <number>', 'how many', leads, 400)
    .option('--seed <number>', 'the same number makes the same month', seed, 1)
    .option('--url <address>', 'of the service; without it, as HOST and PORT say')
    .option('--live', 'then agents go on calling, until Ctrl-C')
    .action((options: DemoOptions) => withDatabase(surroundings, (database) => demo(database, options, surroundings)))
}

async function demo(
  database: Database,
  options: DemoOptions,
  { config, terminal, signal }: Surroundings,
): Promise<void> {
  const { host, port, publicUrl, zadarma } = config()
  const address = options.url ?? `http://${isLoopback(host) ? host : '127.0.0.1'}:${port}`
  const isFilled = await isTeamIn(database)
  if (!isFilled && (await holds(database, CONTACTS_OF_OTHERS))) {
    throw new Error('The database has contacts: a demo is for an empty one, in a DATA_DIR of its own.')
  }
  const { body, key } = await addKey(
    database,
    { name: KEY_NAME, role: 'admin', user_id: null, expires_at: Date.now() + KEY_HOURS_MS },
    COMMAND_LINE,
  )
  try {
    const service = serviceAt(address, key)
    if (!isFilled) {
      const password = `demo ${randomBytes(6).toString('hex')}`
      const onStep = (words: string) => terminal.progress(`making ${words}`)
      const { leads: count, seed, ...rest } = options
      const there = await countOf(database, 'contacts')
      if (there > 0) terminal.note(`A demo was begun before: it goes on beside ${counted(there, 'lead')}.`)
      const filled = await fill({
        ...{ database, service, password, onStep, signal, recordings: RECORDINGS },
        publicUrl: publicUrl?.origin ?? new URL(address).origin,
        leads: Math.max(0, count - there),
        // Not the same people again.
        seed: seed + there,
        now: Date.now(),
        timezone: zadarma.timezone,
      })
        .catch((error: unknown) => {
          const why = error instanceof Error ? error.message : String(error)
          // Of what somebody has ended, nothing else is said.
          if (signal.aborted) terminal.note(UNFINISHED)
          throw new Error(`${UNFINISHED} ${why}`, { cause: error })
        })
        .finally(() => terminal.progress(''))
      terminal.note(`${filled.leads} leads, ${filled.calls} calls, ${filled.recordings} recordings.`)
      terminal.print(`Log in at ${address} with the password ${password} as\n`)
      for (const { email, role } of TEAM) terminal.print(`  ${role.padEnd(8)} ${email}\n`)
      if (rest.live !== true) return
    } else if (options.live !== true) {
      throw new Error('The demo is there already. first-call demo --live makes calls in it.')
    }
    terminal.note('Agents are calling. Ctrl-C ends it.')
    await callLive({
      service,
      chance: chanceOf(Date.now()),
      agents: await agentsOf(database),
      onCall: terminal.note,
      signal,
    })
  } finally {
    await revokeKey(database, body.id, COMMAND_LINE)
  }
}

const UNFINISHED = 'The demo is not all there. Run first-call demo again, and it goes on.'

/** Whatever was not made with a key of a demo. */
const CONTACTS_OF_OTHERS = `contacts where not exists (
  select from audit where entity_id = contacts.id and action = 'contact.created'
    and who in (select 'key:' || id from api_keys where name = '${KEY_NAME}'))`

async function countOf({ general }: Database, what: string): Promise<number> {
  const { rows } = await general.query<{ count: number }>(`select count(*)::int as count from ${what}`)
  return rows[0]?.count ?? 0
}

async function holds({ general }: Database, what: string): Promise<boolean> {
  const { rowCount } = await general.query(`select from ${what} limit 1`)
  return rowCount === 1
}

async function agentsOf({ query }: Database): Promise<string[]> {
  const rows = await query
    .selectFrom('users')
    .select('id')
    .where('role', '=', 'agent')
    .where('email', 'like', '%@demo.example')
    .orderBy('email')
    .execute()
  return rows.map(({ id }) => id)
}

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : -1
    if (number >= least && number <= most) return number
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`)
  }
const leads = wholeNumber(1, 9_999)
const seed = wholeNumber(0, 999_999_999)

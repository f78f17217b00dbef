import { sql } from 'kysely'
import type { Chore } from '../chores.ts'
import type { Database } from '../database/database.ts'

const FORGET_EVERY_MS = 3_600_000

/** What is over leaves nothing behind. */
const OVER = [
  sql`delete from user_sessions where used_at < now() - interval '12 hours' or began_at < now() - interval '30 days'`,
  sql`delete from user_links where expires_at < now()`,
  sql`delete from user_verifications where expires_at < now()`,
  sql`delete from log_in_tries where since < now() - interval '1 day'`,
  sql`delete from known_networks where seen_at < now() - interval '30 days'`,
  sql`delete from used_codes where used_at < now() - interval '1 hour'`,
]

/** Forgets sessions, links and tries that are over. */
export function forgetOver({ query }: Pick<Database, 'query'>): Chore {
  return {
    name: 'forgetting of sessions that are over',
    everyMs: FORGET_EVERY_MS,
    work: async () => {
      for (const statement of OVER) await statement.execute(query)
      return false
    },
  }
}

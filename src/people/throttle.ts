import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'

/** Whose password is tried, and from where. Without an account only the address counts. */
export interface Try {
  /** An e-mail address in lower case, or null. */
  account: string | null
  address: string
}

/** So many in a quarter of an hour. More people may be behind one address. */
const MOST = { account: 10, address: 50 } as const
const WINDOW = `interval '15 minutes'`

/** From where somebody has logged in within these days, what strangers try elsewhere does not keep them out. */
const KNOWN = `interval '30 days'`

/**
 * Counts a try before it is made, so that many at once are none that pass; in the database, so that all servers count
 * together.
 *
 * @returns null where it may be made, else after how many seconds
 */
export async function countTry({ general }: Database, tried: Try): Promise<number | null> {
  const { address, account, accountThere } = keysOf(tried)
  const { rows } = await general.query<{ key: Buffer; tries: number; secondsLeft: number }>(
    `insert into log_in_tries as counted (key, tries)
     select key, 1 from (
       select $1::bytea as key
       union all
       select case when exists (select from known_networks where key = $3 and seen_at > now() - ${KNOWN})
         then $3::bytea else $2::bytea end where $2::bytea is not null
     ) as given order by key
     on conflict (key) do update set
       tries = case when counted.since < now() - ${WINDOW} then 1 else least(counted.tries + 1, 1000000) end,
       since = case when counted.since < now() - ${WINDOW} then now() else counted.since end
     returning key, tries, ceil(extract(epoch from since + ${WINDOW} - now()))::int as "secondsLeft"`,
    [address, account, accountThere],
  )
  const waits = rows.flatMap(({ key, tries, secondsLeft }) => {
    const most = key.equals(address) ? MOST.address : MOST.account
    return tries > most ? [Math.max(1, secondsLeft)] : []
  })
  return waits.length === 0 ? null : Math.max(...waits)
}

/** A try that was right counts for nothing, and neither do those before it that were counted with it. */
export async function forgiveTry({ general }: Database, tried: Try): Promise<void> {
  const { address, account, accountThere } = keysOf(tried)
  await general.query(
    `with forgiven as (
       delete from log_in_tries where key = $3
         or (key = $2 and not exists (select from known_networks where key = $3 and seen_at > now() - ${KNOWN}))
     ), known as (
       insert into known_networks (key) select $3::bytea where $3::bytea is not null
       on conflict (key) do update set seen_at = now()
     )
     update log_in_tries set tries = greatest(tries - 1, 0) where key = $1`,
    [address, account, accountThere],
  )
}

/** Who has set another password by a link is not kept out by what strangers tried before. */
export async function forgiveAccount(transaction: Kysely<Tables>, account: string): Promise<void> {
  await sql`delete from log_in_tries where key = ${keysOf({ account, address: '' }).account}`.execute(transaction)
}

/** Of the address, of the account, and of the account as it is tried from there. */
function keysOf({ account, address }: Try): { address: Buffer; account: Buffer | null; accountThere: Buffer | null } {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  const network = networkOf(address)
  return {
    address: hash(`address ${network}`),
    account: account === null ? null : hash(`account ${account}`),
    accountThere: account === null ? null : hash(`account ${account} at ${network}`),
  }
}

/** Whoever has one address of IPv6 has the 2^64 around it. */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (mapped !== undefined) return mapped
  if (isIP(address) !== 6) return address
  const [before = '', after] = (address.split('%')[0] ?? '').toLowerCase().split('::')
  const groups = (text = '') => text.split(':').filter((group) => group !== '')
  const gap = after === undefined ? 0 : 8 - groups(before).length - groups(after).length
  const all = [...groups(before), ...Array.from({ length: gap }, () => '0'), ...groups(after)]
  return all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}

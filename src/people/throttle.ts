import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { Database } from '../database/database.ts'

/** Whose password is tried, and from where. Without an account only the address counts. */
export interface Try {
  /** An e-mail address in lower case, or null. */
  account: string | null
  address: string
}

/** So many in a quarter of an hour. More people may be behind one address. */
const MOST = { account: 10, address: 50 } as const
const WINDOW = `interval '15 minutes'`

/**
 * Counts a try before it is made, so that many at once are none that pass; in the database, so that all servers count
 * together.
 *
 * @returns null where it may be made, else after how many seconds
 */
export async function countTry({ general }: Database, tried: Try): Promise<number | null> {
  const keys = keysOf(tried)
  const { rows } = await general.query<{ key: Buffer; tries: number; secondsLeft: number }>(
    `insert into log_in_tries as counted (key, tries)
     select key, 1 from unnest($1::bytea[]) as key order by key
     on conflict (key) do update set
       tries = case when counted.since < now() - ${WINDOW} then 1 else least(counted.tries + 1, 1000000) end,
       since = case when counted.since < now() - ${WINDOW} then now() else counted.since end
     returning key, tries, ceil(extract(epoch from since + ${WINDOW} - now()))::int as "secondsLeft"`,
    [keys.map(({ key }) => key)],
  )
  const waits = rows.flatMap(({ key, tries, secondsLeft }) => {
    const most = keys.find((one) => one.key.equals(key))?.most ?? 0
    return tries > most ? [Math.max(1, secondsLeft)] : []
  })
  return waits.length === 0 ? null : Math.max(...waits)
}

/** A try that was right counts for nothing, and neither do those before it on its account. */
export async function forgiveTry({ general }: Database, tried: Try): Promise<void> {
  const [address, account] = keysOf(tried)
  await general.query(
    `with forgiven as (delete from log_in_tries where key = $2)
     update log_in_tries set tries = greatest(tries - 1, 0) where key = $1`,
    [address?.key, account?.key ?? null],
  )
}

function keysOf({ account, address }: Try): { key: Buffer; most: number }[] {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  const keys = [{ key: hash(`address ${networkOf(address)}`), most: MOST.address }]
  return account === null ? keys : [...keys, { key: hash(`account ${account}`), most: MOST.account }]
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

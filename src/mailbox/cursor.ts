import { sql } from 'kysely'
import type { Database } from '../database/database.ts'

/** A mailbox that one server reads, as long as it says so again and again. */
export interface Claim {
  mailboxId: string
  /** Of the server, or rather of this start of it. */
  claimedBy: string
  leaseMs: number
}

/**
 * Claims a mailbox, where no other server does at the moment; or claims it on.
 *
 * @returns whether it is this server's now
 */
export async function claimMailbox({ query }: Database, claim: Claim): Promise<boolean> {
  const { mailboxId, claimedBy } = claim
  const { rows } = await sql`
    insert into mailboxes as m (id, claimed_by, claimed_until)
    values (${mailboxId}, ${claimedBy}, clock_timestamp() + ${lease(claim)})
    on conflict (id) do update set claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
      where m.claimed_by = ${claimedBy} or m.claimed_until <= clock_timestamp()
    returning id`.execute(query)
  return rows.length > 0
}

/** Gives a mailbox back, so that another server need not wait until the claim is over. */
export async function releaseMailbox({ query }: Database, { mailboxId, claimedBy }: Claim): Promise<void> {
  await sql`update mailboxes set claimed_until = '-infinity', claimed_by = null
    where id = ${mailboxId} and claimed_by = ${claimedBy}`.execute(query)
}

/**
 * How far the mailbox was read in this counting of its messages. In one that is new, nothing was: whoever reads on finds
 * each message once more, which its natural key makes harmless.
 *
 * @returns the UID of the last message that was taken; null where another server has the mailbox by now
 */
export async function openCursor({ query }: Database, claim: Claim, uidValidity: bigint): Promise<number | null> {
  const { rows } = await sql<{ last_uid: number }>`
    update mailboxes set uid_validity = ${uidValidity.toString()}::bigint, updated_at = clock_timestamp(),
      last_uid = case when uid_validity = ${uidValidity.toString()}::bigint then last_uid else 0 end
    where id = ${claim.mailboxId} and claimed_by = ${claim.claimedBy}
    returning last_uid`.execute(query)
  return rows[0]?.last_uid ?? null
}

/**
 * Moves on behind a message that was taken; never back. It claims the mailbox on, too.
 *
 * @returns false where another server has the mailbox by now, and nothing was moved
 */
export async function moveCursor(
  { query }: Database,
  claim: Claim,
  { uidValidity, uid }: { uidValidity: bigint; uid: number },
): Promise<boolean> {
  const { rows } = await sql`
    update mailboxes set last_uid = greatest(last_uid, ${uid}::bigint), updated_at = clock_timestamp(),
      claimed_until = clock_timestamp() + ${lease(claim)}
    where id = ${claim.mailboxId} and claimed_by = ${claim.claimedBy}
      and uid_validity = ${uidValidity.toString()}::bigint
    returning id`.execute(query)
  return rows.length > 0
}

/** Says that all that is in the mailbox has been read, as of this moment. */
export async function noteLook({ query }: Database, { mailboxId, claimedBy }: Claim): Promise<void> {
  await sql`update mailboxes set updated_at = clock_timestamp()
    where id = ${mailboxId} and claimed_by = ${claimedBy}`.execute(query)
}

const lease = ({ leaseMs }: Claim) => sql`${leaseMs} * interval '1 millisecond'`

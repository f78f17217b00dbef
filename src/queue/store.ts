import { setTimeout as pause } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import { formatInstant } from '../attempts/attempt.ts'
import { UnavailableError } from '../attempts/register.ts'
import type { Sight } from '../auth/sight.ts'
import { contactsById } from '../contacts/store.ts'
import { THIS_MOMENT } from '../database/clock.ts'
import type { Database } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import { opportunitiesById } from '../opportunities/store.ts'
import type { Instant } from '../time.ts'
import { type Asked, nextDue, queued, seenWithId } from './order.ts'
import {
  CLAIM_MINUTES,
  type Claim,
  type Claimant,
  COUNTED_AT_MOST,
  type Desk,
  type Queued,
  type QueuePosition,
} from './queue.ts'

type Query = Kysely<Tables>

/** Asked at the same moment by so many others, one of the first ones is still free. */
const CANDIDATES = 32
/** Somebody was faster by a moment; hardly ever twice. */
const TRIES = 10
/** What another request of the same desk does is done long before. */
const TURNS = 20
const TURN_MS = 50

const CLAIM_END = sql`${THIS_MOMENT} + ${CLAIM_MINUTES} * interval '1 minute'`

/** Leads that wait for a call, in order, with who has them. */
export async function listQueue(
  { query }: Database,
  asked: Asked,
  limit: number,
  owner: string,
): Promise<{ data: Queued[]; next: QueuePosition | null }> {
  const { rows } = await sql<{ opportunity_id: string; attempts_made: number; key: Instant }>`${queued(
    asked,
    limit + 1,
  )}`.execute(query)
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const next =
    rows.length > limit && last !== undefined
      ? { attempts: last.attempts_made, key: formatInstant(last.key), id: last.opportunity_id }
      : null
  const ids = page.map(({ opportunity_id }) => opportunity_id)
  const [leads, claims] = await Promise.all([leadsOf(query, ids), claimsOf(query, ids, owner)])
  return { data: leads.map((lead) => ({ ...lead, claim: claims.get(lead.opportunity.id) ?? null })), next }
}

/** The leads with these ids, in their order; one that is gone is left out. */
export async function leadsOf(query: Query, ids: readonly string[]): Promise<Omit<Queued, 'claim'>[]> {
  if (ids.length === 0) return []
  const opportunities = await opportunitiesById(query, ids)
  const found = ids.flatMap((id) => opportunities.get(id) ?? [])
  if (found.length === 0) return []
  const contacts = await contactsById(
    query,
    found.map(({ contact_id }) => contact_id),
  )
  return found.map((opportunity) => ({ opportunity, contact: contacts.get(opportunity.contact_id) ?? null }))
}

async function claimsOf(query: Query, ids: readonly string[], owner: string): Promise<Map<string, Claim>> {
  if (ids.length === 0) return new Map()
  const rows = await query
    .selectFrom('claims')
    .selectAll()
    .where('opportunity_id', 'in', ids)
    .where(sql<boolean>`claimed_until > ${THIS_MOMENT}`)
    .execute()
  return new Map(
    rows.map((row) => [
      row.opportunity_id,
      { name: row.name, until: formatInstant(row.claimed_until), mine: row.owner === owner },
    ]),
  )
}

/** How many wait that nobody else has, counted to {@link COUNTED_AT_MOST}. */
export async function countWaiting({ query }: Database, asked: Asked): Promise<number> {
  const { rows } = await sql<{ waiting: number }>`select count(*) as waiting
    from (${queued(asked, COUNTED_AT_MOST)}) as queue`.execute(query)
  return rows[0]?.waiting ?? 0
}

/** When the first of those who were called lately may be called again; null where nobody was. */
export async function findNextDue({ query }: Database, asked: Asked): Promise<string | null> {
  const { rows } = await sql<{ due_at: Instant | null }>`${nextDue(asked)}`.execute(query)
  const dueAt = rows[0]?.due_at ?? null
  return dueAt === null ? null : formatInstant(dueAt)
}

/** What was claimed. */
export interface Claimed {
  id: string
  until: string
}

/**
 * Takes the first lead that is free here, and lets go of what else this desk has. Who presses at the same moment passes it by
 * without waiting; who was not seen, since his claim was not yet written, has the row of which there is one, and then the next
 * is taken.
 */
export const claimNext = ({ query }: Database, asked: Asked, claimant: Claimant): Promise<Claimed | null> =>
  oneAtATime(query, claimant, async (alone) => {
    const claimed = await takeFirst(alone, asked, claimant)
    await letGoOfOthers(alone, claimed?.id ?? null, claimant)
    return claimed
  })

async function takeFirst(query: Query, asked: Asked, claimant: Claimant): Promise<Claimed | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    const { rows } = await sql<{ candidates: number; id: string | null; until: Instant | null }>`
      with candidates as materialized (${queued({ ...asked, freeFor: claimant }, CANDIDATES)}),
      chosen as materialized (
        select opportunity_id from candidates
        where pg_try_advisory_xact_lock(4014, hashtext(opportunity_id::text)) limit 1),
      ${taking(sql`select opportunity_id from chosen`, claimant, false)}
      select (select count(*) from candidates) as candidates, id, until
      from (select) as one left join taken on true`.execute(query)
    const [found] = rows
    if (found === undefined || found.candidates === 0) return null
    if (found.id !== null && found.until !== null) return { id: found.id, until: formatInstant(found.until) }
  }
  return null
}

/**
 * A statement that takes a lead for 15 minutes from now, unless it is had elsewhere. What it does not get it does not lock:
 * who has it may let go of it meanwhile.
 */
const taking = (ids: ReturnType<typeof seenWithId>, { owner, name, desk }: Claimant, takesOver: boolean) => sql`
  wanted (opportunity_id) as materialized (${ids}),
  renewed as (
    update claims set owner = ${owner}, name = ${name}, desk = ${desk}, claimed_until = ${CLAIM_END}
    from wanted where claims.opportunity_id = wanted.opportunity_id
      and ((owner = ${owner} and (${takesOver} or desk = ${desk})) or claimed_until <= ${THIS_MOMENT})
    returning claims.opportunity_id, claimed_until),
  made as (
    insert into claims (opportunity_id, owner, name, desk, claimed_until)
    select opportunity_id, ${owner}, ${name}, ${desk}, ${CLAIM_END} from wanted where not exists (select from renewed)
    on conflict (opportunity_id) do nothing
    returning opportunity_id, claimed_until),
  taken (id, until) as (select * from renewed union all select * from made)`

/**
 * Takes this lead, or takes it anew for as long again; else says who has it.
 *
 * @param wish.takesOver also from another desk of the same person
 */
export const claimOne = (
  { query }: Database,
  { id, sight, takesOver }: { id: string; sight: Sight; takesOver: boolean },
  claimant: Claimant,
): Promise<Claimed | 'not_found' | { taken: Claim }> =>
  oneAtATime(query, claimant, async (alone) => {
    for (let tries = 0; tries < TRIES; tries++) {
      const { rows } = await sql<{ until: Instant }>`with ${taking(seenWithId(sight, id), claimant, takesOver)}
        select until from taken`.execute(alone)
      const [claimed] = rows
      if (claimed !== undefined) return { id, until: formatInstant(claimed.until) }
      const taken = (await claimsOf(alone, [id], claimant.owner)).get(id)
      const { rows: seen } = await sql`${seenWithId(sight, id)}`.execute(alone)
      if (seen.length === 0) return 'not_found'
      // Else it was let go of meanwhile.
      if (taken !== undefined) return { taken }
    }
    return 'not_found'
  })

/**
 * Of what one desk asks for at the same moment, one thing after the other: else each would let go of the other's lead. Whoever
 * waits has no connection meanwhile, and a transaction that is abandoned ends soon, so that nobody keeps others from claiming.
 *
 * @throws UnavailableError where its turn does not come
 */
async function oneAtATime<Result>(
  query: Query,
  { owner, desk }: Desk,
  work: (alone: Query) => Promise<Result>,
): Promise<Result> {
  for (let turns = 0; turns < TURNS; turns++) {
    if (turns > 0) await pause(TURN_MS)
    const done = await query.transaction().execute(async (transaction) => {
      const { rows } = await sql<{ isAlone: boolean }>`
        select pg_try_advisory_xact_lock(4017, hashtext(${JSON.stringify([owner, desk])})) as "isAlone",
          set_config('idle_in_transaction_session_timeout', '2s', true)`.execute(transaction)
      return rows[0]?.isAlone === true ? { result: await work(transaction) } : null
    })
    if (done !== null) return done.result
  }
  throw new UnavailableError('the same desk is claiming something else')
}

/** Lets go of one lead, if it is the owner's; where a desk is named, only if that one has it. */
export async function letGo({ query }: Database, id: string, owner: string, desk: string | null): Promise<void> {
  let claims = query.deleteFrom('claims').where('opportunity_id', '=', id).where('owner', '=', owner)
  if (desk !== null) claims = claims.where('desk', '=', desk)
  await claims.execute()
}

/** Lets go of all leads of a desk but one, and of what the owner had. What is being taken by another at this moment is that one's. */
async function letGoOfOthers(query: Query, id: string | null, { owner, desk }: Desk): Promise<void> {
  await sql`delete from claims where opportunity_id in (
    select opportunity_id from claims where owner = ${owner} and (desk = ${desk} or claimed_until <= ${THIS_MOMENT})
      and opportunity_id is distinct from ${id}::uuid
    for update skip locked)`.execute(query)
}

/** Lets go of all leads of whoever is there no more. */
export async function letGoOfAll(query: Query, owner: string): Promise<void> {
  await sql`delete from claims where opportunity_id in (
    select opportunity_id from claims where owner = ${owner} for update skip locked)`.execute(query)
}

import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { Database } from '../src/database/database.ts'
import { addCounts, NO_COUNTS, type SyncCounts, type SyncOptions } from '../src/history/sync.ts'
import { goThrough } from '../src/history/work.ts'
import type { TestService } from './service.ts'

export const EVERYTHING: SyncOptions = { beforeOpportunity: false, isDryRun: false, batch: 1_000 }

export const START = Date.parse('2025-01-29T10:00:00Z')
export const at = (minutes: number): string => new Date(START + minutes * 60_000).toISOString()

/** Goes through history once, without a run. */
export async function syncAll(
  database: Database,
  options: Partial<SyncOptions> = {},
  onFailure = refuseFailure,
): Promise<SyncCounts> {
  let counts = NO_COUNTS
  const work = {
    database,
    atOnce: 2,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onFailure,
  }
  for await (const step of goThrough({ ...EVERYTHING, ...options }, null, work)) counts = addCounts(counts, step.counts)
  return counts
}

function refuseFailure({ contactId }: { contactId: string }, error: unknown): void {
  throw new Error(`the contact ${contactId} could not be synced`, { cause: error })
}

interface Asked {
  name: string
  text: string
  values: unknown[]
}

/** The database with something between the sync and what it asks: to die, and to be wrong. */
export function between(
  database: Database,
  stand: (query: Asked, ask: (text: string) => Promise<unknown>) => Promise<unknown>,
): Database {
  const query = (asked: Asked) =>
    stand(asked, (text) => database.history.query({ ...asked, ...(text === asked.text ? {} : { name: '', text }) }))
  return { ...database, history: { query } as unknown as pg.Pool }
}

/** A call that was stored while there was no opportunity for it. Gives its id. */
export async function oldCall(
  service: TestService,
  contactId: string,
  minutes: number,
  fields: object = {},
): Promise<string> {
  const { status, body } = await service.request('POST', '/api/crm/calls', {
    direction: 'outbound',
    entity_type: 'contacts',
    entity_id: contactId,
    call_status: 'no_answer',
    started_at: at(minutes),
    ...fields,
  })
  if (status !== 201) throw new Error(`the call was answered with ${status}`)
  return body.id
}

/** An opportunity that came later than its calls. Gives its id. */
export async function opportunityOf(
  service: TestService,
  contactId: string,
  minutes: number,
  fields: object = {},
): Promise<string> {
  const opportunity = { id: randomUUID(), contact_id: contactId, created_at: at(minutes), ...fields }
  const { status } = await service.request('POST', '/api/crm/opportunities', opportunity)
  if (status !== 201) throw new Error(`the opportunity was answered with ${status}`)
  return opportunity.id
}

/** What each call says became of it. */
export async function outcomesOf(service: TestService, ids: readonly string[]): Promise<unknown[]> {
  const calls = await Promise.all(ids.map((id) => service.request('GET', `/api/crm/calls/${id}`)))
  return calls.map(({ body }) => [body.attempt.outcome, body.attempt.number])
}

/** The versions of all rows: what was written, though nothing was changed, is seen, too. */
export async function versions(service: TestService): Promise<unknown[]> {
  return service.sql(
    `select id, xmin::text, ctid::text from calls union all select id, xmin::text, ctid::text from lead_opportunities order by 1`,
  )
}

/** Random, but the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Leads of an older system, with calls that nothing holds; the same for the same seed. */
export async function makeLeads(service: TestService, count: number, seed: number): Promise<void> {
  const random = randomOf(seed)
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value
  const uuid = (): string => {
    const digits = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('')
    return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5')
  }
  const opportunities: object[] = []
  const calls: object[] = []
  for (let lead = 0; lead < count; lead++) {
    const contact_id = uuid()
    for (let opportunity = 0; opportunity < pick([1, 1, 1, 2]); opportunity++) {
      const minutes = pick([0, 0, 0, 3])
      opportunities.push({
        id: uuid(),
        contact_id,
        status: pick(['pending', 'assigned', 'lost']),
        created_at: at(minutes),
      })
    }
    for (let call = 0; call < pick([1, 2, 4, 5, 8]); call++) {
      const time = at(pick([-1, 0, 1, 2, 3, 4, 5, 6, 7]))
      const call_status = pick(['no_answer', 'busy', 'rejected', 'failed', 'answered', null])
      calls.push({ id: uuid(), entity_id: contact_id, call_status, started_at: pick([time, null]), created_at: time })
    }
  }
  await service.sql(
    `insert into lead_opportunities (id, contact_id, status, created_at, updated_at)
     select id, contact_id, status, created_at, created_at from json_populate_recordset(null::lead_opportunities, $1)`,
    [JSON.stringify(opportunities)],
  )
  await service.sql(
    `insert into calls (id, entity_type, entity_id, direction, call_status, started_at, sources, outcome, created_at, updated_at)
     select id, 'contacts', entity_id, 'outbound', call_status, started_at, '{}', 'unknown_contact', created_at, created_at
     from json_populate_recordset(null::calls, $1)`,
    [JSON.stringify(calls)],
  )
}

/** Everything that a sync may change, but for when it did. */
export async function stateOf(service: TestService): Promise<unknown> {
  const rows = async (table: string) =>
    (await service.sql(`select * from ${table} order by id`)).map(({ updated_at: _, ...row }) => row)
  return { calls: await rows('calls'), opportunities: await rows('lead_opportunities') }
}

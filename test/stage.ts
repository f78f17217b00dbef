import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { expect } from 'vitest'
import type { Run } from '../src/attempts/read.ts'
import { Gate } from './gate.ts'
import { type Answer, createTestDatabase, createTestService, type TestService, untilTaken } from './service.ts'

export interface Stage {
  service: TestService
  proxy: Gate
  /** Past the proxy: how faults are made, and what is really stored is seen. */
  direct: pg.Client
  /** Connections as `direct` is one, for whoever writes without any care. */
  naive(settings?: pg.ClientConfig): Promise<pg.Client>
  /** Whether what is read comes out as garbage, so that the deciding throws. */
  bug: { isOn: boolean }
}

export async function onStage(act: (stage: Stage) => Promise<void>): Promise<void> {
  const database = await createTestDatabase()
  const proxy = await Gate.open(database.connection)
  const direct = new pg.Client(database.connection)
  await direct.connect()
  const bug = { isOn: false }
  const clients: pg.Client[] = []
  const naive: Stage['naive'] = async (settings = {}) => {
    const client = new pg.Client({ ...database.connection, ...settings })
    client.on('error', () => undefined)
    clients.push(client)
    await client.connect()
    return client
  }
  const service = await createTestService({ connection: proxy.connection, wrapRun: (run) => garbling(run, bug) })
  try {
    await act({ service, proxy, direct, naive, bug })
  } finally {
    proxy.forward()
    await service.close()
    await direct.end()
    for (const client of clients) client.connection.stream.destroy()
    await proxy.close()
    await database.drop()
  }
}

/** An opportunity whose status is no text brings down whatever looks at it closer. */
function garbling(run: Run, bug: { isOn: boolean }): Run {
  return async <Row>(name: string, text: string, values: unknown[]) => {
    const rows = await run<Row>(name, text, values)
    if (!bug.isOn) return rows
    return rows.map((row) => (isReading(row) ? { ...row, opportunities: [{ id: 'no opportunity at all' }] } : row))
  }
}

const isReading = (row: unknown): row is object => typeof row === 'object' && row !== null && 'opportunities' in row

// ── What is asked, and what must hold ───────────────────────────────────────────────────────────────────────────────

export interface Lead {
  contactId: string
  opportunityId: string
}

export async function newLead(service: TestService): Promise<Lead> {
  const lead = { contactId: randomUUID(), opportunityId: randomUUID() }
  const opportunity = { id: lead.opportunityId, contact_id: lead.contactId }
  const { status } = await untilTaken(() => service.request('POST', '/api/crm/opportunities', opportunity))
  // A conflict with what was written, but not answered in time.
  expect([201, 409]).toContain(status)
  return lead
}

/** A call and what it changes of its opportunity in one statement, as one writes it who thinks of no fault. */
export const savedTogether = (client: pg.Client, { contactId, opportunityId }: Lead): Promise<unknown> =>
  client.query(
    `with saved as (insert into calls (id, direction, entity_type, entity_id, outcome, opportunity_id)
       values ($1, 'outbound', 'contacts', $2, 'registered', $3))
     update lead_opportunities set revision = revision + 1 where id = $3`,
    [randomUUID(), contactId, opportunityId],
  )

export const callTo = ({ contactId }: Lead, fields: object = {}): object => ({
  direction: 'outbound',
  entity_type: 'contacts',
  entity_id: contactId,
  call_status: 'no_answer',
  ...fields,
})

export const post = (service: TestService, body: object): Promise<Answer> =>
  service.request('POST', '/api/crm/calls', body)

export async function registered(service: TestService, lead: Lead): Promise<string> {
  const { body } = await untilTaken(() => post(service, callTo(lead)))
  expect(body.attempt.outcome).toBe('registered')
  return body.id
}

/** Everything stored about leads and calls, to see that nothing changed. */
export async function everything(direct: pg.Client): Promise<unknown> {
  const { rows } = await direct.query(
    `select coalesce(to_regclass('mislaid'), to_regclass('lead_opportunities')) as table`,
  )
  const opportunities = await direct.query(`select * from ${rows[0].table} order by id`)
  const calls = await direct.query('select * from calls order by id')
  return { opportunities: opportunities.rows, calls: calls.rows }
}

/** R4: sweeps until nothing waits. */
export async function drain(service: TestService, withinMs = 15_000): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    await service.sweepOnce().catch(() => 0)
    const rows = await service.sql(`select from calls where due_at is not null`).catch(() => null)
    if (rows?.length === 0) return
    if (performance.now() > deadline) throw new Error(`${rows?.length} calls still wait after ${withinMs} ms`)
    await wait(20)
  }
}

/** R4: eligible calls that neither an attempt nor a reason accounts for, and attempts that no call accounts for. */
export async function unaccounted(direct: pg.Client): Promise<unknown[]> {
  const { rows } = await direct.query(`
    with attempts as (
      select o.id as opportunity_id, value ->> 'call_id' as call_id
      from lead_opportunities o, jsonb_each(o.first_call_attempts)
    )
    select calls.id, outcome from calls
    where deleted_at is null and (outcome = 'pending' or (outcome = 'registered') <> exists (
      select from attempts where call_id = calls.id::text and attempts.opportunity_id = calls.opportunity_id))
    union all
    select call_id::uuid, 'attempt without call' from attempts
    where not exists (select from calls where calls.id::text = call_id and outcome = 'registered')`)
  return rows
}

export async function attemptsOf(
  direct: pg.Client,
  { opportunityId }: Lead,
): Promise<{ status: string; call_id: string }[]> {
  const { rows } = await direct.query('select first_call_attempts from lead_opportunities where id = $1', [
    opportunityId,
  ])
  return Object.values(rows[0].first_call_attempts)
}

import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { type OpportunityRow, opportunityFromRow, opportunityToRow } from '../src/attempts/rows.ts'
import type { Attempt, Opportunity } from '../src/opportunities/opportunity.ts'
import type { TestService } from './service.ts'

/** On a busy machine no call is to be saved without its attempt because of the time alone. */
export const PATIENTLY = { registerWithin: 30_000, answerWithin: 60_000 }

/** A contact with an opportunity and two calls: nobody there, and declined. */
export interface Scene {
  contactId: string
  opportunityId: string
  calls: readonly [string, string]
}

export const minute = (number: number): string => `2025-01-29T10:0${number}:00Z`

export const outbound = (contactId: string, fields: object = {}): object => ({
  direction: 'outbound',
  entity_type: 'contacts',
  entity_id: contactId,
  ...fields,
})

export async function post(service: TestService, url: string, fields: object): Promise<{ id: string }> {
  const { status, body } = await service.request('POST', url, fields)
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

export async function makeScene(service: TestService): Promise<Scene> {
  const contactId = randomUUID()
  const { id } = await post(service, '/api/crm/opportunities', { contact_id: contactId })
  const first = { call_status: 'busy', started_at: minute(1), call_result: 'Ocupado' }
  const second = { call_status: 'rejected', started_at: minute(2), resumen_llamada: 'No le interesa' }
  const one = await post(service, '/api/crm/calls', outbound(contactId, first))
  const two = await post(service, '/api/crm/calls', outbound(contactId, second))
  return { contactId, opportunityId: id, calls: [one.id, two.id] }
}

/** Changes an opportunity's attempts behind the service's back, with all that the database's own checks ask for. */
export async function tamper(
  service: TestService,
  opportunityId: string,
  change: (attempts: readonly Attempt[]) => Attempt[],
): Promise<void> {
  const [row] = await service.sql<{ row: OpportunityRow }>(
    'select to_json(o) as row from lead_opportunities o where id = $1',
    [opportunityId],
  )
  if (row === undefined) throw new Error('there is no such opportunity')
  const opportunity: Opportunity = opportunityFromRow(row.row)
  const changed = opportunityToRow({ ...opportunity, attempts: change(opportunity.attempts) })
  await service.sql(
    `update lead_opportunities set first_call_attempts = $2, first_call_completed = $3,
       first_call_successful_attempt = $4, last_contact_attempt_at = $5, attempt_call_created_at = $6 where id = $1`,
    [
      opportunityId,
      changed.first_call_attempts,
      changed.first_call_completed,
      changed.first_call_successful_attempt,
      changed.last_contact_attempt_at,
      changed.attempt_call_created_at,
    ],
  )
}

/** What the API says of a scene, without what each change raises. */
export async function stateOf(service: TestService, { opportunityId, calls }: Scene): Promise<unknown> {
  const bodies = await Promise.all(
    [`opportunities/${opportunityId}`, ...calls.map((id) => `calls/${id}`)].map((path) =>
      service.request('GET', `/api/crm/${path}`),
    ),
  )
  return bodies.map(({ body: { revision: _, updated_at: __, ...body } }) => body)
}

/** The sum of all revisions: it grows with whatever is written. */
export async function revisions(service: TestService): Promise<number> {
  const [row] = await service.sql<{ sum: number }>(
    `select (select sum(revision) from calls)::int8 + (select sum(revision) from lead_opportunities)::int8 as sum`,
  )
  return row?.sum ?? 0
}

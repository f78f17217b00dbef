import { expect } from 'vitest'
import type { Model } from './model.ts'
import type { TestService } from './service.ts'

const time = (text: string | null): number | null => (text === null ? null : Date.parse(text))

/** Every call and opportunity is as the naive model says, which itself breaks no rule. */
export async function expectLikeModel(
  service: TestService,
  model: Model,
  { callIds, opportunityIds }: { callIds: readonly string[]; opportunityIds: readonly string[] },
): Promise<void> {
  for (const id of callIds) {
    const { status, body } = await service.request('GET', `/api/crm/calls/${id}`)
    const expected = model.call(id)
    const found =
      status === 404
        ? null
        : Object.fromEntries(
            Object.keys(expected ?? body).map((field) => [field, /_at$/.test(field) ? time(body[field]) : body[field]]),
          )
    expect(found).toEqual(expected)
  }
  for (const id of opportunityIds) {
    const { status, body } = await service.request('GET', `/api/crm/opportunities/${id}`)
    const expected = model.opportunity(id)
    if (status === 404) {
      expect(expected).toBeNull()
      continue
    }
    const attempts = Object.values(body.first_call_attempts as Record<string, { attempted_at: string }>)
    expect({
      id,
      contact_id: body.contact_id,
      status: body.status,
      created_at: time(body.created_at),
      attempts: attempts.map((attempt) => ({ ...attempt, attempted_at: time(attempt.attempted_at) })),
      first_call_completed: body.first_call_completed,
      first_call_successful_attempt: body.first_call_successful_attempt,
      last_contact_attempt_at: time(body.last_contact_attempt_at),
    }).toEqual(expected)
  }
  expect(model.violations()).toEqual([])
}

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

let database: TestDatabase
let service: TestService

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

type Fields = Record<string, unknown>

/** A contact of the test's own, who lives elsewhere (B18), with one opportunity. */
async function lead(fields: Fields = {}) {
  const contact_id = randomUUID()
  const opportunity = await makeOpportunity({ contact_id, ...fields })
  return { contactId: contact_id, opportunityId: opportunity.id as string }
}

async function makeOpportunity(fields: Fields) {
  const { status, body } = await service.request('POST', '/api/crm/opportunities', fields)
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

const outbound = (contactId: string, fields: Fields = {}): Fields => ({
  direction: 'outbound',
  entity_type: 'contacts',
  entity_id: contactId,
  ...fields,
})

async function post(fields: Fields) {
  const { status, body } = await service.request('POST', '/api/crm/calls', fields)
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

async function patch(id: string, fields: Fields) {
  const { status, body } = await service.request('PATCH', `/api/crm/calls/${id}`, fields)
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}

const getCall = async (id: string) => (await service.request('GET', `/api/crm/calls/${id}`)).body
const getOpportunity = async (id: string) => (await service.request('GET', `/api/crm/opportunities/${id}`)).body
const setStatus = (id: string, status: string) => service.request('PATCH', `/api/crm/opportunities/${id}`, { status })

const minute = (number: number): string => `2025-01-29T10:0${number}:00Z`

/** Each door brings a call to the same state; PUT and PATCH make it, unlinked and inbound, before. */
const doors: Record<string, (fields: Fields) => Promise<Fields & { id: string; attempt: Fields }>> = {
  POST: post,
  batch: async (fields) => {
    const { body } = await service.request('POST', '/api/crm/calls/batch', { calls: [fields] })
    expect(body.results[0].status).toBe(201)
    return body.results[0].call
  },
  PATCH: async (fields) => patch((await post({ direction: 'inbound' })).id, fields),
  PUT: async (fields) => {
    const { id } = await post({ direction: 'inbound' })
    return (await service.request('PUT', `/api/crm/calls/${id}`, fields)).body
  },
}

describe.each(Object.entries(doors))('the user’s seven cases by %s', (_, bring) => {
  it('1: a new call registers', async () => {
    const { contactId, opportunityId } = await lead()
    const call = await bring(
      outbound(contactId, { call_status: 'busy', started_at: minute(1), call_result: 'Ocupado' }),
    )
    expect(call.attempt).toEqual({ outcome: 'registered', opportunity_id: opportunityId, number: 1, status: 'orange' })
    const opportunity = await getOpportunity(opportunityId)
    expect(opportunity).toMatchObject({
      status: 'contacted',
      first_call_attempts: { 1: { status: 'orange', call_id: call.id, attempted_at: minute(1), notes: 'Ocupado' } },
      first_call_completed: false,
      first_call_successful_attempt: null,
      last_contact_attempt_at: minute(1),
    })
  })

  it('2: an updated call updates its attempt', async () => {
    const { contactId, opportunityId } = await lead()
    const { id } = await bring(outbound(contactId, { started_at: minute(1) }))
    await patch(id, { call_status: 'rejected', resumen_llamada: 'No le interesa' })
    expect((await getOpportunity(opportunityId)).first_call_attempts).toEqual({
      1: { status: 'red', call_id: id, attempted_at: minute(1), notes: 'No le interesa' },
    })
  })

  it('3: an inbound call registers nothing', async () => {
    const { contactId, opportunityId } = await lead()
    const call = await bring(outbound(contactId, { direction: 'inbound', call_status: 'answered' }))
    expect(call.attempt).toEqual({ outcome: 'not_outbound', opportunity_id: null, number: null, status: null })
    expect((await getOpportunity(opportunityId)).first_call_attempts).toEqual({})
  })

  it('4: a sixth call registers nothing', async () => {
    const { contactId, opportunityId } = await lead()
    for (let number = 1; number <= 5; number++) {
      const { attempt } = await bring(outbound(contactId, { started_at: minute(number) }))
      expect(attempt.number).toBe(number)
    }
    const sixth = await bring(outbound(contactId, { started_at: minute(6), call_status: 'answered' }))
    expect(sixth.attempt).toEqual({
      outcome: 'limit_reached',
      opportunity_id: opportunityId,
      number: null,
      status: null,
    })
    expect(Object.keys((await getOpportunity(opportunityId)).first_call_attempts)).toEqual(['1', '2', '3', '4', '5'])
  })

  it('5 and 6: green completes, and a completed opportunity takes no more', async () => {
    const { contactId, opportunityId } = await lead({ status: 'assigned' })
    await bring(outbound(contactId, { call_status: 'no_answer', started_at: minute(1) }))
    await bring(outbound(contactId, { call_status: ' Completed ', started_at: minute(2) }))
    const third = await bring(outbound(contactId, { call_status: 'busy', started_at: minute(3) }))
    expect(third.attempt).toMatchObject({ outcome: 'first_call_completed', opportunity_id: opportunityId })
    expect(await getOpportunity(opportunityId)).toMatchObject({
      status: 'assigned',
      first_call_completed: true,
      first_call_successful_attempt: 2,
      last_contact_attempt_at: minute(2),
    })
  })

  it('7: several calls are numbered in the order of their times, not of their arrival', async () => {
    const { contactId, opportunityId } = await lead()
    const ids: Record<number, unknown> = {}
    for (const number of [4, 1, 5, 3, 2])
      ids[number] = (await bring(outbound(contactId, { started_at: minute(number) }))).id
    const { first_call_attempts } = await getOpportunity(opportunityId)
    for (let number = 1; number <= 5; number++) expect(first_call_attempts[number].call_id).toBe(ids[number])
  })
})

describe('the rules by name', () => {
  it('A2: of several open opportunities the newest takes the call', async () => {
    const { contactId } = await lead({ created_at: '2025-01-01T00:00:00Z' })
    const newest = await makeOpportunity({ contact_id: contactId, created_at: '2025-01-03T00:00:00Z' })
    await makeOpportunity({ contact_id: contactId, created_at: '2025-01-02T00:00:00Z' })
    expect((await post(outbound(contactId))).attempt.opportunity_id).toBe(newest.id)
  })

  it('A4: clearing a call’s notes leaves the attempt’s', async () => {
    const { contactId, opportunityId } = await lead()
    const { id } = await post(outbound(contactId, { call_result: 'Llamar mañana' }))
    await patch(id, { call_result: null })
    expect((await getOpportunity(opportunityId)).first_call_attempts[1].notes).toBe('Llamar mañana')
  })

  it('A8: a status that a person sets stays until the next new attempt', async () => {
    const { contactId, opportunityId } = await lead()
    const { id } = await post(outbound(contactId))
    await setStatus(opportunityId, 'pending')
    await patch(id, { call_status: 'busy', call_result: 'x' })
    expect((await getOpportunity(opportunityId)).status).toBe('pending')
    await post(outbound(contactId))
    expect((await getOpportunity(opportunityId)).status).toBe('contacted')
  })

  it('A12: a fraction is kept to milliseconds and only where it is not zero', async () => {
    const { contactId, opportunityId } = await lead()
    await post(outbound(contactId, { started_at: '2025-01-29T11:00:00.1239+01:00' }))
    await post(outbound(contactId, { started_at: '2025-01-29T11:00:01.000+01:00' }))
    const { first_call_attempts } = await getOpportunity(opportunityId)
    expect(first_call_attempts[1].attempted_at).toBe('2025-01-29T10:00:00.123Z')
    expect(first_call_attempts[2].attempted_at).toBe('2025-01-29T10:00:01Z')
  })

  it('B1: a completion ticked in an older system is kept without a green attempt', async () => {
    const { contactId, opportunityId } = await lead({ first_call_completed: true })
    expect((await post(outbound(contactId))).attempt.outcome).toBe('first_call_completed')
    expect(await getOpportunity(opportunityId)).toMatchObject({
      first_call_completed: true,
      first_call_successful_attempt: null,
      first_call_attempts: {},
    })
  })

  it('B2: an attempt is updated where it is registered, though that opportunity is closed', async () => {
    const { contactId, opportunityId } = await lead()
    const { id } = await post(outbound(contactId, { call_status: 'answered' }))
    await setStatus(opportunityId, 'won')
    await makeOpportunity({ contact_id: contactId })
    const call = await patch(id, { resumen_llamada: 'Todo claro' })
    expect(call.attempt).toEqual({ outcome: 'registered', opportunity_id: opportunityId, number: 1, status: 'green' })
    expect((await getOpportunity(opportunityId)).first_call_attempts[1].notes).toBe('Todo claro')
  })

  it('B3 and B6: a correction reopens, and the calls turned away take their places', async () => {
    const { contactId, opportunityId } = await lead()
    const green = await post(outbound(contactId, { call_status: 'answered', started_at: minute(3) }))
    const later = await post(outbound(contactId, { started_at: minute(4) }))
    const earlier = await post(outbound(contactId, { started_at: minute(2) }))
    expect(earlier.attempt.outcome).toBe('first_call_completed')
    await patch(green.id, { call_status: 'no_answer' })
    expect(await getOpportunity(opportunityId)).toMatchObject({
      first_call_completed: false,
      first_call_successful_attempt: null,
    })
    expect((await getCall(earlier.id)).attempt).toMatchObject({ outcome: 'registered', number: 1 })
    expect((await getCall(green.id)).attempt).toMatchObject({ number: 2 })
    expect((await getCall(later.id)).attempt).toMatchObject({ outcome: 'registered', number: 3 })
  })

  it('B4: five calls get the same numbers in every order of arrival', async () => {
    const orders = permutations([1, 2, 3, 4, 5])
    expect(orders).toHaveLength(120)
    await Promise.all(
      orders.map(async (order) => {
        const { contactId, opportunityId } = await lead()
        for (const number of order)
          await post(outbound(contactId, { started_at: minute(number), call_result: `${number}` }))
        const { first_call_attempts } = await getOpportunity(opportunityId)
        expect(Object.values(first_call_attempts as Record<string, Fields>).map(({ notes }) => notes)).toEqual([
          '1',
          '2',
          '3',
          '4',
          '5',
        ])
      }),
    )
  })

  it('B5: a deleted call gives its attempt back, and stays deleted', async () => {
    const { contactId, opportunityId } = await lead()
    const key = { provider: 'pbx', provider_call_id: randomUUID() }
    const first = await post(outbound(contactId, { started_at: minute(1), ...key }))
    const second = await post(outbound(contactId, { started_at: minute(2) }))
    expect((await service.request('DELETE', `/api/crm/calls/${first.id}`)).status).toBe(204)
    expect((await getCall(second.id)).attempt.number).toBe(1)
    expect(await getOpportunity(opportunityId)).toMatchObject({
      status: 'contacted',
      last_contact_attempt_at: minute(2),
    })
    for (const again of [{ id: first.id }, key, { id: first.id, ...key }]) {
      expect((await service.request('POST', '/api/crm/calls', outbound(contactId, again))).status).toBe(409)
    }
    expect((await service.request('GET', `/api/crm/calls/${first.id}`)).status).toBe(404)
  })

  it('B5: a moved call leaves one contact and registers at the other', async () => {
    const from = await lead()
    const to = await lead()
    const { id } = await post(outbound(from.contactId))
    const moved = await patch(id, { entity_id: to.contactId })
    expect(moved.attempt).toMatchObject({ outcome: 'registered', opportunity_id: to.opportunityId, number: 1 })
    expect((await getOpportunity(from.opportunityId)).first_call_attempts).toEqual({})
  })

  it('B6: a freed number goes to the call that was turned away first', async () => {
    const { contactId, opportunityId } = await lead()
    const calls = []
    for (let number = 1; number <= 7; number++)
      calls.push(await post(outbound(contactId, { started_at: minute(number) })))
    await service.request('DELETE', `/api/crm/calls/${calls[2].id}`)
    expect((await getCall(calls[5].id)).attempt).toMatchObject({ outcome: 'registered', number: 5 })
    expect((await getCall(calls[6].id)).attempt).toMatchObject({
      outcome: 'limit_reached',
      opportunity_id: opportunityId,
    })
  })

  it('B7: a foreign attempt counts, and becomes the call’s that is made later', async () => {
    const callId = randomUUID()
    const { contactId, opportunityId } = await lead({
      first_call_attempts: {
        1: { status: 'orange', call_id: callId.toUpperCase(), attempted_at: '2025-01-29T10:01:00', notes: 'a mano' },
      },
    })
    const { attempt } = await post(outbound(contactId, { started_at: minute(2) }))
    expect(attempt.number).toBe(2)
    const call = await post(outbound(contactId, { id: callId, call_status: 'rejected', started_at: minute(3) }))
    expect(call.attempt).toEqual({ outcome: 'registered', opportunity_id: opportunityId, number: 2, status: 'red' })
    const { first_call_attempts } = await getOpportunity(opportunityId)
    expect(first_call_attempts[2]).toEqual({ status: 'red', call_id: callId, attempted_at: minute(3), notes: 'a mano' })
    expect(await service.sql('select from foreign_attempts where opportunity_id = $1', [opportunityId])).toHaveLength(0)
  })

  it.each([
    ['more than five', Object.fromEntries([1, 2, 3, 4, 5, 6].map((number) => [number, older(`${number}`)])), {}],
    ['one call twice', { 1: older('same'), 2: older('same') }, {}],
    ['not completed beside a green one', { 1: older('green', 'green') }, { first_call_completed: false }],
  ])('B7: refuses %s', async (_, first_call_attempts, fields) => {
    const { status, body } = await service.request('POST', '/api/crm/opportunities', {
      contact_id: randomUUID(),
      first_call_attempts,
      ...fields,
    })
    expect(status).toBe(422)
    expect(body.errors.length).toBeGreaterThan(0)
  })

  it('B7: a call_id that another opportunity holds is refused, also when both come at once', async () => {
    const attempts = { first_call_attempts: { 1: older(randomUUID()) } }
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        service.request('POST', '/api/crm/opportunities', { contact_id: randomUUID(), ...attempts }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(422)])
  })

  it('B8 and B18: every call says what became of it', async () => {
    const { contactId, opportunityId } = await lead({ status: 'lost' })
    const outcomes = [
      outbound(contactId, { direction: 'internal' }),
      outbound(contactId, { entity_type: 'companies' }),
      outbound(randomUUID()),
      outbound(contactId),
    ].map(async (fields) => (await post(fields)).attempt.outcome)
    expect(await Promise.all(outcomes)).toEqual([
      'not_outbound',
      'not_a_contact',
      'unknown_contact',
      'no_open_opportunity',
    ])
    expect((await getOpportunity(opportunityId)).revision).toBe(1)
  })

  it('B10 and B11: a repeated report with empty fields keeps what is there', async () => {
    const { contactId, opportunityId } = await lead()
    const key = { provider: 'pbx', provider_call_id: randomUUID() }
    const call = await post(outbound(contactId, { ...key, call_status: 'busy', call_result: 'ocupado' }))
    const again = await service.request('POST', '/api/crm/calls', {
      direction: 'outbound',
      ...key,
      call_result: null,
      call_status: 'answered',
    })
    expect(again.status).toBe(200)
    expect(again.body).toMatchObject({
      id: call.id,
      call_result: 'ocupado',
      call_status: 'answered',
      entity_id: contactId,
    })
    expect(again.body.attempt).toEqual({
      outcome: 'registered',
      opportunity_id: opportunityId,
      number: 1,
      status: 'green',
    })
  })

  it('B12: a provider’s call is one call, reported fifty times at once', async () => {
    const { contactId, opportunityId } = await lead()
    const report = outbound(contactId, { provider: 'pbx', provider_call_id: randomUUID() })
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => service.request('POST', '/api/crm/calls', report)),
    )
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(Object.keys((await getOpportunity(opportunityId)).first_call_attempts)).toEqual(['1'])
  })

  it('B13: a call in flight is an orange attempt until its result arrives', async () => {
    const { contactId } = await lead()
    const call = await post(outbound(contactId, { started_at: minute(1) }))
    expect(call.attempt.status).toBe('orange')
    expect((await patch(call.id, { call_status: 'answered' })).attempt.status).toBe('green')
  })

  it('B14: turning a call away raises the opportunity’s revision, once', async () => {
    const { contactId, opportunityId } = await lead({ first_call_completed: true })
    const before = (await getOpportunity(opportunityId)).revision
    const call = await post(outbound(contactId))
    expect((await getOpportunity(opportunityId)).revision).toBe(before + 1)
    const again = await patch(call.id, {})
    expect(again).toEqual(call)
    expect((await getOpportunity(opportunityId)).revision).toBe(before + 1)
  })

  it('B16: a call from before its opportunity registers when it is updated, even with nothing', async () => {
    const contactId = randomUUID()
    const call = await post(outbound(contactId))
    const opportunity = await makeOpportunity({ contact_id: contactId })
    expect((await getCall(call.id)).attempt.outcome).toBe('unknown_contact')
    expect((await patch(call.id, {})).attempt).toMatchObject({ outcome: 'registered', opportunity_id: opportunity.id })
  })
})

function older(callId: string, status = 'orange'): Fields {
  return { status, call_id: callId, attempted_at: minute(1), notes: null }
}

function permutations(values: readonly number[]): number[][] {
  if (values.length === 0) return [[]]
  return values.flatMap((value) =>
    permutations(values.filter((other) => other !== value)).map((rest) => [value, ...rest]),
  )
}

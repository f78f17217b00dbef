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

describe.each(['POST', 'PATCH', 'PUT', 'batch'] as const)('the user’s seven cases by %s', (door) => {
  it('smoke', async () => {
    const contactId = randomUUID()
    const opportunity = await service.request('POST', '/api/crm/opportunities', { contact_id: contactId })
    expect(opportunity.status).toBe(201)
    const call = await service.request('POST', '/api/crm/calls', { direction: 'outbound', entity_type: 'contacts', entity_id: contactId })
    expect(call.status).toBe(201)
    expect(call.body.attempt).toEqual({ outcome: 'registered', opportunity_id: opportunity.body.id, number: 1, status: 'orange' })
    expect(door).toBeTruthy()
  })
})

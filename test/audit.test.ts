import { afterAll, beforeAll, it } from 'vitest'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { callTo, newLead, post } from './stage.ts'

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

it('try', async () => {
  const lead = await newLead(service)
  const { body } = await post(service, callTo(lead, { phone_number: '+34600111222', resumen_llamada: 'No contesta' }))
  await service.request('PATCH', `/api/crm/calls/${body.id}`, { call_status: 'answered', phone_number: null })
  console.log(
    await service.sql('select * from audit order by id'),
    await service.sql('select * from audit_values order by audit_id'),
  )
})

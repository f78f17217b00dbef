import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { invited, openBrowser, PASSWORD, totp } from './people.ts'
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

it('log in', async () => {
  const ana = await invited(service, { email: 'ana@example.com', role: 'manager' })
  const browser = openBrowser(service.app)
  const answer = await browser.post('/api/auth/sign-in/email', { email: 'Ana@example.com', password: PASSWORD })
  console.log(answer)
  console.log(await browser.get('/api/me'), ana)
  const e = await browser.post('/api/auth/two-factor/enable', { password: PASSWORD })
  console.log(e)
  console.log(await browser.post('/api/auth/two-factor/verify-totp', { code: totp(e.body.totp_uri) }))
  console.log(await browser.get('/api/me'))
  console.log(await browser.post('/api/auth/sign-out'))
  console.log(await browser.get('/api/me'))
})

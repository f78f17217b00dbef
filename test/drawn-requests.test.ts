import { randomUUID } from 'node:crypto'
import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { createDrawing, type Description, type DrawnRequest, type Json } from './drawn-requests.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'
import { createRandom } from './zadarma/random.ts'
import { startZadarmaServer, type ZadarmaServer } from './zadarma-server.ts'

/* S4: whatever is asked, no answer blames the service, and each is one that the description knows. */

const REQUESTS = Number(process.env.S4_REQUESTS ?? 500)
const SEED = Number(process.env.S4_SEED ?? 4)
const AT_ONCE = 8

let database: TestDatabase
let service: TestService
let zadarma: ZadarmaServer

beforeAll(async () => {
  database = await createTestDatabase()
  zadarma = await startZadarmaServer({ key: 'test-key', secret: 'test-secret', zone: 'Europe/Madrid' })
  service = await createTestService({ ...database, zadarma: { apiUrl: zadarma.url } })
})

afterAll(async () => {
  await service.close()
  await zadarma.close()
  await database.drop()
})

const LEAK =
  /node_modules|\\n +at |at [\w.]+ \(|\.[jt]s:\d|\bselect .+ from\b|insert into|ZodError|FST_ERR|SQLSTATE|violates|\/(src|work|home|tmp|dev|root)\//i
/** What was sent may come back: it is no word of the service. */
const withoutSent = (text: string, { url, payload = '' }: DrawnRequest): string =>
  [...`${payload}${decodeURIComponent(url)}`.matchAll(/[^\s"&=]{6,}/g)].reduce(
    (rest, [sent]) => rest.replaceAll(sent, ''),
    text,
  )

/** A schema with what it refers to written out, which zod can read. */
function inlined(schema: unknown, description: Description): unknown {
  if (Array.isArray(schema)) return schema.map((item) => inlined(item, description))
  if (typeof schema !== 'object' || schema === null) return schema
  const { $ref } = schema as Json
  if (typeof $ref === 'string')
    return inlined(description.components.schemas[$ref.split('/').at(-1) ?? ''], description)
  return Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, inlined(part, description)]))
}

interface Answered {
  content?: Record<string, { schema: Json }>
  $ref?: string
}

function answersOf(description: Description) {
  const known = new Map<string, Map<string, z.ZodType>>()
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      for (const [status, given] of Object.entries(responses as Record<string, Answered>)) {
        const answer =
          given.$ref === undefined
            ? given
            : (description.components.responses[given.$ref.split('/').at(-1) ?? ''] as Answered)
        const types = Object.entries(answer.content ?? {}).map(([type, { schema }]) => {
          const whole = inlined(schema, description)
          return [type, z.fromJSONSchema(whole as Parameters<typeof z.fromJSONSchema>[0])] as const
        })
        known.set(`${method.toUpperCase()} ${path} ${status}`, new Map(types))
      }
    }
  }
  return known
}

/** What is wrong with an answer; null where nothing is. */
function faultOf(
  request: DrawnRequest & { path: string },
  { statusCode, headers, body }: { statusCode: number; headers: Record<string, unknown>; body: string },
  known: ReturnType<typeof answersOf>,
): string | null {
  if (statusCode >= 500) return 'is the fault of the service'
  const types = known.get(`${request.method} ${request.path} ${statusCode}`)
  if (types === undefined) return 'is not in the description'
  if (LEAK.test(withoutSent(body, request))) return 'says how the service is made'
  if (headers['x-content-type-options'] !== 'nosniff') return 'lets itself be taken for something else'
  const type = String(headers['content-type'] ?? '').split(';')[0] ?? ''
  if (body === '') return types.size === 0 || request.method === 'HEAD' ? null : 'is empty'
  const schema = types.get(type)
  if (schema === undefined) return `has the type ${type}, which is not in the description`
  if (!type.endsWith('json')) return null
  const { error } = schema.safeParse(JSON.parse(body))
  return error === undefined ? null : `has another form: ${error.message}`
}

it(`${REQUESTS} requests drawn from the description with the seed ${SEED} are answered by it`, async () => {
  const random = createRandom(SEED)
  const description = service.app.swagger() as unknown as Description
  const [contactId, opportunityId, callId] = [randomUUID(), randomUUID(), randomUUID()]
  await service.request('POST', '/api/crm/contacts', { id: contactId, name: 'Ana', phones: ['612345678'] })
  await service.request('POST', '/api/crm/opportunities', { id: opportunityId, contact_id: contactId })
  const call = { id: callId, direction: 'outbound', entity_type: 'contacts', entity_id: contactId }
  await service.request('POST', '/api/crm/calls', call)
  const ids = [contactId, opportunityId, callId, '00000000-0000-4000-8000-000000000000']
  const draw = createDrawing(random, description, ids)
  const known = answersOf(description)
  const faults: unknown[] = []
  const seen = new Map<number, number>()
  for (let asked = 0; asked < REQUESTS; asked += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        const { path, ...request } = draw()
        const headers = { authorization: `Bearer ${KEY}`, ...request.headers }
        const answer = await service.app.inject({ ...request, headers } as InjectOptions)
        seen.set(answer.statusCode, (seen.get(answer.statusCode) ?? 0) + 1)
        const fault = faultOf({ ...request, path }, answer, known)
        if (fault !== null)
          faults.push({ fault, ...request, status: answer.statusCode, body: answer.body.slice(0, 500) })
      }),
    )
  }
  if (process.env.S4_REQUESTS !== undefined) console.log(Object.fromEntries([...seen].sort()))
  expect(faults).toEqual([])
  // The control: they get far enough to be answered in many ways, and a drawn answer that is none is found.
  for (const status of [200, 201, 400, 404, 415, 422]) expect(seen.get(status) ?? 0, `${status}`).toBeGreaterThan(0)
  const wrong = { path: '/api/crm/calls/{id}', method: 'GET', url: '/api/crm/calls/x', headers: {} }
  const headers = { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' }
  for (const [statusCode, body] of [
    [500, '{}'],
    [302, '{}'],
    [200, '{}'],
    [200, '{"id": "at f (/src/x.ts:1:2)"}'],
  ] as const) {
    expect(faultOf(wrong, { statusCode, headers, body }, known)).not.toBeNull()
  }
})

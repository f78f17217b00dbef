import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { describeApi } from './description.ts'

it('openapi.json is what the schemas that validate say; `npm run openapi` writes it', async () => {
  const committed = await readFile(path.resolve(import.meta.dirname, '../openapi.json'), 'utf8')
  expect(await describeApi()).toBe(committed)
})

it('the description is OpenAPI 3.1 and knows every address of the API', async () => {
  const { openapi, paths } = JSON.parse(await describeApi())
  expect(openapi).toMatch(/^3\.1\./)
  expect(Object.entries(paths).map(([path, methods]) => `${path} ${Object.keys(methods as object).sort()}`)).toEqual([
    '/healthz get',
    '/readyz get',
    '/metrics get',
    '/api/crm/contacts get,post',
    '/api/crm/contacts/{id} delete,get,patch',
    '/api/crm/contacts/{id}/export get',
    '/api/crm/opportunities get,post',
    '/api/crm/opportunities/count get',
    '/api/crm/opportunities/{id} delete,get,patch',
    '/api/crm/calls get,post',
    '/api/crm/calls/batch post',
    '/api/crm/calls/{id} delete,get,patch,put',
    '/api/crm/calls/{id}/recording get',
    '/api/crm/calls/{id}/recordings/{recording_id} get',
    '/api/crm/calls/dial post',
    '/api/crm/calls/dial/{request_id} get',
    '/api/crm/queue get',
    '/api/crm/queue/claim post',
    '/api/crm/queue/claim/{opportunity_id} delete',
    '/api/crm/settings get',
    '/api/crm/sync post',
    '/api/crm/sync/{id} get',
    '/api/crm/review get',
    '/api/crm/review/{id} post',
    '/api/crm/review/{id}/recordings/{recording_id} get',
    '/api/crm/coverage get',
    '/api/crm/coverage/contradictions get',
    '/api/crm/calls/{id}/history get',
    '/api/crm/contacts/{id}/history get',
    '/api/crm/opportunities/{id}/history get',
    '/api/crm/people get',
    '/api/crm/state get',
    '/api/recordings/email post',
    '/api/admin/keys get,post',
    '/api/admin/keys/{id} delete',
    '/api/admin/audit get',
    '/api/admin/users get,post',
    '/api/admin/users/{id} get,patch',
    '/api/admin/users/{id}/reset post',
    '/api/admin/checks/zadarma post',
    '/api/admin/checks/mailbox post',
    '/api/me get',
    '/api/events get',
    '/api/auth/change-password post',
    '/api/auth/two-factor/enable post',
    '/api/auth/two-factor/disable post',
    '/api/auth/two-factor/generate-backup-codes post',
    '/api/auth/sign-in/email post',
    '/api/auth/two-factor/verify-totp post',
    '/api/auth/two-factor/verify-backup-code post',
    '/api/auth/sign-out post',
    '/api/auth/accept post',
  ])
})

// Parsed once: it is only looked at.
const description = JSON.parse(await describeApi())

interface Operation {
  parameters?: { in: string; name: string }[]
  requestBody?: { content: object }
  responses: Record<string, { $ref?: string; description?: string; headers?: object; content?: object }>
}

const operations = Object.entries(description.paths as Record<string, Record<string, Operation>>).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
)

const followed = (answer: Operation['responses'][string]) =>
  answer.$ref === undefined ? answer : description.components.responses[answer.$ref.split('/').at(-1) ?? '']

describe('the description', () => {
  it('is valid', async () => {
    expect(await new Validator().validate(structuredClone(description))).toEqual({ valid: true })
  })

  it('has no component that nothing refers to, and refers to none that is not there', () => {
    const named = new Set(JSON.stringify(description).match(/#\/components\/(schemas|responses)\/\w+/g))
    const there = ['schemas', 'responses'].flatMap((kind) =>
      Object.keys(description.components[kind]).map((name) => `#/components/${kind}/${name}`),
    )
    expect([...named].sort()).toEqual(there.sort())
  })

  const crud = [400, 401, 404, 422, 429, 500, 503]
  const body = [413, 415]
  const ofPerson = [400, 401, 403, 413, 415, 422, 429, 500, 503]
  const statuses: Record<string, number[]> = {
    'GET /healthz': [200],
    'GET /readyz': [200, 503],
    'GET /metrics': [200, 401, 429, 500, 503],
    'POST /api/crm/calls/batch': [200, 400, 401, 403, 409, ...body, 422, 429, 500, 503],
    'GET /api/crm/calls/dial/{request_id}': [200, ...crud],
    'GET /api/crm/queue': [200, 401, 403, 422, 429, 500, 503],
    // The same claim again renews it.
    'POST /api/crm/queue/claim': [200, 403, 409, ...crud, ...body],
    'DELETE /api/crm/queue/claim/{opportunity_id}': [204, 403, ...crud, ...body],
    'GET /api/crm/settings': [200, 401, 422, 429, 500, 503],
    'POST /api/crm/calls/dial': [202, 400, 401, 403, 404, 409, 410, ...body, 422, 429, 500, 502, 503],
    'PUT /api/crm/calls/{id}': [200, 403, 410, 412, ...crud, ...body],
    'DELETE /api/crm/calls/{id}': [204, 403, 412, ...crud, ...body],
    'DELETE /api/crm/contacts/{id}': [204, 403, 409, 410, 412, ...crud, ...body],
    'DELETE /api/crm/opportunities/{id}': [204, 403, 409, 412, ...crud, ...body],
    'GET /api/crm/contacts/{id}/export': [200, 403, 410, ...crud],
    // Asked again, it finds nothing to do.
    'POST /api/crm/sync': [202, 400, 401, 403, ...body, 422, 429, 500, 503],
    'GET /api/crm/sync/{id}': [200, 403, ...crud],
    'GET /api/crm/review': [200, 401, 422, 429, 500, 503],
    'GET /api/crm/coverage': [200, 401, 403, 422, 429, 500, 503],
    'GET /api/crm/coverage/contradictions': [200, 401, 403, 422, 429, 500, 503],
    // The same answer again is a success of itself: it needs no Idempotency-Key.
    'POST /api/crm/review/{id}': [200, 403, 409, ...crud, ...body],
    // The same message again is a success of itself.
    'POST /api/recordings/email': [202, 400, 401, 403, ...body, 422, 429, 500, 503],
    'POST /api/crm/calls': [200, 201, 400, 401, 403, 404, 409, ...body, 422, 429, 500, 503],
    'GET /api/crm/calls/{id}/history': [200, ...crud],
    'GET /api/crm/contacts/{id}/history': [200, ...crud],
    'GET /api/crm/opportunities/{id}/history': [200, ...crud],
    'GET /api/crm/opportunities/count': [200, 401, 422, 429, 500, 503],
    'GET /api/crm/people': [200, 401, 422, 429, 500, 503],
    'GET /api/admin/audit': [200, 401, 403, 422, 429, 500, 503],
    'GET /api/admin/keys': [200, 401, 403, 422, 429, 500, 503],
    'POST /api/admin/keys': [201, 400, 401, 403, ...body, 422, 429, 500, 503],
    'DELETE /api/admin/keys/{id}': [204, 403, ...crud, ...body],
    'GET /api/crm/calls/{id}/recording': [200, 206, 304, 416, ...crud],
    'GET /api/crm/calls/{id}/recordings/{recording_id}': [200, 206, 304, 416, ...crud],
    'GET /api/crm/review/{id}/recordings/{recording_id}': [200, 206, 304, 416, ...crud],
    'GET /api/admin/users': [200, 401, 403, 422, 429, 500, 503],
    'POST /api/admin/users': [201, 400, 401, 403, 409, ...body, 422, 429, 500, 503],
    'GET /api/admin/users/{id}': [200, 403, ...crud],
    'PATCH /api/admin/users/{id}': [200, 403, 409, ...crud, ...body],
    'POST /api/admin/users/{id}/reset': [200, 403, 409, ...crud, ...body],
    'GET /api/crm/state': [200, 401, 403, 422, 429, 500, 503],
    'POST /api/admin/checks/zadarma': [200, ...ofPerson],
    'POST /api/admin/checks/mailbox': [200, ...ofPerson],
    'GET /api/events': [200, 401, 422, 429, 500, 503],
    'GET /api/me': [200, 401, 422, 429, 500, 503],
    'POST /api/auth/change-password': [204, ...ofPerson, 409],
    'POST /api/auth/two-factor/enable': [200, ...ofPerson, 409],
    'POST /api/auth/two-factor/disable': [204, ...ofPerson, 409],
    'POST /api/auth/two-factor/generate-backup-codes': [200, ...ofPerson, 409],
    'POST /api/auth/sign-in/email': [200, ...ofPerson],
    'POST /api/auth/two-factor/verify-totp': [204, ...ofPerson],
    'POST /api/auth/two-factor/verify-backup-code': [204, ...ofPerson],
    'POST /api/auth/sign-out': [204, 400, 403, ...body, 422, 429, 500, 503],
    'POST /api/auth/accept': [204, 400, 403, ...body, 422, 429, 500, 503],
    ...Object.fromEntries(
      ['contacts', 'opportunities', 'calls'].flatMap((name) => [
        [`GET /api/crm/${name}`, [200, 401, 422, 429, 500, 503]],
        [`GET /api/crm/${name}/{id}`, [200, ...(name === 'contacts' ? [410] : []), ...crud]],
        [`PATCH /api/crm/${name}/{id}`, [200, 403, 410, 412, ...crud, ...body]],
        ...(name === 'calls'
          ? []
          : [[`POST /api/crm/${name}`, [201, 400, 401, 403, 404, 409, ...body, 422, 429, 500, 503]]]),
      ]),
    ),
  }

  it.each(operations)('of %s has each of its answers, with what it means', (name, { responses }) => {
    expect(Object.keys(responses).map(Number)).toEqual(statuses[name]?.sort((a, b) => a - b))
    for (const [status, answer] of Object.entries(responses)) {
      const { description: text, content = {}, headers = {} } = followed(answer)
      expect(text).toMatch(/\.$/)
      if (Number(status) >= 400) expect(Object.keys(content)).toEqual(['application/problem+json'])
      expect(Object.keys(headers).includes('Retry-After')).toBe(['429', '503'].includes(status))
      expect(Object.keys(headers).includes('WWW-Authenticate')).toBe(status === '401')
      expect(Object.keys(headers).includes('Location')).toBe(
        status === '201' || (name === 'POST /api/crm/sync' && status === '202'),
      )
      const isRow = JSON.stringify(content).includes('"schema":{"$ref"') && Number(status) < 300
      expect(Object.keys(headers).includes('ETag')).toBe(isRow)
    }
  })

  it.each(operations)('of %s has the headers that it reads', (name, { parameters = [] }) => {
    const headers = parameters.filter((parameter) => parameter.in === 'header').map((parameter) => parameter.name)
    const [method = ''] = name.split(' ')
    // A key or a link that was kept for a repeated request could be read by whoever reads the database.
    const takesNone =
      ['POST /api/crm/review/{id}', 'POST /api/recordings/email', 'POST /api/crm/sync'].includes(name) ||
      /^\w+ \/api\/(admin|auth|crm\/queue)\//.test(name)
    const expected = takesNone ? [] : ({ POST: ['Idempotency-Key'], GET: [] }[method] ?? ['If-Match'])
    expect(headers).toEqual(expected)
  })

  it('tells what is taken where something is left out, and the calls of a batch as calls', () => {
    const { NewContact, NewOpportunity, CallBatch } = description.components.schemas
    const defaultsOf = ({ properties }: { properties: Record<string, { default?: unknown }> }) =>
      Object.fromEntries(
        Object.entries(properties).flatMap(([field, schema]) => ('default' in schema ? [[field, schema.default]] : [])),
      )
    expect(defaultsOf(NewContact)).toEqual({ phones: [], email: null, timezone: null, opt_out: false })
    expect(defaultsOf(NewOpportunity)).toEqual({ status: 'pending', first_call_attempts: {} })
    expect(CallBatch.properties.calls.items).toEqual({ $ref: '#/components/schemas/NewCall' })
    for (const name of ['contacts', 'opportunities', 'calls']) {
      const { parameters } = description.paths[`/api/crm/${name}`].get
      const limit = parameters.find((parameter: { name: string }) => parameter.name === 'limit')
      expect(limit.schema).toEqual({ type: 'integer', minimum: 1, maximum: 200, default: 50 })
    }
    const attempt = NewOpportunity.properties.first_call_attempts.additionalProperties
    expect(attempt.properties.attempted_at).not.toHaveProperty('format')
  })
})

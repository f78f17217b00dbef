import { randomUUID } from 'node:crypto'
import net from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'

/* S1: addresses, methods and headers by which somebody tries to come around the key, written as no client would. */

let database: TestDatabase
let service: TestService
let port: number

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
  await service.app.listen({ host: '127.0.0.1', port: 0 })
  port = (service.app.server.address() as net.AddressInfo).port
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

const CALLS = '/api/crm/calls'
const authorization = `Bearer ${KEY}`
/** What is answered to a request as it is written, which no client would. */
async function write(head: string, body = ''): Promise<string> {
  const socket = net.connect(port, '127.0.0.1', () =>
    socket.write(`${head}\r\nconnection: close\r\n\r\n${body}`, 'latin1'),
  )
  let answer = ''
  for await (const chunk of socket) answer += chunk
  return answer
}
const statusOf = async (head: string) => Number(/^HTTP\/1\.1 (\d+) /.exec(await write(head))?.[1])

it.each([
  ['/api/crm/../admin/keys', 401, 404],
  ['/api/crm/%2e%2e/admin/keys', 401, 404],
  ['/api/auth/../admin/keys', 404, 404],
  ['/api/zadarma/webhook/%2e%2e%2f%2e%2e%2fadmin%2fkeys', 404, 404],
  ['//api/admin/keys', 404, 404],
  ['/api//admin/keys', 404, 404],
  ['/API/admin/keys', 404, 404],
  ['/api/admin/keys/', 401, 405],
  ['/api/admin/keys;x', 401, 404],
  ['/api/admin/keys%00', 401, 404],
  ['/api/admin%2fkeys', 404, 404],
  ['/%61pi/admin/keys', 401, 200],
  ['http://elsewhere.example/api/admin/keys', 401, 200],
  ['/docs/static/../../package.json', 404, 404],
  ['/docs/static/%2e%2e/%2e%2e/package.json', 404, 404],
  ['/docs/static/..%2f..%2fpackage.json', 404, 404],
  ['/docs/static/nothing.js', 404, 404],
  ['/healthz/../metrics', 404, 404],
  ['/.env', 404, 404],
])('%s leads to nothing that its plain address would not', async (address, forNobody, forAdmin) => {
  const head = `GET ${address} HTTP/1.1\r\nhost: 127.0.0.1`
  expect(await statusOf(head)).toBe(forNobody)
  expect(await statusOf(`${head}\r\nauthorization: ${authorization}`)).toBe(forAdmin)
})

it('two hosts are refused, and one whose name is only said is one', async () => {
  const head = `GET ${CALLS} HTTP/1.1\r\nauthorization: ${authorization}\r\n`
  for (const second of ['127.0.0.1', 'evil.example']) {
    expect(await statusOf(`${head}host: 127.0.0.1\r\nHOST: ${second}`)).toBe(400)
    expect(await statusOf(`GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: ${second}`)).toBe(400)
  }
  expect(await statusOf(`${head}host: host`)).toBe(200)
  expect(await statusOf(`${head}host: x\r\naccess-control-request-headers: authorization`)).toBe(200)
})

it('no header says which address or method is meant, and TRACE tells nothing', async () => {
  const head = `host: 127.0.0.1\r\nauthorization: ${authorization}\r\n`
  for (const other of ['x-original-url: /api/admin/keys', 'x-http-method-override: POST', 'x-rewrite-url: /metrics']) {
    expect(await write(`GET ${CALLS} HTTP/1.1\r\n${head}${other}`)).toContain('{"data":[')
  }
  const traced = await write(`TRACE ${CALLS} HTTP/1.1\r\n${head}x-planted: planted`)
  expect(traced).toMatch(/^HTTP\/1\.1 405 /)
  expect(traced).not.toContain('planted')
  expect(await write(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\n${head}`)).toBe('')
})

it.each([
  ['of 400 letters', 'x'.repeat(400), 401],
  ['that is longer', 'x'.repeat(15_000), 401],
  ['longer than any head', 'x'.repeat(17_000), 431],
  ['in other letters', 'ÿþ', 401],
  ['whose letters only look right', KEY.replace('a', 'Ð°'), 401],
  ['in capitals', KEY.toUpperCase(), 401],
  ['in quotes', `"${KEY}"`, 401],
  ['with another one', `x, Bearer ${KEY}`, 401],
  ['behind a tab', `\t${KEY}`, 401],
])('a key %s opens nothing', async (_, key, status) => {
  expect(await statusOf(`GET ${CALLS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}`)).toBe(status)
})

it('a key elsewhere than in its header opens nothing', async () => {
  for (const query of [`key=${KEY}`, `api_key=${KEY}`, `access_token=${KEY}`, `authorization=Bearer%20${KEY}`]) {
    expect(await statusOf(`GET ${CALLS}?${query} HTTP/1.1\r\nhost: x`)).toBe(401)
  }
  for (const name of ['x-api-key', 'proxy-authorization', 'cookie: first_call']) {
    const sent = name.includes(':') ? `${name}=${KEY}` : `${name}: Bearer ${KEY}`
    expect(await statusOf(`GET ${CALLS} HTTP/1.1\r\nhost: x\r\n${sent}`)).toBe(401)
  }
})

it.each(['evil.example', '127.0.0.1.evil.example', '127.0.0.1:80@evil.example/x?', 'localhost@evil.example#'])(
  'a link to set a password does not lead to %s, though it was asked of that host',
  async (host) => {
    const body = JSON.stringify({ email: `${randomUUID()}@example.com`, name: 'Ana', role: 'agent' })
    const head = `POST /api/admin/users HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${authorization}`
    const sent = `${head}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`
    expect(await write(sent, body)).toContain(`"url":"http://127.0.0.1:${port}/accept#token=`)
  },
)

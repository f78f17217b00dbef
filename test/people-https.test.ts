import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { invited, keep, PASSWORD, tokenOf, totp } from './people.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* S8 over the wire: by http on loopback, and by https through a proxy as people reach it. */

const read = (file: string): Promise<string> => readFile(path.join(import.meta.dirname, 'mailbox', file), 'utf8')

let database: TestDatabase
let proxy: https.Server
let behind: { service: TestService; target: string; address: string; ca: string }
let local: { service: TestService; address: string }

beforeAll(async () => {
  database = await createTestDatabase()
  const [cert, key] = await Promise.all([read('certificate.pem'), read('key.pem')])
  proxy = https.createServer({ cert, key }, (request, response) => {
    const headers = { ...request.headers, 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' }
    const passed = http.request(
      `${behind.target}${request.url}`,
      { method: request.method ?? 'GET', headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    request.pipe(passed)
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const address = `https://localhost:${(proxy.address() as AddressInfo).port}`
  const service = await createTestService({
    ...database,
    edge: { trustedProxies: ['127.0.0.1'] },
    people: { publicUrl: new URL(address) },
  })
  const listen = (of: TestService) => of.app.listen({ host: '127.0.0.1', port: 0 })
  behind = { service, target: await listen(service), address, ca: cert }
  const own = await createTestService(database)
  local = { service: own, address: await listen(own) }
})

afterAll(async () => {
  proxy.close()
  await behind.service.close()
  await local.service.close()
  await database.drop()
})

interface Sent {
  status: number
  cookies: string[]
  body: string
}

function send(method: string, url: string, headers: Record<string, string>, body?: object): Promise<Sent> {
  const { request } = url.startsWith('https:') ? https : http
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, ca: behind.ca, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part) => {
        text += part
      })
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, cookies: answer.headers['set-cookie'] ?? [], body: text }),
      )
    })
    sending.on('error', reject)
    for (const [name, value] of Object.entries(headers)) sending.setHeader(name, value)
    if (body !== undefined) sending.setHeader('content-type', 'application/json')
    sending.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

const cookieOf = (lines: readonly string[]): string => {
  const cookies = new Map<string, string>()
  for (const line of lines) keep(cookies, line)
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

describe('S8 by https', () => {
  it('the cookie is for this host, by https, and for no script', async () => {
    const { email } = await invited(behind.service)
    const { address } = behind
    const page = { origin: address, 'sec-fetch-site': 'same-origin' }
    const logIn = await send('POST', `${address}/api/auth/sign-in/email`, page, { email, password: PASSWORD })
    expect(logIn).toMatchObject({ status: 200, body: '{"two_factor_required":false}' })
    expect(logIn.cookies).toEqual([
      expect.stringMatching(/^__Host-first_call=[^;]{60,}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ])
    const cookie = cookieOf(logIn.cookies)
    expect(await send('GET', `${address}/api/me`, { cookie })).toMatchObject({ status: 200 })
    // The name without the prefix, which another host could have set, is nothing here.
    const unprefixed = cookie.replace('__Host-', '')
    expect(await send('GET', `${address}/api/me`, { cookie: unprefixed })).toMatchObject({ status: 401 })
    const made = { name: 'Luz' }
    expect((await send('POST', `${address}/api/crm/contacts`, { cookie, ...page }, made)).status).toBe(201)
    const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await send('POST', `${address}/api/crm/contacts`, { cookie, ...evil }, made)).status).toBe(403)
    const out = await send('POST', `${address}/api/auth/sign-out`, { cookie, ...page })
    expect(out.status).toBe(204)
    expect(cookieOf(out.cookies)).toBe('')
    expect(await send('GET', `${address}/api/me`, { cookie })).toMatchObject({ status: 401 })
  })

  it('all of it works: the link, the password, the second factor, and what is counted is the client', async () => {
    const { address, service } = behind
    const page = { origin: address, 'sec-fetch-site': 'same-origin' }
    const jar = new Map<string, string>()
    const post = async (url: string, body?: object) => {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const answer = await send('POST', `${address}/api/${url}`, { ...page, cookie }, body)
      for (const line of answer.cookies) {
        expect(line).toMatch(/^__Host-[^;]+;( Max-Age=\d+;)? Path=\/; HttpOnly; Secure; SameSite=Lax$/)
        keep(jar, line)
      }
      return answer
    }
    const person = { email: 'eva@example.com', name: 'Eva', role: 'admin' }
    const { url } = (await service.request('POST', '/api/admin/users', person)).body.link
    expect(url.startsWith(`${address}/accept#token=`)).toBe(true)
    expect((await post('auth/accept', { token: tokenOf(url), password: PASSWORD })).status).toBe(204)
    const logIn = () => post('auth/sign-in/email', { email: person.email, password: PASSWORD })
    expect((await logIn()).status).toBe(200)
    expect([...jar.keys()]).toEqual(['__Host-first_call'])
    const { totp_uri } = JSON.parse((await post('auth/two-factor/enable', { password: PASSWORD })).body)
    expect((await post('auth/two-factor/verify-totp', { code: totp(totp_uri, -1) })).status).toBe(204)
    expect((await post('auth/sign-out')).status).toBe(204)
    expect(await logIn()).toMatchObject({ status: 200, body: '{"two_factor_required":true}' })
    expect([...jar.keys()]).toEqual(['__Host-first_call_two_factor'])
    expect((await post('auth/two-factor/verify-totp', { code: totp(totp_uri) })).status).toBe(204)
    expect([...jar.keys()]).toEqual(['__Host-first_call'])
    const invited = await post('admin/users', { email: 'gil@example.com', name: 'Gil', role: 'viewer' })
    expect(invited.status).toBe(201)
    const [counted] = await service.sql<{ count: number }>('select count(*)::int from known_networks where key = $1', [
      createHash('sha256').update(`account ${person.email} at 192.0.2.1`).digest(),
    ])
    expect(counted?.count).toBe(1)
  })
})

describe('S8 by http', () => {
  it('on loopback the cookie has no prefix, and is for no script', async () => {
    const { email } = await invited(local.service)
    const page = { origin: local.address, 'sec-fetch-site': 'same-origin' }
    const logIn = await send('POST', `${local.address}/api/auth/sign-in/email`, page, { email, password: PASSWORD })
    expect(logIn.cookies).toEqual([
      expect.stringMatching(/^first_call=[^;]{60,}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/),
    ])
    expect(await send('GET', `${local.address}/api/me`, { cookie: cookieOf(logIn.cookies) })).toMatchObject({
      status: 200,
    })
  })

  it('by a proxy of which nobody told nobody logs in, and hears what to set', async () => {
    const { email } = await invited(local.service)
    const { target } = behind
    behind.target = local.address
    const page = { origin: behind.address, 'sec-fetch-site': 'same-origin' }
    const url = `${behind.address}/api/auth/sign-in/email`
    const answer = await send('POST', url, page, { email, password: PASSWORD })
    behind.target = target
    expect(answer).toMatchObject({ status: 403, cookies: [] })
    expect(JSON.parse(answer.body).detail).toMatch(/set PUBLIC_URL to it, such as https:.*TRUSTED_PROXIES/)
  })

  it('nobody logs in where people come by https', async () => {
    const { email } = await invited(local.service)
    const page = { origin: behind.target, 'sec-fetch-site': 'same-origin' }
    const answer = await send('POST', `${behind.target}/api/auth/sign-in/email`, page, { email, password: PASSWORD })
    expect(answer).toMatchObject({ status: 403, cookies: [] })
  })
})

import { createHmac, randomBytes } from 'node:crypto'
import { hashPassword } from 'better-auth/crypto'
import type { FastifyInstance } from 'fastify'
import type { Role } from '../src/auth/caller.ts'
import { hashToken } from '../src/people/sessions.ts'
import { SECRET } from './doors.ts'
import type { Answer, TestService } from './service.ts'

/* People for tests, and the browsers that they sit at. */

export const PASSWORD = 'cuatro gatos grises en 1 tejado'

interface Invited {
  id: string
  email: string
  /** Of the link that sets a password. */
  token: string
}

let number = 0

/** Somebody who has an invitation, and has done nothing with it yet. */
export async function invite(service: TestService, given: { email?: string; role?: Role } = {}): Promise<Invited> {
  const { email = `person-${++number}@example.com`, role = 'agent' } = given
  const { status, body } = await service.request('POST', '/api/admin/users', { email, role, name: 'Ana García' })
  if (status !== 201) throw new Error(JSON.stringify(body))
  return { id: body.id, email, token: tokenOf(body.link.url) }
}

/** The token of a link that a person was given. */
export const tokenOf = (url: string): string => /#token=(.+)$/.exec(url)?.[1] ?? ''

// Once: to hash a password takes long, as it should.
const hashed = hashPassword(PASSWORD)

/** Somebody whose password is {@link PASSWORD}. */
export async function invited(service: TestService, given: { email?: string; role?: Role } = {}): Promise<Invited> {
  const person = await invite(service, given)
  await service.sql(
    `insert into user_accounts (id, user_id, account_id, provider_id, password)
     values (gen_random_uuid(), $1::uuid, $1::uuid::text, 'credential', $2)`,
    [person.id, await hashed],
  )
  return person
}

/** Somebody who has logged in. */
export async function loggedIn(service: TestService, given: { email?: string; role?: Role } = {}) {
  const person = await invited(service, given)
  const browser = openBrowser(service.app)
  await enter(service, browser, person)
  return { person, browser }
}

/** Gives a browser what a log-in would, without the time that it takes. */
export async function enter(service: TestService, { cookies }: Browser, { id }: Invited): Promise<void> {
  const token = randomBytes(24).toString('base64url')
  await service.sql(
    `insert into user_sessions (id, user_id, token_sha256, expires_at, created_at, updated_at)
     values (gen_random_uuid(), $1, $2, now() + interval '30 days', now(), now())`,
    [id, hashToken(token)],
  )
  const signature = createHmac('sha256', SECRET).update(token).digest('base64')
  cookies.set('first_call', encodeURIComponent(`${token}.${signature}`))
}

export interface Browser {
  cookies: Map<string, string>
  get(url: string, headers?: Record<string, string>): Promise<Answer>
  post(url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  send(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: unknown, headers?: Headers): Promise<Answer>
}

type Headers = Record<string, string>

/** What a browser does on a page of ours: it keeps cookies, and says where it is. */
export function openBrowser(app: FastifyInstance, remoteAddress = '127.0.0.1'): Browser {
  const cookies = new Map<string, string>()
  const send: Browser['send'] = async (method, url, body, headers = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await app.inject({
      method,
      url,
      remoteAddress,
      headers: {
        host: '127.0.0.1',
        ...(method === 'GET' ? {} : { origin: 'http://127.0.0.1', 'sec-fetch-site': 'same-origin' }),
        ...(cookie === '' ? {} : { cookie }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: body as object }),
    })
    for (const line of [response.headers['set-cookie'] ?? []].flat()) keep(cookies, line)
    const text = response.body
    return { status: response.statusCode, body: text === '' ? null : JSON.parse(text), headers: response.headers }
  }
  return {
    cookies,
    send,
    get: (url, headers) => send('GET', url, undefined, headers),
    post: (url, body, headers) => send('POST', url, body, headers),
  }
}

/** Logs somebody in as a page does. */
export const logIn = (browser: Browser, email: string, password = PASSWORD): Promise<Answer> =>
  browser.post('/api/auth/sign-in/email', { email, password })

/** The same browser with the same cookies, elsewhere. */
export function elsewhere(browser: Browser, at: TestService): Browser {
  const copy = openBrowser(at.app)
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
  return copy
}

/**
 * When the last request was sent that somebody was still let in with, in milliseconds from now. How long a busy machine
 * takes to answer it is another matter.
 */
export async function untilOut(browser: Browser): Promise<number> {
  const startedAt = performance.now()
  let lastIn = 0
  for (;;) {
    const sentAt = performance.now() - startedAt
    if ((await browser.get('/api/me')).status === 401) return lastIn
    lastIn = sentAt
  }
}

export const A_SECOND = 1_000

/** Keeps a cookie, or lets go of it. */
export function keep(cookies: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
  if (/max-age=0/i.test(line)) cookies.delete(name)
  else cookies.set(name, value)
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** What an authenticator shows (RFC 6238) that has read this address, so many periods of 30 seconds from now. */
export function totp(uri: string, periods = 0): string {
  const secret = new URL(uri).searchParams.get('secret') ?? ''
  const bits = [...secret.replace(/=+$/, '')].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0'))
  const bytes = bits.join('').match(/.{8}/g) ?? []
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + periods))
  const key = Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)))
  const digest = createHmac('sha1', key).update(counter).digest()
  const offset = (digest.at(-1) ?? 0) & 15
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { OauthConfig } from '../src/mailbox/mailbox.ts'
import { accessTokens } from '../src/mailbox/oauth.ts'
import { type MailServer, type MailServerOptions, message, startMailServer } from './mail-server.ts'
import { allLines, createStages, type Stages, until, untilTold } from './mailbox/stage.ts'

const SECRETS = ['the client’s secret', 'the refresh token', 'the second refresh token', 'an-access-token']

/** Where access tokens are given: what it is asked, and what it answers next. */
let asked: Record<string, string>[]
let answer: { status: number; body: string }
let endpoint: Server
let oauth: OauthConfig
let stages: Stages<MailServer, MailServerOptions>
const never = new AbortController().signal

beforeAll(async () => {
  stages = await createStages(startMailServer)
  endpoint = createServer(async (request, response) => {
    asked.push(Object.fromEntries(new URLSearchParams(await bodyOf(request))))
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
  })
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
  const { port } = endpoint.address() as AddressInfo
  oauth = {
    clientId: 'first-call',
    clientSecret: 'the client’s secret',
    refreshToken: 'the refresh token',
    tokenUrl: `http://127.0.0.1:${port}/token`,
  }
})

beforeEach(() => {
  asked = []
  gives({ access_token: 'an-access-token', token_type: 'Bearer', expires_in: 3_600 })
})

afterAll(async () => {
  endpoint.closeAllConnections()
  await new Promise((resolve) => endpoint.close(resolve))
  await stages.close()
  // S7
  const told = allLines.map((line) => JSON.stringify(line) + String(line.err ?? '')).join('\n')
  for (const secret of SECRETS) expect(told).not.toContain(secret)
})

function gives(body: object, status = 200): void {
  answer = { status, body: JSON.stringify(body) }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

it('a mailbox is read with an access token, which is asked for once, though the connection is made anew', () =>
  stages.on(async ({ server, proxy, read, cursor }) => {
    server.setAccessToken('an-access-token')
    server.deliver(message('one'))
    const reader = read({ mailbox: { password: null, oauth } })
    await until(async () => (await cursor())?.last_uid === 1)
    proxy.reset()
    server.deliver(message('two'))
    await until(async () => (await cursor())?.last_uid === 2)
    expect(reader.received).toEqual([message('one'), message('two')])
    expect(server.answered.filter((command) => /LOGIN|AUTH/.test(command))).toEqual([
      'AUTHENTICATE XOAUTH2',
      'AUTHENTICATE XOAUTH2',
    ])
    expect(asked).toEqual([
      {
        grant_type: 'refresh_token',
        refresh_token: 'the refresh token',
        client_id: 'first-call',
        client_secret: 'the client’s secret',
      },
    ])
  }))

it('a token that the server does not take any more is replaced at once by a new one', () =>
  stages.on(async ({ server, proxy, read, cursor }) => {
    server.setAccessToken('an-access-token')
    const reader = read({ mailbox: { password: null, oauth } })
    await untilTold(reader, 'reading INBOX')
    server.setAccessToken('a-newer-access-token')
    gives({ access_token: 'a-newer-access-token', expires_in: 3_600 })
    proxy.reset()
    server.deliver(message('one'))
    await until(async () => (await cursor())?.last_uid === 1)
    expect(asked).toHaveLength(2)
    expect(reader.lines.filter(({ message }) => message.includes('refuse'))).toEqual([])
  }))

it('a server that takes no token at all is asked again after a while, and not over and over', () =>
  stages.on(async ({ server, read }) => {
    const reader = read({ mailbox: { password: null, oauth }, times: { longestWaitMs: 60_000 } })
    const { reason, waitMs } = await untilTold(reader, 'is tried again')
    expect(reason).toMatch(/^127\.0\.0\.1 refuses the log-in of /)
    expect(waitMs).toBe(60_000)
    expect(asked).toHaveLength(2)
    expect(server.answered.filter((command) => command.startsWith('AUTHENTICATE'))).toHaveLength(2)
  }))

it('a refresh token that is not granted any more is told in the words of who gives them, without the secrets', () =>
  stages.on(async ({ server, read }) => {
    gives({ error: 'invalid_grant', error_description: 'the refresh token was revoked' }, 400)
    const reader = read({ mailbox: { password: null, oauth }, times: { longestWaitMs: 60_000 } })
    const { reason } = await untilTold(reader, 'is tried again')
    expect(reason).toBe(`${hostOf(oauth)} refuses an access token (invalid_grant: *** was revoked).`)
    expect(asked).toHaveLength(1)
    expect(server.answered).toEqual([])
  }))

it('a token holds until a minute before it expires; then another is asked for, by the refresh token that came last', async () => {
  gives({ access_token: 'short', expires_in: 0.02, refresh_token: 'the second refresh token' })
  const tokens = accessTokens(oauth)
  expect(await tokens.get(never)).toBe('short')
  gives({ access_token: 'long', expires_in: '3600' })
  await until(async () => (await tokens.get(never)) === 'long')
  expect(await tokens.get(never)).toBe('long')
  expect(asked.map(({ refresh_token }) => refresh_token)).toEqual(['the refresh token', 'the second refresh token'])
})

it.each([
  {
    body: { error: 'temporarily_unavailable' },
    status: 503,
    code: 'disconnected',
    words: 'gives no access token at the moment (HTTP 503).',
  },
  {
    body: { welcome: 'here' },
    status: 200,
    code: 'failed',
    words: 'answers with no access token (HTTP 200). Is MAILBOX_OAUTH_TOKEN_URL right?',
  },
  {
    body: {},
    status: 302,
    code: 'failed',
    words: 'answers with no access token (HTTP 302). Is MAILBOX_OAUTH_TOKEN_URL right?',
  },
  {
    body: { access_token: 'x'.repeat(300_000) },
    status: 200,
    code: 'failed',
    words: 'answers with more than a token.',
  },
])('what is no token is told: $words', async ({ body, status, code, words }) => {
  gives(body, status)
  await expect(accessTokens(oauth).get(never)).rejects.toMatchObject({ code, message: `${hostOf(oauth)} ${words}` })
})

it('an address where nobody is, is told, and a signal ends the asking', async () => {
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  const tokens = accessTokens({ ...oauth, tokenUrl: `http://127.0.0.1:${port}/token` })
  const words = `127.0.0.1:${port}, which gives the access tokens, refuses connections.`
  await expect(tokens.get(never)).rejects.toThrow(words)
  await expect(tokens.get(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
})

const hostOf = ({ tokenUrl }: OauthConfig): string => new URL(tokenUrl).host

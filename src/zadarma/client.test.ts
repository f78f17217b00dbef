import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Fault, makeCalls, startZadarmaServer, type ZadarmaServerOptions } from '../../test/zadarma-server.ts'
import { createZadarmaApi } from './api.ts'
import { createZadarmaClient, type ZadarmaLimits } from './client.ts'
import { ZadarmaError } from './error.ts'

const KEY = 'a-key'
const SECRET = 'a-secret-that-nobody-may-read'
const ROOMY = { requests: 1_000, windowMs: 1_000 }
const QUICK = {
  all: ROOMY,
  statistics: ROOMY,
  tries: 3,
  firstWaitMs: 1,
  limitedTries: 3,
  longestLimitedWaitMs: 1,
} satisfies Partial<ZadarmaLimits>

const closings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closings.splice(0)) await close()
})

interface Setting {
  server?: Partial<ZadarmaServerOptions>
  limits?: Partial<ZadarmaLimits>
  secret?: string
}

async function start({ server: options = {}, limits = {}, secret = SECRET }: Setting = {}) {
  const server = await startZadarmaServer({
    key: KEY,
    secret: SECRET,
    zone: 'Europe/Madrid',
    limits: { all: ROOMY, statistics: ROOMY },
    ...options,
  })
  closings.push(server.close)
  const warnings: string[] = []
  const log = { warn: (_: object, message: string) => void warnings.push(message) }
  const client = createZadarmaClient({ key: KEY, secret, apiUrl: server.url, log, limits: { ...QUICK, ...limits } })
  return { server, client, api: createZadarmaApi(client), warnings }
}

async function errorOf(promise: Promise<unknown>): Promise<ZadarmaError> {
  const error = await promise.then(
    () => new Error('it was no error'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ZadarmaError)) throw error
  expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(SECRET)
  return error
}

describe('a request', () => {
  it('is signed so that Zadarma accepts it, whatever is in it', async () => {
    const { server, client } = await start()
    await client.get('/v1/info/timezone/', { b: "~!*()' ñ€&=+%20", a: 1, c: undefined })
    await client.post('/v1/pbx/callinfo/url/', { url: 'https://example.com/hook?a=1&b=*~(x)' })
    expect(server.requests.map(({ answer, params }) => [answer, params])).toEqual([
      [200, { a: '1', b: "~!*()' ñ€&=+%20", format: 'json' }],
      [200, { url: 'https://example.com/hook?a=1&b=*~(x)', format: 'json' }],
    ])
  })

  it('with another secret is unauthorized, and not tried again', async () => {
    const { server, api } = await start({ secret: 'another' })
    expect((await errorOf(api.timezone())).code).toBe('unauthorized')
    expect(server.requests).toHaveLength(1)
  })

  it('that Zadarma refuses is refused with its words, and not tried again', async () => {
    const { server, client } = await start()
    const error = await errorOf(client.get('/v1/statistics/pbx/', { start: 'x' }))
    expect(error).toMatchObject({ code: 'refused', message: expect.stringContaining('Start or end date is wrong') })
    expect((await errorOf(client.put('/v1/no/such/'))).code).toBe('refused')
    expect(server.requests.map(({ method, answer }) => [method, answer])).toEqual([
      ['GET', 400],
      ['PUT', 404],
    ])
  })

  it.each([
    '//example.com/v1/x/',
    'https://example.com/v1/x/',
    '/v1/../x/',
    '/v1/x',
    '/v1/x/?a=/',
    '/v1//x/',
    '/v2/x/',
  ])('for %s, which is no path of Zadarma’s API, is not sent', async (path) => {
    const { server, client } = await start()
    await expect(client.get(path)).rejects.toThrow('no path of')
    expect(server.requests).toEqual([])
  })
})

describe('what may pass is tried again', () => {
  it.each<[Fault, number]>([
    ['500', 2],
    ['reset', 2],
    ['limited-429', 2],
    ['limited-200', 2],
  ])('%s, and then success', async (fault, times) => {
    const { server, api, warnings } = await start()
    server.inject(fault, times)
    expect(await api.timezone()).toMatchObject({ name: expect.stringMatching(/^UTC\+[12]$/) })
    expect(server.requests.map(({ answer }) => answer)).toEqual([fault, fault, 200])
    expect(warnings).toHaveLength(2)
  })

  it.each<[Fault, ZadarmaError['code'], string]>([
    ['500', 'unreachable', 'HTTP 500): Internal error'],
    ['reset', 'unreachable', 'broke the connection off'],
    ['hang', 'unreachable', 'did not answer within 0.2 s'],
    ['limited-429', 'limited', '3 times in a row'],
    ['limited-200', 'limited', '3 times in a row'],
  ])('%s, but not for ever', async (fault, code, words) => {
    const { server, api } = await start(fault === 'hang' ? { limits: { timeoutMs: 200 } } : {})
    server.inject(fault, 10)
    expect(await errorOf(api.timezone())).toMatchObject({ code, message: expect.stringContaining(words) })
    expect(server.requests.map(({ answer }) => answer)).toEqual([fault, fault, fault])
  })

  it('a hanging server, and then success', async () => {
    const { server, api } = await start({ limits: { timeoutMs: 1_000 } })
    server.inject('hang')
    await api.timezone()
    expect(server.requests.map(({ answer }) => answer)).toEqual(['hang', 200])
  })

  it('nobody there', async () => {
    const { server, api } = await start()
    await server.close()
    expect(await errorOf(api.timezone())).toMatchObject({ code: 'unreachable' })
  })

  it('a callback is not asked for twice where it may have been made', async () => {
    for (const fault of ['500', 'reset', 'hang'] as const) {
      const { server, api } = await start({ limits: { timeoutMs: 300 } })
      server.inject(fault)
      expect((await errorOf(api.requestCallback({ from: '101', to: '+34612345678' }))).code).toBe('unreachable')
      expect(server.requests).toHaveLength(1)
    }
  })

  it('a callback is asked for again where the rate limit kept it from being made', async () => {
    const { server, api } = await start()
    server.inject('limited-200')
    await api.requestCallback({ from: '101', to: '+34612345678', sip: '101' })
    expect(server.account.callbacks).toEqual([{ from: '101', to: '+34612345678', sip: '101' }])
  })
})

describe('an answer that cannot be Zadarma’s', () => {
  it.each<[Fault, string]>([
    ['redirect', 'redirect'],
    ['not-json', 'JSON'],
    ['endless', 'more than 100000 bytes'],
  ])('%s is a bad answer, and not asked for again', async (fault, words) => {
    const { server, api } = await start({ limits: { maximumBytes: 100_000 } })
    server.inject(fault)
    expect(await errorOf(api.timezone())).toMatchObject({ code: 'bad_answer', message: expect.stringContaining(words) })
    expect(server.requests).toHaveLength(1)
    expect(server.ledAstray()).toBe(0)
  })

  it.each(['[]', 'null', '"success"', '{"status":"success"}', '{"status":"success","stats":{}}', ''])(
    '%j is no page of statistics',
    async (body) => {
      const stranger = createServer((_, response) => void response.end(body))
      await new Promise<void>((resolve) => void stranger.listen(0, '127.0.0.1', resolve))
      closings.push(async () => void stranger.close())
      const apiUrl = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`
      const api = createZadarmaApi(createZadarmaClient({ key: KEY, secret: SECRET, apiUrl, limits: QUICK }))
      const page = api.statistics({ start: '', end: '', skip: 0, limit: 1 })
      expect((await errorOf(page)).code).toBe('bad_answer')
    },
  )
})

describe('the rate limits', () => {
  it('keep room for a callback, which is made at once or refused', async () => {
    const rates = { all: { requests: 20, windowMs: 1_000_000 }, statistics: ROOMY }
    const { server, api } = await start({ server: { limits: rates }, limits: rates })
    const waiting = new AbortController()
    const others = Array.from({ length: 25 }, () => api.timezone({ signal: waiting.signal }).catch(() => null))
    await Promise.all(others.slice(0, 18))
    const callback = { from: '101', to: '34600111222', sip: '101' }
    await api.requestCallback(callback)
    await api.requestCallback(callback)
    expect(server.account.callbacks).toHaveLength(2)
    const refused = await errorOf(api.requestCallback(callback))
    expect(refused).toMatchObject({ code: 'limited', message: expect.stringMatching(/20 requests .* used up/) })
    expect(server.requests).toHaveLength(20)
    waiting.abort()
    await Promise.all(others)
  })

  it('tell that no callback was made where the time for it ends while they are waited for', async () => {
    const { server, api } = await start({ limits: { longestLimitedWaitMs: 1_000_000 } })
    server.inject('limited-429')
    const signal = AbortSignal.timeout(50)
    const callback = { from: '101', to: '34600111222', sip: '101' }
    expect((await errorOf(api.requestCallback(callback, { signal }))).code).toBe('limited')
    expect(server.account.callbacks).toEqual([])
  })

  it('are never exceeded, by the server’s own record', async () => {
    const rates = { all: { requests: 5, windowMs: 100 }, statistics: { requests: 3, windowMs: 150 } }
    const { server, api } = await start({ server: { limits: rates }, limits: rates })
    const day = { start: '2026-09-01 00:00:00', end: '2026-09-02 00:00:00', skip: 0, limit: 10 }
    await Promise.all([
      ...Array.from({ length: 8 }, () => api.statistics(day)),
      ...Array.from({ length: 12 }, () => api.timezone()),
    ])
    expect(server.exceeded()).toBe(0)
    expect(server.requests.map(({ answer }) => answer)).toEqual(Array(20).fill(200))
  })

  it('hold for what fails, too', async () => {
    const rates = { all: { requests: 2, windowMs: 100 }, statistics: ROOMY }
    const { server, api } = await start({ server: { limits: rates }, limits: rates })
    server.inject('500', 2)
    server.inject('limited-200', 2)
    await api.timezone()
    expect(server.exceeded()).toBe(0)
    expect(server.requests).toHaveLength(5)
  })
})

describe('a signal', () => {
  const reason = new Error('enough')

  it('ends a request that hangs', async () => {
    const { server, client } = await start()
    server.inject('hang')
    const stopping = new AbortController()
    const asking = client.get('/v1/info/timezone/', {}, { signal: stopping.signal })
    await expect.poll(() => server.requests.length).toBe(1)
    stopping.abort(reason)
    await expect(asking).rejects.toBe(reason)
  })

  it.each<[string, Fault]>([
    ['for another try', '500'],
    ['for the rate limit of Zadarma', 'limited-200'],
  ])('ends the waiting %s', async (_, fault) => {
    const { server, client, warnings } = await start({
      limits: { firstWaitMs: 1_000_000, longestLimitedWaitMs: 1_000_000 },
    })
    server.inject(fault)
    const stopping = new AbortController()
    const asking = client.get('/v1/info/timezone/', {}, { signal: stopping.signal })
    await expect.poll(() => warnings.length).toBe(1)
    stopping.abort(reason)
    await expect(asking).rejects.toBe(reason)
    expect(server.requests).toHaveLength(1)
  })

  it('ends the waiting for room', async () => {
    const { server, client } = await start({ limits: { all: { requests: 1, windowMs: 1_000_000 } } })
    await client.get('/v1/info/timezone/')
    const stopping = new AbortController()
    const asking = client.get('/v1/info/timezone/', {}, { signal: stopping.signal })
    stopping.abort(reason)
    await expect(asking).rejects.toBe(reason)
    expect(server.requests).toHaveLength(1)
  })
})

describe('what is asked of Zadarma', () => {
  const scenarios = makeCalls({
    seed: 7,
    count: 300,
    from: Date.parse('2026-09-01T08:00:00Z'),
    numbers: ['+34612345678', '+48600111222'],
    extensions: ['100', '101', '102'],
    zone: 'Europe/Madrid',
  })
  const recorded = scenarios.find(({ recordings }) => recordings.length === 2)

  it('statistics come page by page, with ids as they are written', async () => {
    const { api } = await start({ server: { scenarios } })
    const rows = []
    for (let isMore = true; isMore; ) {
      const query = { start: '2026-09-01 00:00:00', end: '2026-09-30 23:59:59', skip: rows.length, limit: 100 }
      const page = await api.statistics(query)
      rows.push(...page)
      isMore = page.length === query.limit
    }
    const legs = scenarios.flatMap((scenario) => scenario.legs)
    expect(rows).toHaveLength(legs.length)
    const named = rows.filter(({ is_recorded }) => is_recorded).map(({ call_id }) => call_id)
    expect(named.toSorted()).toEqual(scenarios.flatMap(({ recordingIds }) => recordingIds).toSorted())
    const known = rows.filter(({ pbx_call_id }) => pbx_call_id !== null)
    expect(new Set(known.map(({ pbx_call_id }) => pbx_call_id)).size).toBe(scenarios.length)
    for (const row of known) {
      expect(row).toEqual({
        call_id: expect.stringMatching(/^\d+\.\d+$/),
        sip: expect.any(String),
        callstart: expect.stringMatching(/^2026-09-\d\d \d\d:\d\d:\d\d$/),
        clid: expect.any(String),
        destination: expect.any(String),
        disposition: expect.any(String),
        seconds: expect.any(String),
        is_recorded: expect.any(Boolean),
        pbx_call_id: expect.stringMatching(/^(in|out)_[0-9a-f]{40}$/),
      })
    }
  })

  it('a recording has no address until it is ready', async () => {
    const { server, api } = await start({ server: { scenarios, asksBeforeReady: 2 } })
    const [id = ''] = recorded?.recordingIds ?? []
    expect(await api.recordLinks({ call_id: id }, 180)).toEqual([])
    expect(await api.recordLinks({ call_id: id }, 180)).toEqual([])
    const [link = '', ...others] = await api.recordLinks({ call_id: id }, 180)
    expect(others).toEqual([])
    const audio = await fetch(link)
    expect([audio.status, (await audio.arrayBuffer()).byteLength > 100]).toEqual([200, true])
    server.expireLinks()
    expect((await fetch(link)).status).toBe(404)
  })

  it('a call has the addresses of all its recordings', async () => {
    const { api } = await start({ server: { scenarios } })
    expect(await api.recordLinks({ pbx_call_id: recorded?.pbx_call_id ?? '' }, 180)).toHaveLength(2)
    expect((await errorOf(api.recordLinks({ call_id: '1.1' }, 1))).code).toBe('refused')
  })

  it.each([
    ['Europe/Madrid', '2026-07-01T00:00:00Z', { name: 'UTC+2', offsetMinutes: 120 }],
    ['America/St_Johns', '2026-01-01T00:00:30Z', { name: 'UTC-3:30', offsetMinutes: -210 }],
    ['UTC', '2026-01-01T00:00:00Z', { name: 'UTC+0', offsetMinutes: 0 }],
  ])('the zone of an account in %s at %s', async (zone, now, expected) => {
    const { api } = await start({ server: { zone, clock: () => Date.parse(now) } })
    expect(await api.timezone()).toEqual({ ...expected, now: Math.floor(Date.parse(now) / 1_000) * 1_000 })
  })

  it('notifications are set and read back', async () => {
    const { api } = await start()
    const off = {
      notify_start: false,
      notify_internal: false,
      notify_answer: false,
      notify_end: false,
      notify_out_start: false,
      notify_out_end: false,
    }
    expect(await api.callInfo()).toEqual({ url: '', notifications: off })
    await api.setCallInfoUrl('https://example.com/api/zadarma/webhook')
    await api.setNotifications({ notify_out_end: true })
    expect(await api.callInfo()).toEqual({
      url: 'https://example.com/api/zadarma/webhook',
      notifications: { ...off, notify_out_end: true },
    })
  })
})

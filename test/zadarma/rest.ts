import { createHash, createHmac } from 'node:crypto'
import type { Instant } from '../../src/time.ts'
import { localTime, offsetName } from './local-time.ts'
import type { Recording, Scenario } from './scenario.ts'

/** The account that the REST side tells of and changes. */
export interface Account {
  zone: string
  clock: () => Instant
  scenarios: readonly Scenario[]
  /** How often a recording is asked for in vain before it can be had. */
  asksBeforeReady: number
  callInfoUrl: string
  notifications: Record<string, string>
  callbacks: { from: string; to: string; sip: string | null }[]
  /** Gives the address of a recording. */
  linkTo(recording: Recording, lifetimeSeconds: number): string
}

/** An answer: HTTP status and JSON. */
export interface RestAnswer {
  status: number
  json: string
}

const success = (fields: object): RestAnswer => ({
  status: 200,
  json: JSON.stringify({ status: 'success', ...fields }),
})

/** An answer that says no. */
export const failure = (status: number, message: string): RestAnswer => ({
  status,
  json: JSON.stringify({ status: 'error', message }),
})

/** What the REST side answers to a request that is signed and within the limits. */
export function createRest(account: Account): (method: string, path: string, params: URLSearchParams) => RestAnswer {
  const asked = new Map<string, number>()
  const routes: Record<string, (params: URLSearchParams) => RestAnswer> = {
    'GET /v1/statistics/pbx/': (params) => statistics(account, params),
    'GET /v1/pbx/record/request/': (params) => recordLinks(account, asked, params),
    'GET /v1/info/timezone/': () => {
      const now = account.clock()
      const unixtime = Math.floor(now / 1_000)
      const datetime = localTime(unixtime * 1_000, account.zone)
      return success({ unixtime, datetime, timezone: offsetName(now, account.zone) })
    },
    'GET /v1/pbx/callinfo/': () => success({ url: account.callInfoUrl, notifications: account.notifications }),
    'POST /v1/pbx/callinfo/url/': (params) => {
      const url = params.get('url') ?? ''
      if (!URL.canParse(url)) return failure(400, 'Wrong parameter url')
      account.callInfoUrl = url
      return success({ url })
    },
    'POST /v1/pbx/callinfo/notifications/': (params) => {
      for (const [name, value] of params) {
        if (name === 'format') continue
        if (!(name in account.notifications) || !/^(true|false)$/.test(value)) {
          return failure(400, `Wrong parameter ${name}`)
        }
        account.notifications[name] = value
      }
      return success({ notifications: account.notifications })
    },
    'GET /v1/request/callback/': (params) => {
      const [from, to] = [params.get('from'), params.get('to')]
      if (!from || !to) return failure(400, 'Wrong parameters')
      account.callbacks.push({ from, to, sip: params.get('sip') })
      return success({ from, to, time: Math.floor(account.clock() / 1_000) })
    },
  }
  return (method, path, params) => routes[`${method} ${path}`]?.(params) ?? failure(404, 'Page not found')
}

const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/
const DAY_MS = 86_400_000

/** Dates are compared as they are written, in the account's zone. More than a month is cut without a word. */
function statistics({ scenarios, zone }: Account, params: URLSearchParams): RestAnswer {
  const [start, end] = [params.get('start') ?? '', params.get('end') ?? '']
  if (!TIME.test(start) || !TIME.test(end)) return failure(400, 'Start or end date is wrong')
  const cut = new Date(Date.parse(`${start.replace(' ', 'T')}Z`) + 30 * DAY_MS).toISOString()
  const isTooLong = Date.parse(`${end.replace(' ', 'T')}Z`) - Date.parse(`${start.replace(' ', 'T')}Z`) > 31 * DAY_MS
  const until = isTooLong ? cut.slice(0, 19).replace('T', ' ') : end
  const legs = scenarios
    .flatMap((scenario) => scenario.legs)
    .sort((a, b) => a.startedAt - b.startedAt)
    .filter(({ startedAt }) => localTime(startedAt, zone) >= start && localTime(startedAt, zone) <= until)
  const skip = Number(params.get('skip') ?? 0)
  const limit = Math.min(1_000, Number(params.get('limit') ?? 1_000))
  const rows = legs.slice(skip, skip + limit).map(({ json }) => json)
  const head = JSON.stringify({ status: 'success', start, end: until, version: 2 })
  return { status: 200, json: `${head.slice(0, -1)},"stats":[${rows.join(',')}]}` }
}

/** By one id there is `link`, by a call's there are `links`. */
function recordLinks(account: Account, asked: Map<string, number>, params: URLSearchParams): RestAnswer {
  const [id, callId] = [params.get('call_id'), params.get('pbx_call_id')]
  const lifetime = Number(params.get('lifetime') ?? 1_800)
  if (!(lifetime >= 180 && lifetime <= 5_184_000)) return failure(400, 'Wrong parameter lifetime')
  const found =
    id !== null
      ? account.scenarios.flatMap(({ recordings }) => recordings).filter((recording) => recording.id === id)
      : (account.scenarios.find(({ pbx_call_id }) => pbx_call_id === callId)?.recordings ?? [])
  const asks = (asked.get(id ?? callId ?? '') ?? 0) + 1
  asked.set(id ?? callId ?? '', asks)
  if (found.length === 0 || asks <= account.asksBeforeReady) return failure(404, 'Requested file not found')
  const links = found.map((recording) => account.linkTo(recording, lifetime))
  const lifetime_till = localTime(account.clock() + lifetime * 1_000, account.zone)
  return success(id !== null ? { link: links[0], lifetime_till } : { links, lifetime_till })
}

/** What a request has to be signed with: worked out from what it says, not from how it says it. */
export function expectedAuthorization(key: string, secret: string, path: string, params: URLSearchParams): string {
  const names = [...new Set(params.keys())].sort()
  const query = names.map((name) => `${phpEncoded(name)}=${phpEncoded(params.get(name) ?? '')}`).join('&')
  const md5 = createHash('md5').update(query).digest('hex')
  const hex = createHmac('sha1', secret)
    .update(path + query + md5)
    .digest('hex')
  return `${key}:${Buffer.from(hex).toString('base64')}`
}

/** PHP's `urlencode`, byte by byte. */
function phpEncoded(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      if (/[A-Za-z0-9_.-]/.test(character)) return character
      return character === ' ' ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Instant } from '../src/time.ts'
import type { Rate } from '../src/zadarma/rate-limit.ts'
import { type Fault, sendAudio, sendFault, sendJson } from './zadarma/answers.ts'
import type { AudioService } from './zadarma/audio.ts'
import { type Account, createRest, expectedAuthorization, failure } from './zadarma/rest.ts'
import type { Recording, Scenario } from './zadarma/scenario.ts'

export type { Fault } from './zadarma/answers.ts'
export { makeCalls } from './zadarma/calls.ts'
export { type Sent, sendNotifications, signedNotification } from './zadarma/notifications.ts'
export type { Scenario } from './zadarma/scenario.ts'

/** A request to the REST side, as it arrived. */
interface RecordedRequest {
  /** By the monotonic clock. */
  atMs: number
  method: string
  path: string
  params: Record<string, string>
  /** The HTTP status or the fault that it met. */
  answer: number | Fault
}

export interface ZadarmaServerOptions {
  key: string
  secret: string
  /** The account's zone, as IANA names it. */
  zone: string
  /** 0: any free one. */
  port?: number
  scenarios?: readonly Scenario[]
  limits?: { all: Rate; statistics: Rate }
  /** How it says that a limit is exceeded. */
  limitedAs?: 'limited-429' | 'limited-200'
  asksBeforeReady?: number
  clock?: () => Instant
}

/** Zadarma in this process: a real HTTP server with an account of its own. */
export interface ZadarmaServer {
  /** What First Call takes as `ZADARMA_API_URL`. */
  url: string
  requests: RecordedRequest[]
  /** How often a limit was exceeded. */
  exceeded(): number
  /** Requests that came for a place to which a redirect leads. */
  ledAstray(): number
  account: Account
  /** The next so many requests meet this instead of an answer. */
  inject(fault: Fault, times?: number): void
  /** From now on recordings are served like this. */
  serveAudio(service: AudioService): void
  /** All addresses of recordings that were given out lead nowhere. */
  expireLinks(): void
  close(): Promise<void>
}

const LIMITS = { all: { requests: 100, windowMs: 60_000 }, statistics: { requests: 3, windowMs: 60_000 } }
const NOTIFICATIONS = ['start', 'internal', 'answer', 'end', 'out_start', 'out_end']

/** Starts it on loopback. */
export async function startZadarmaServer(options: ZadarmaServerOptions): Promise<ZadarmaServer> {
  const { key, secret, zone, port = 0, scenarios = [], limits = LIMITS, limitedAs = 'limited-429' } = options
  const { asksBeforeReady = 0, clock = Date.now } = options
  const requests: RecordedRequest[] = []
  const faults: Fault[] = []
  const links = new Map<string, { recording: Recording; until: Instant }>()
  let audioService: AudioService = 'whole'
  let exceeded = 0
  let ledAstray = 0

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  /** The same server under another name. */
  const elsewhere = `${url.replace('127.0.0.1', 'localhost')}/astray`

  const account: Account = {
    zone,
    clock,
    scenarios,
    asksBeforeReady,
    callInfoUrl: '',
    notifications: Object.fromEntries(NOTIFICATIONS.map((name) => [`notify_${name}`, 'false'])),
    callbacks: [],
    linkTo: (recording, lifetimeSeconds) => {
      const token = randomUUID()
      links.set(token, { recording, until: clock() + lifetimeSeconds * 1_000 })
      return `${url}/v1/pbx/record/download/${token}/${recording.fileName}`
    },
  }
  const rest = createRest(account)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    const method = request.method ?? ''
    if (pathname.startsWith('/astray')) {
      ledAstray++
      return sendJson(response, 200, '{"status":"success"}')
    }
    const [, token] = /^\/v1\/pbx\/record\/download\/([^/]+)\//.exec(pathname) ?? []
    if (token !== undefined) {
      const link = links.get(token)
      const isOpen = link !== undefined && link.until > clock()
      if (isOpen) return sendAudio(response, link.recording, audioService, elsewhere)
      return sendJson(response, 404, failure(404, 'Not found').json)
    }

    const atMs = performance.now()
    const params = method === 'GET' ? searchParams : new URLSearchParams(await bodyOf(request))
    const recorded: RecordedRequest = { atMs, method, path: pathname, params: Object.fromEntries(params), answer: 0 }
    requests.push(recorded)
    const isExceeding = isBeyond(limits.all, requests) || isBeyond(limits.statistics, requests.filter(isStatistics))
    if (isExceeding) exceeded++
    const fault = faults.shift() ?? (isExceeding ? limitedAs : undefined)
    if (fault !== undefined) {
      recorded.answer = fault
      return sendFault(response, fault, Math.ceil(clock() / 1_000) + 1, elsewhere)
    }
    const isSigned = request.headers.authorization === expectedAuthorization(key, secret, pathname, params)
    const { status, json } = isSigned ? rest(method, pathname, params) : failure(401, 'Not authorized')
    recorded.answer = status
    sendJson(response, status, json)
  }

  return {
    url,
    requests,
    exceeded: () => exceeded,
    ledAstray: () => ledAstray,
    account,
    inject: (fault, times = 1) => void faults.push(...Array<Fault>(times).fill(fault)),
    serveAudio: (service) => {
      audioService = service
    },
    expireLinks: () => links.clear(),
    close: async () => {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

const isStatistics = ({ path }: RecordedRequest): boolean => path.startsWith('/v1/statistics/')

/** Whether the last of these requests is one too many within its window. */
function isBeyond({ requests: maximum, windowMs }: Rate, requests: readonly RecordedRequest[]): boolean {
  const [earlier, last] = [requests.at(-1 - maximum), requests.at(-1)]
  return earlier !== undefined && last !== undefined && last.atMs - earlier.atMs < windowMs
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

import { waitFor } from '../wait.ts'
import { ZadarmaError } from './error.ts'
import { type Exchange, exchange } from './exchange.ts'
import { atOnceWithinLimits, type Rate, RateLimit, withinLimits } from './rate-limit.ts'
import { type Body, type Reading, readAnswer } from './reading.ts'
import { requestAuthorization } from './signature.ts'

/** The parameters of a request; what is undefined is not sent. */
type Params = Readonly<Record<string, string | number | undefined>>

export interface RequestOptions {
  /** Ends the request, and every wait before and between its tries. */
  signal?: AbortSignal | undefined
  /** Whether it does no harm to do it twice, so that it may be tried again where nobody knows whether it was done. */
  isRepeatable?: boolean
  /** Whether somebody waits for it: then the rate limit keeps room for it, and where there is none it is refused. */
  isUrgent?: boolean
}

/**
 * Requests that are signed, and tried again where that may help, within Zadarma's rate limits.
 *
 * Each gives what Zadarma answers, and throws ZadarmaError where that is no success.
 */
export interface ZadarmaClient {
  /** @param path from `/v1/` to the closing `/` */
  get(path: string, params?: Params, options?: RequestOptions): Promise<Body>
  post(path: string, params?: Params, options?: RequestOptions): Promise<Body>
  put(path: string, params?: Params, options?: RequestOptions): Promise<Body>
}

export interface ZadarmaOptions {
  key: string
  secret: string
  /** Such as `https://api.zadarma.com`. */
  apiUrl: string
  log?: { warn: (fields: object, message: string) => void }
  /** The time of day, in milliseconds: when a limit has room again may be told as a moment. */
  clock?: () => number
  limits?: Partial<ZadarmaLimits>
}

/** What a client keeps to. */
export interface ZadarmaLimits {
  all: Rate
  statistics: Rate
  /** Of one try. */
  timeoutMs: number
  /** After resets, time-outs and faults of Zadarma's. */
  tries: number
  /** Before the second try; twice as long before each further one, more or less by chance. */
  firstWaitMs: number
  /** After an exceeded rate limit. */
  limitedTries: number
  longestLimitedWaitMs: number
  maximumBytes: number
}

const LIMITS: ZadarmaLimits = {
  all: { requests: 100, windowMs: 60_000 },
  statistics: { requests: 3, windowMs: 60_000 },
  timeoutMs: 30_000,
  tries: 4,
  firstWaitMs: 1_000,
  limitedTries: 5,
  longestLimitedWaitMs: 60_000,
  maximumBytes: 16 * 1024 * 1024,
}

/** A clock that is a little ahead must not make the tries run out at once. */
const SHORTEST_LIMITED_WAIT_MS = 1_000

const PATH = /^\/v1\/([\w-]+\/)+$/

/** A client of Zadarma's API, which keeps the rate limits for all that is asked through it. */
export function createZadarmaClient({
  key,
  secret,
  apiUrl,
  log,
  clock = Date.now,
  limits: given = {},
}: ZadarmaOptions): ZadarmaClient {
  const limits = { ...LIMITS, ...given }
  const all = new RateLimit(limits.all)
  const statistics = new RateLimit(limits.statistics)

  async function request(method: Exchange['method'], path: string, params: Params, options: RequestOptions) {
    const { signal, isRepeatable = true, isUrgent = false } = options
    const prepared = { ...prepare(method, path, params), signal }
    const ofPath = path.startsWith('/v1/statistics/') ? [all, statistics] : [all]
    let failures = 0
    let refusals = 0
    while (true) {
      const reading = isUrgent
        ? await atOnceWithinLimits(ofPath, () => tryOnce(prepared))
        : await withinLimits(ofPath, signal, () => tryOnce(prepared))
      if (reading === null) throw usedUpError(limits.all)
      switch (reading.is) {
        case 'success':
          return reading.body
        case 'final':
          throw reading.error
        case 'limited': {
          if (++refusals >= limits.limitedTries) throw limitedError(refusals)
          const waitMs = Math.max(reading.waitMs, SHORTEST_LIMITED_WAIT_MS)
          const boundedMs = Math.min(waitMs, limits.longestLimitedWaitMs)
          log?.warn({ path, waitMs: boundedMs }, 'Zadarma’s rate limit is exceeded; it is waited for')
          await waitFor(boundedMs, signal).catch((reason: unknown) => {
            // Nothing is under way, and whoever waits wants to know.
            throw isUrgent ? limitedError(refusals) : reason
          })
          break
        }
        case 'broken': {
          if (!isRepeatable || ++failures >= limits.tries) throw reading.error
          const waitMs = limits.firstWaitMs * 2 ** (failures - 1) * (0.5 + Math.random())
          log?.warn({ path, waitMs, reason: reading.error.message }, 'Zadarma is asked again')
          await waitFor(waitMs, signal)
          break
        }
        default:
          reading satisfies never
      }
    }
  }

  async function tryOnce(prepared: Exchange): Promise<Reading> {
    try {
      return readAnswer(await exchange(prepared), clock())
    } catch (error) {
      if (!(error instanceof ZadarmaError)) throw error
      return { is: error.code === 'unreachable' ? 'broken' : 'final', error }
    }
  }

  function prepare(method: Exchange['method'], path: string, params: Params): Omit<Exchange, 'signal'> {
    // A path that reads as another host's address is none either.
    if (!PATH.test(path)) throw new Error(`${path} is no path of Zadarma's API`)
    const sent = Object.entries({ ...params, format: 'json' }).filter(([, value]) => value !== undefined)
    const texts = Object.fromEntries(sent.map(([name, value]) => [name, String(value)]))
    const { query, authorization } = requestAuthorization(key, secret, path, texts)
    const url = new URL(path, apiUrl)
    if (method === 'GET') url.search = query
    const { timeoutMs, maximumBytes } = limits
    return { url, method, authorization, body: method === 'GET' ? null : query, timeoutMs, maximumBytes }
  }

  return {
    get: async (path, params = {}, options = {}) => request('GET', path, params, options),
    post: async (path, params = {}, options = {}) => request('POST', path, params, options),
    put: async (path, params = {}, options = {}) => request('PUT', path, params, options),
  }
}

function usedUpError({ requests, windowMs }: Rate): ZadarmaError {
  const message = `The ${requests} requests that Zadarma allows in ${windowMs / 1_000} s are used up; try again in a moment.`
  return new ZadarmaError('limited', message)
}

function limitedError(tries: number): ZadarmaError {
  const times = tries === 1 ? '' : ` ${tries} times in a row`
  const message = `Zadarma's rate limit was exceeded${times}. Does something else use the same account?`
  return new ZadarmaError('limited', message)
}

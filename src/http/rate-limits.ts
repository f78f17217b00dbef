import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Metrics } from '../metrics.ts'
import type { EdgeConfig } from './edge.ts'
import { sendRefusal } from './errors.ts'
import type { Callers } from './guard.ts'
import { refusal } from './refusal.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts a request of which nobody knows who sent it; answers one too many. */
    countRefused: Count
    /** Counts a notification that is not genuine; answers one too many. */
    countForged: Count
    /** Counts a request of a caller; answers one too many. For where keys are limited. */
    countOfKey: Count
  }
}

interface Kind {
  /** Null: to be counted is no refusal. */
  reason: string | null
  detail: string
}

/** What it sends is the answer. */
type Count = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>

const LOG_IN = '/api/auth/'
/** Why a request is counted: `reason` in metrics and log, and what its client is told once there are too many. */
const REFUSED = { reason: 'key', detail: 'Too many requests without a valid key came from this address.' }
const FORGED = {
  reason: 'signature',
  detail: 'Too many notifications without a signature that fits came from this address.',
}
const LOG_INS = { reason: null, detail: 'Too many requests to log in came from this address.' }
const OF_KEY = { reason: null, detail: 'This key has sent more requests than it may in a minute.' }

/**
 * Counts, in windows of a minute that begin with the first request. Each server counts for itself. An address of version
 * 6 stands for its network of 64 bits: whoever has one of those has them all.
 *
 * A valid key or session is never stopped by what others do: refused requests are counted once it is known that they are,
 * and requests to log in where nobody is logged in.
 */
export async function limitRates(
  app: FastifyInstance,
  edge: EdgeConfig,
  { metrics: { refused }, findSession }: { metrics: Metrics; findSession: Callers['findSession'] },
): Promise<void> {
  const { rateLimitPerKey, refusedPerAddress, logInsPerAddress } = edge
  await app.register(rateLimit, { global: false, timeWindow: 60_000 })

  const counting = (kind: Kind, max: number, keyGenerator?: (request: FastifyRequest) => string): Count => {
    const count = app.createRateLimit({ max, ...(keyGenerator === undefined ? {} : { keyGenerator }) })
    return async (request, reply) => {
      const counted = await count(request)
      if (counted.isAllowed || !counted.isExceeded) {
        if (kind.reason !== null) note(request, kind.reason, counted.isAllowed ? max : counted.remaining)
        return undefined
      }
      refused.inc({ reason: 'rate' })
      void reply.header('retry-after', String(counted.ttlInSeconds))
      return sendRefusal(reply, refusal('too_many_requests', `${kind.detail} Wait ${counted.ttlInSeconds} seconds.`))
    }
  }
  /** Those that are too many are counted, and not told one by one: nobody is to fill the log. */
  function note({ ip, log }: FastifyRequest, reason: string, remaining: number): void {
    refused.inc({ reason })
    log.info({ ip, reason }, 'a request is refused')
    if (remaining === 0) log.warn({ ip, reason }, 'of the requests of an address no more are told of for a minute')
  }

  app.decorate('countRefused', counting(REFUSED, refusedPerAddress))
  app.decorate('countForged', counting(FORGED, refusedPerAddress))
  app.decorate(
    'countOfKey',
    counting(OF_KEY, rateLimitPerKey ?? 0, ({ caller }) => caller?.owner ?? ''),
  )
  const countLogIn = counting(LOG_INS, logInsPerAddress)
  // By route, and not by a hook that every call would have to go through.
  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith(LOG_IN)) return
    const countPost: Count = async (request, reply) =>
      request.method === 'POST' && (await findSession(request)) === null ? countLogIn(request, reply) : undefined
    route.onRequest = [countPost, ...[route.onRequest ?? []].flat()]
  })
}

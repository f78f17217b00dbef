import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { EdgeConfig } from './edge.ts'
import { sendRefusal } from './errors.ts'
import { refusal } from './refusal.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts a request of which nobody knows who sent it; answers one too many. */
    countRefused: Count
    /** Counts a notification that is not genuine; answers one too many. */
    countForged: Count
    /** Counts a request of a caller; answers one too many. */
    countOfKey: Count
  }
}

/** What it sends is the answer. */
type Count = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>

const LOG_IN = '/api/auth/'
const TOO_MANY_REFUSED = 'Too many requests without a valid key came from this address.'
const TOO_MANY_FORGED = 'Too many notifications without a signature that fits came from this address.'
const TOO_MANY_LOG_INS = 'Too many requests to log in came from this address.'
const TOO_MANY_OF_KEY = 'This key has sent more requests than it may in a minute.'

/**
 * Counts, in windows of a minute that begin with the first request. Each server counts for itself. An address of version
 * 6 stands for its network of 64 bits: whoever has one of those has them all.
 *
 * A valid key is never stopped by what others do: refused requests are counted once it is known that they are.
 */
export async function limitRates(app: FastifyInstance, edge: EdgeConfig): Promise<void> {
  const { rateLimitPerKey: perKey, refusedPerAddress, logInsPerAddress } = edge
  await app.register(rateLimit, { global: false, timeWindow: 60_000 })
  const refused = app.createRateLimit({ max: refusedPerAddress })
  const forged = app.createRateLimit({ max: refusedPerAddress })
  const logIns = app.createRateLimit({ max: logInsPerAddress })
  const ofKey =
    perKey === null ? null : app.createRateLimit({ max: perKey, keyGenerator: ({ caller }) => caller?.owner ?? '' })

  app.decorate('countRefused', answering(refused, TOO_MANY_REFUSED))
  app.decorate('countForged', answering(forged, TOO_MANY_FORGED))
  app.decorate('countOfKey', ofKey === null ? async () => undefined : answering(ofKey, TOO_MANY_OF_KEY))
  const countLogIn = answering(logIns, TOO_MANY_LOG_INS)
  app.addHook('onRequest', async (request, reply) =>
    request.method === 'POST' && request.routeOptions.url?.startsWith(LOG_IN) ? countLogIn(request, reply) : undefined,
  )
}

function answering(count: ReturnType<FastifyInstance['createRateLimit']>, detail: string): Count {
  return async (request, reply) => {
    const counted = await count(request)
    if (counted.isAllowed || !counted.isExceeded) return undefined
    void reply.header('retry-after', String(counted.ttlInSeconds))
    return sendRefusal(reply, refusal('too_many_requests', `${detail} Wait ${counted.ttlInSeconds} seconds.`))
  }
}

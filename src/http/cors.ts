import type { FastifyInstance } from 'fastify'

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE'
const READ = 'authorization, content-type, idempotency-key, if-match, if-none-match, if-range, range, x-request-id'
const SHOWN = 'etag, location, retry-after, content-range, content-disposition, www-authenticate, x-request-id'
/** Browsers ask again after two hours at the latest. */
const REMEMBERED_SECONDS = '7200'

/**
 * Lets pages of these origins ask with a key. A cookie is not theirs to send: `Access-Control-Allow-Credentials` is
 * never given. A browser asks before it asks, without a key, so this is answered before the key is looked at.
 */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return
  const allowed = new Set(origins)
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('vary', 'Origin')
    const { origin, 'access-control-request-method': asked } = request.headers
    if (origin === undefined || !allowed.has(origin)) return undefined
    void reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', SHOWN)
    if (request.method !== 'OPTIONS' || asked === undefined) return undefined
    return reply
      .code(204)
      .headers({
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': READ,
        'access-control-max-age': REMEMBERED_SECONDS,
      })
      .send()
  })
}

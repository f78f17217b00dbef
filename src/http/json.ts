import type { FastifyInstance } from 'fastify'

/**
 * Takes bodies as JSON in UTF-8 and nothing else. Bytes that are not UTF-8 are refused; Fastify's own parser would
 * store a replacement character for them. A key named `__proto__` is just a field that no schema knows.
 */
export function readJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    // Many clients name the type of a body that they do not send.
    if (body.length === 0 && request.method === 'DELETE') return done(null, undefined)
    try {
      const decoder = new TextDecoder('utf-8', { fatal: true })
      done(null, JSON.parse(decoder.decode(body as Buffer)))
    } catch (error) {
      done(Object.assign(new Error('not JSON in UTF-8', { cause: error }), { statusCode: 400 }))
    }
  })
}

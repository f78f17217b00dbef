import type { FastifyInstance } from 'fastify'

/** To read 16 MiB of brackets would hold everybody up for seconds. What is less deep is left to the schemas. */
const MAXIMUM_DEPTH = 100_000

/**
 * Takes bodies as JSON in UTF-8 and nothing else. Bytes that are not UTF-8 are refused; Fastify's own parser would
 * store a replacement character for them. A key named `__proto__` is just a field that no schema knows.
 */
export function readJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    // Many clients name the type of a body that they do not send.
    if (body.length === 0 && request.method === 'DELETE') return done(null, undefined)
    const { 'content-encoding': encoding = 'identity' } = request.headers
    if (encoding.toLowerCase() !== 'identity') {
      return done(Object.assign(new Error('encoded'), { statusCode: 415 }))
    }
    if (depthOf(body as Buffer) > MAXIMUM_DEPTH) {
      return done(Object.assign(new Error('nested too deeply'), { statusCode: 422 }))
    }
    try {
      const decoder = new TextDecoder('utf-8', { fatal: true })
      done(null, JSON.parse(decoder.decode(body as Buffer)))
    } catch (error) {
      done(Object.assign(new Error('not JSON in UTF-8', { cause: error }), { statusCode: 400 }))
    }
  })
}

const [QUOTE, BACKSLASH, BRACKET, BRACKET_END, BRACE, BRACE_END] = Buffer.from('"\\[]{}')

/** How deep JSON is nested at most, without reading it. */
function depthOf(json: Buffer): number {
  let depth = 0
  let deepest = 0
  let isText = false
  for (let place = 0; place < json.length; place++) {
    const byte = json[place]
    if (isText) {
      if (byte === BACKSLASH) place++
      else if (byte === QUOTE) isText = false
    } else if (byte === QUOTE) isText = true
    else if (byte === BRACKET || byte === BRACE) deepest = Math.max(deepest, ++depth)
    else if (byte === BRACKET_END || byte === BRACE_END) depth--
  }
  return deepest
}

import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Where other limits hold than {@link JSON_LIMITS}. */
    jsonLimits?: JsonLimits
  }
}

interface JsonLimits {
  depth: number
  values: number
}

/** No body of one thing is nested more than three levels deep, or has more than a hundred fields. */
const JSON_LIMITS: JsonLimits = { depth: 64, values: 10_000 }

/**
 * To read 16 MiB of brackets or fields would hold everybody up for seconds. A thousand calls with all their fields have
 * 20 000; how deep one of them is nested is not to harm the others, and left to the schema of calls.
 */
export const JSON_LIMITS_OF_BATCH: JsonLimits = { depth: 100_000, values: 50_000 }

/**
 * Takes bodies as JSON in UTF-8 and nothing else. Bytes that are not UTF-8 are refused; Fastify's own parser would
 * store a replacement character for them. A key named `__proto__` is just a field that no schema knows.
 */
export function readJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    // Many clients name the type of a body that they do not send.
    if (body.length === 0 && request.routeOptions.schema?.body === undefined) return done(null, undefined)
    const { 'content-encoding': encoding = 'identity' } = request.headers
    if (encoding.toLowerCase() !== 'identity') {
      return done(Object.assign(new Error('encoded'), { statusCode: 415 }))
    }
    const most = request.routeOptions.config.jsonLimits ?? JSON_LIMITS
    const { depth, values } = sizeOf(body as Buffer)
    if (depth > most.depth) return done(unread(`is nested more than ${most.depth} levels deep`))
    if (values > most.values) return done(unread(`has more than ${most.values} values`))
    try {
      const decoder = new TextDecoder('utf-8', { fatal: true })
      done(null, JSON.parse(decoder.decode(body as Buffer)))
    } catch (error) {
      done(Object.assign(new Error('not JSON in UTF-8', { cause: error }), { statusCode: 400 }))
    }
  })
}

const unread = (message: string): Error => Object.assign(new Error(message), { statusCode: 422 })

const [QUOTE, BACKSLASH, BRACKET, BRACKET_END, BRACE, BRACE_END, COMMA] = Buffer.from('"\\[]{},')

/** How deep JSON is nested at most, and about how many values it has, without reading it. */
function sizeOf(json: Buffer): { depth: number; values: number } {
  let depth = 0
  let deepest = 0
  let commas = 0
  let isText = false
  for (let place = 0; place < json.length; place++) {
    const byte = json[place]
    if (isText) {
      if (byte === BACKSLASH) place++
      else if (byte === QUOTE) isText = false
    } else if (byte === QUOTE) isText = true
    else if (byte === COMMA) commas++
    else if (byte === BRACKET || byte === BRACE) deepest = Math.max(deepest, ++depth)
    else if (byte === BRACKET_END || byte === BRACE_END) depth--
  }
  return { depth: deepest, values: commas + 1 }
}

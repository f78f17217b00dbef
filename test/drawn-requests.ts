import type { Random } from './zadarma/random.ts'

/* Requests drawn from the description: mostly as it has them, and now and then as it does not. */

export type Json = Record<string, unknown>

export interface Operation {
  parameters?: { in: string; name: string; schema: Json }[]
  requestBody?: { content: Record<string, { schema: Json }> }
  responses: Record<string, unknown>
}

export interface Description {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Json>; responses: Record<string, unknown> }
}

export interface DrawnRequest {
  method: string
  url: string
  headers: Record<string, string | string[]>
  payload?: string | Buffer
}

/** What texts are made of where nothing else is asked for: what parsers, databases and browsers stumble over. */
const TEXTS = [
  '',
  ' ',
  'Ana',
  '612345678',
  '+34 612 34 56 78',
  'answered',
  'contacts',
  'not_outbound',
  '2025-01-29T10:00:00Z',
  '0001-01-01T00:00:00Z',
  '2025-02-30T10:00:00Z',
  '\u0000',
  '\ud800',
  'ñ'.repeat(50),
  '%00',
  '%',
  '_',
  '\\',
  "'; drop table calls; --",
  '{{7*7}}',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  '__proto__',
  'null',
  '1e400',
  '\u202e',
  '\ufeff',
  '\r\nset-cookie: x=1',
  'x'.repeat(21_000),
]
const ODD_VALUES: readonly unknown[] = [null, true, 0, -1, 0.5, 1e308, 2 ** 53, [], {}, [[]], { a: { b: [] } }]
const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'Application/JSON',
  'application/json;',
  'application/json ;charset=latin1',
  'application/json\t',
  '\tapplication/json',
  'application/json, text/plain',
  'application/json;charset="utf-8',
  'application/json; charset=utf-8; charset=utf-16',
  'application/jsonx',
  'application/merge-patch+json',
  'text/plain',
  'multipart/form-data',
  'application/x-www-form-urlencoded',
  'message/rfc822',
  'message/rfc822;',
  '*/*',
  '/',
  ';',
  'constructor',
  '\u00ff',
  'x'.repeat(5_000),
]

/** What is there, to be asked for: ids of anything; of an address; and by the name of a field or of a query what fits it. */
export interface Known {
  ids: string[]
  idsOf: Readonly<Record<string, readonly string[]>>
  words: Readonly<Record<string, string[]>>
}

/** Draws requests of these operations, which get further where they have what is there. */
export function createDrawing(random: Random, description: Description, { ids, idsOf, words }: Known) {
  const { schemas } = description.components
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      // One goes on for as long as somebody listens.
      .filter(() => path !== '/api/events')
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )

  function value(given: Json, depth = 0, name = ''): unknown {
    const fitting = words[name] ?? []
    if (fitting.length > 0 && random.chance(0.7)) return random.pick(fitting)
    if (random.chance(0.04)) return random.chance(0.5) ? random.pick(TEXTS) : random.pick(ODD_VALUES)
    const named = typeof given.$ref === 'string' ? schemas[given.$ref.split('/').at(-1) ?? ''] : undefined
    const schema = named ?? given
    const choices = schema.anyOf ?? schema.oneOf
    if (Array.isArray(choices)) return value(random.pick(choices) as Json, depth)
    if (Array.isArray(schema.enum)) return random.pick(schema.enum)
    if ('const' in schema) return schema.const
    const type = Array.isArray(schema.type) ? random.pick(schema.type) : schema.type
    switch (type) {
      case 'object':
        return object(schema, depth)
      case 'array': {
        const items = (schema.items ?? {}) as Json
        return Array.from({ length: random.between(0, depth > 2 ? 1 : 3) }, () => value(items, depth + 1))
      }
      case 'integer':
      case 'number':
        return random.between(0, 300)
      case 'boolean':
        return random.chance(0.5)
      case 'null':
        return null
      default:
        return text(schema)
    }
  }

  function object({ properties = {}, required = [], additionalProperties }: Json, depth: number): Json {
    const isNeeded = (name: string): boolean => random.chance((required as string[]).includes(name) ? 0.97 : 0.3)
    const entries = Object.entries(properties as Record<string, Json>)
      .filter(([name]) => isNeeded(name))
      .map(([name, schema]) => [name, value(schema, depth + 1, name)])
    if (typeof additionalProperties === 'object' && additionalProperties !== null) {
      entries.push(['1', value(additionalProperties as Json, depth + 1)])
    }
    if (random.chance(0.05)) entries.push([random.pick(TEXTS), random.pick(ODD_VALUES)])
    return Object.fromEntries(entries)
  }

  function text({ format, maxLength }: Json): string {
    if (format === 'uuid') return random.pick(ids)
    if (format === 'date-time') return `20${random.between(10, 40)}-0${random.between(1, 9)}-11T10:00:00Z`
    const drawn = random.pick(TEXTS)
    return typeof maxLength === 'number' && random.chance(0.8) ? drawn.slice(0, maxLength) : drawn
  }

  const written = (given: unknown): string => {
    const drawn = typeof given === 'string' ? given : JSON.stringify(given)
    // What no address can have is sent as its bytes.
    return encodeURIComponent((drawn ?? '').toWellFormed())
  }

  function bodyOf(operation: Operation): string | Buffer | undefined {
    const [media] = Object.values(operation.requestBody?.content ?? {})
    if (media === undefined) return random.chance(0.05) ? '{}' : undefined
    if (random.chance(0.02)) return Buffer.from([0x7b, 0xff, 0xfe])
    if (random.chance(0.02)) return random.pick(['', '{', '[]', 'null', `${'['.repeat(500)}`, '{"a":1,"a":2}'])
    return media.schema.format === 'binary'
      ? `From: ${random.pick(TEXTS).slice(0, 50)}\r\n\r\nx`
      : JSON.stringify(value(media.schema))
  }

  return (): DrawnRequest & { path: string } => {
    const { path, method, operation } = random.pick(operations)
    const parameters = operation.parameters ?? []
    const filled = path.replace(/\{\w+\}/g, () =>
      random.chance(0.85) ? random.pick(idsOf[path] ?? ids) : written(random.pick(TEXTS)),
    )
    const queried = parameters.filter(({ in: place }) => place === 'query' && random.chance(0.3))
    const query = queried.map(({ name, schema }) => `${name}=${written(value(schema, 0, name))}`)
    if (random.chance(0.04)) query.push(`${written(random.pick(TEXTS))}=1`)
    const payload = bodyOf(operation)
    const [type = 'application/json'] = Object.keys(operation.requestBody?.content ?? {})
    const contentType = random.chance(0.25) ? random.pick(CONTENT_TYPES) : type
    const headers: DrawnRequest['headers'] = {}
    if (payload !== undefined && random.chance(0.98)) headers['content-type'] = contentType
    for (const { name } of parameters.filter(({ in: place }) => place === 'header' && random.chance(0.3))) {
      headers[name.toLowerCase()] = random.pick(['"1"', '*', 'W/"1"', '', 'x', 'x'.repeat(300), 'ÿ'])
    }
    if (random.chance(path.includes('/recording') ? 0.5 : 0.05))
      headers.range = random.pick([
        'bytes=0-0',
        'bytes=2-',
        'bytes=99-',
        'bytes=5-1',
        'lines=1',
        'bytes=-',
        `bytes=${'1-2,'.repeat(99)}`,
      ])
    if (random.chance(0.05)) headers['x-request-id'] = random.pick(['', 'one', 'x'.repeat(65), '<script>', 'ÿ'])
    if (random.chance(0.02)) headers['content-encoding'] = random.pick(['gzip', 'identity', 'x, y'])
    return {
      path,
      method: method === 'GET' && random.chance(0.05) ? 'HEAD' : method,
      url: query.length === 0 ? filled : `${filled}?${query.join('&')}`,
      headers,
      ...(payload === undefined ? {} : { payload }),
    }
  }
}

import { z } from 'zod'
import type { Description, DrawnRequest, Json } from './drawn-requests.ts'

/* What is wrong with an answer, by the description. */

const LEAK =
  /node_modules|\\n +at |at [\w.]+ \(|\.[jt]s:\d|\bselect .+ from\b|insert into|ZodError|FST_ERR|SQLSTATE|violates|\/(src|work|home|tmp|dev|root)\//i

/** What was sent may come back: it is no word of the service. */
const withoutSent = (text: string, { url, payload = '' }: DrawnRequest): string =>
  [...`${payload}${decodeURIComponent(url)}`.matchAll(/[^\s"&=]{6,}/g)].reduce(
    (rest, [sent]) => rest.replaceAll(sent, ''),
    text,
  )

/** A schema with what it refers to written out, which zod can read. */
function inlined(schema: unknown, description: Description): unknown {
  if (Array.isArray(schema)) return schema.map((item) => inlined(item, description))
  if (typeof schema !== 'object' || schema === null) return schema
  const { $ref } = schema as Json
  if (typeof $ref === 'string')
    return inlined(description.components.schemas[$ref.split('/').at(-1) ?? ''], description)
  return Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, inlined(part, description)]))
}

interface Described {
  content?: Record<string, { schema: Json }>
  $ref?: string
}

export interface Answered {
  statusCode: number
  headers: Record<string, unknown>
  body: string
}

/** Gives what tells, of an answer, what is wrong with it; null where nothing is. */
export function createJudging(description: Description) {
  const known = new Map<string, Map<string, z.ZodType>>()
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      for (const [status, given] of Object.entries(responses as Record<string, Described>)) {
        const answer =
          given.$ref === undefined
            ? given
            : (description.components.responses[given.$ref.split('/').at(-1) ?? ''] as Described)
        const types = Object.entries(answer.content ?? {}).map(([type, { schema }]) => {
          const whole = inlined(schema, description)
          return [type, z.fromJSONSchema(whole as Parameters<typeof z.fromJSONSchema>[0])] as const
        })
        known.set(`${method.toUpperCase()} ${path} ${status}`, new Map(types))
      }
    }
  }

  return (request: DrawnRequest & { path: string }, { statusCode, headers, body }: Answered): string | null => {
    if (statusCode >= 500) return 'is the fault of the service'
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const types = known.get(`${method} ${request.path} ${statusCode}`)
    if (types === undefined) return 'is not in the description'
    if (LEAK.test(withoutSent(`${body} ${JSON.stringify(headers)}`, request))) return 'says how the service is made'
    if (headers['x-content-type-options'] !== 'nosniff') return 'lets itself be taken for something else'
    if (!/^[\w-]{1,64}$/.test(String(headers['x-request-id']))) return 'does not say what the request is called'
    const type = String(headers['content-type'] ?? '').split(';')[0] ?? ''
    if (body === '') return types.size === 0 || request.method === 'HEAD' ? null : 'is empty'
    if (request.method === 'HEAD') return 'has a body'
    const schema = types.get(type) ?? types.get(type.replace(/\/.*$/, '/*'))
    if (schema === undefined) return `has the type ${type}, which is not in the description`
    if (!type.endsWith('json')) return null
    const { error } = schema.safeParse(JSON.parse(body))
    return error === undefined ? null : `has another form: ${error.message}`
  }
}

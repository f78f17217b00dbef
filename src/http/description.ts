import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import { createJsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { type Access, accessOf, ROLES } from '../auth/access.ts'
import { problemOf, type RefusalCode, refusal } from './refusal.ts'

declare module 'fastify' {
  interface FastifySchema {
    /** What the description says of a route beside its schemas. */
    told?: Told
  }
}

interface Told {
  /** The header that it reads. */
  takes?: keyof typeof TAKEN
  /** What it refuses beside what follows from its address, header and body. */
  refuses?: readonly RefusalCode[]
  /** Whether what it accepts has an address of its own, which the answer names. */
  isLocated?: true
  /** What its successes say, by status, where that is not what {@link DONE} says. */
  answers?: Readonly<Record<number, string>>
}

type Json = Record<string, unknown>

/** What the success of a list says. */
export const A_PAGE = 'A page of the list.'

const DONE: Readonly<Record<string, string>> = {
  200: 'As it is now.',
  201: 'Made.',
  202: 'Accepted.',
  204: 'Gone.',
}

const header = (description: string, schema: Json = { type: 'string' }): Json => ({ description, ...schema })

const ETAG = header('The revision in quotes, for If-Match.')
const LOCATION = header('Its address.', { type: 'string', format: 'uri-reference' })

const TAKEN = {
  'Idempotency-Key': {
    parameter: header('The same request with the same key is answered as the first time, for 24 hours at least.', {
      type: 'string',
      minLength: 1,
      maxLength: 255,
    }),
    refuses: ['malformed', 'conflict'],
  },
  'If-Match': {
    parameter: header('An ETag: it is changed only if it still has that revision. Without it, or with *: in any case.'),
    refuses: ['revision_changed'],
  },
} as const satisfies Record<string, { parameter: Json; refuses: readonly RefusalCode[] }>

/** What each refusal means to a client, with the headers that come with it. */
const REFUSED: Readonly<Partial<Record<RefusalCode, { description: string; headers?: Json }>>> = {
  malformed: { description: 'The body is no JSON, or an id in the address or a header is malformed.' },
  unauthorized: {
    description: 'There is no valid key.',
    headers: { 'WWW-Authenticate': { schema: { type: 'string', const: 'Bearer' } } },
  },
  forbidden: {
    description: 'The role of who asks does not allow it, or it was asked with a cookie by a page of another address.',
  },
  not_found: { description: 'There is nothing with this id, or nothing that who asks may see.' },
  conflict: { description: 'What is there already stands against it; `detail` says what. Nothing was changed.' },
  erased: { description: 'The person was erased, and nothing of them comes back.' },
  revision_changed: { description: 'It has another revision than If-Match names. Nothing was changed.' },
  too_large: { description: 'The body is larger than 1 MiB, a batch than 16 MiB, or a mail than 80 MiB.' },
  unsupported_media_type: {
    description: 'The body is not application/json (a mail: message/rfc822), or it is packed.',
  },
  range_not_satisfiable: {
    description: 'It has no byte of the range that Range asks for.',
    headers: { 'Content-Range': { description: 'How many it has.', schema: { type: 'string' } } },
  },
  invalid: { description: 'Body or query have faults; `errors` tells them all, with their paths. Nothing was stored.' },
  too_many_requests: {
    description:
      'A caller sends more than it may in a minute, an address too much without a valid key, or a password or code was tried too often.',
    headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } },
  },
  broken: { description: 'The service is at fault. Its log says why.' },
  bad_gateway: { description: 'Zadarma does not do it; `detail` says why.' },
  unavailable: {
    description: 'The database cannot take it at the moment. The same request may succeed a little later.',
    headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } },
  },
}

function refusalsOf(
  { told = {}, body, params, querystring, security }: FastifySchema,
  { url, method }: RouteOptions,
): RefusalCode[] {
  // A body that comes with DELETE is read, too, though nothing is done with it.
  const readsBody = body !== undefined || method === 'DELETE'
  const access = accessOf(String([method].flat()[0]), url)
  return [
    ...(url.startsWith('/api/') ? (['too_many_requests', 'broken', 'unavailable'] as const) : []),
    ...(url.startsWith('/api/') && security?.length !== 0 ? (['unauthorized'] as const) : []),
    ...(isRefusedToSome(access) || (isGuarded(access) && method !== 'GET') ? (['forbidden'] as const) : []),
    ...(!readsBody ? [] : (['malformed', 'too_large', 'unsupported_media_type'] as const)),
    ...(params === undefined ? [] : (['malformed', 'not_found'] as const)),
    ...(body === undefined && querystring === undefined ? [] : (['invalid'] as const)),
    ...(told.takes === undefined ? [] : TAKEN[told.takes].refuses),
    ...(told.refuses ?? []),
  ]
}

const isGuarded = (access: Access | undefined): boolean => Array.isArray(access) || access === 'session'

const isRefusedToSome = (access: Access | undefined): boolean =>
  access === 'session' || (Array.isArray(access) && access.length < ROLES.length)

const statusOf = (code: RefusalCode): number => problemOf(refusal(code, '')).status

/** Where a row is answered by itself, and not within a list. */
const isRow = (schema: unknown): boolean => typeof schema === 'object' && schema !== null && '$ref' in schema

const PROBLEM = 'application/problem+json'
const codeOf = (status: string): RefusalCode | undefined =>
  (Object.keys(REFUSED) as RefusalCode[]).find((code) => statusOf(code) === Number(status))

/** What a route says of one of its answers; a refusal only where it has members of its own. */
function answerOf(status: string, schema: Json, told: Told): Json {
  const code = codeOf(status)
  if (code !== undefined) return { ...REFUSED[code], content: { [PROBLEM]: { schema } } }
  const description = told.answers?.[Number(status)] ?? DONE[status]
  if (schema.type === 'null') return { ...schema, description }
  const headers = {
    ...(isRow(schema) ? { ETag: ETAG } : {}),
    ...(status === '201' || told.isLocated ? { Location: LOCATION } : {}),
  }
  const content = 'content' in schema ? schema.content : { 'application/json': { schema } }
  return { description, ...(Object.keys(headers).length > 0 ? { headers } : {}), content }
}

const toJsonSchema = createJsonSchemaTransform({
  zodToJsonConfig: {
    // Zod itself leaves out the default of what is changed once it is read.
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod
      if (def.type === 'default' && 'defaultValue' in def) jsonSchema.default = def.defaultValue
    },
  },
})

/** Adds to a route what its schemas do not say: headers, and every status with what it means. */
const describeRoute: NonNullable<FastifyDynamicSwaggerOptions['transform']> = (document) => {
  const { schema, url } = toJsonSchema(document as Parameters<typeof toJsonSchema>[0])
  if (schema?.hide || document.schema === undefined) return { schema, url }
  const { told = {} } = document.schema
  const { response, ...rest } = schema as Json & { response: Record<string, Json> }
  const answers = Object.entries(response).map(([status, answer]) => [status, answerOf(status, answer, told)])
  const refusals = refusalsOf(document.schema, document.route).map((code) => [statusOf(code), { type: 'null' }])
  const headers =
    told.takes === undefined
      ? {}
      : { headers: { type: 'object', properties: { [told.takes]: TAKEN[told.takes].parameter } } }
  return { schema: { ...rest, ...headers, response: Object.fromEntries([...refusals, ...answers]) }, url }
}

interface Operation {
  requestBody?: { content: Record<string, { schema: Json }> }
  responses: Record<string, Json>
}

interface Description extends Json {
  components: { schemas: Record<string, unknown> } & Json
  paths: Record<string, Record<string, Operation>>
}

/** Says once what many routes say: bodies by their title, refusals by their name; and nothing that none refers to. */
const shareComponents: NonNullable<FastifyDynamicSwaggerOptions['transformObject']> = (document) => {
  const description = jsonSchemaTransformObject(
    document as Parameters<typeof jsonSchemaTransformObject>[0],
  ) as unknown as Description
  const { schemas } = description.components
  const responses: Record<string, unknown> = {}
  for (const { requestBody, responses: answers } of Object.values(description.paths).flatMap(
    Object.values<Operation>,
  )) {
    for (const media of Object.values(requestBody?.content ?? {})) {
      const { title, ...schema } = media.schema
      if (typeof title !== 'string') continue
      schemas[title] = schema
      media.schema = { $ref: `#/components/schemas/${title}` }
    }
    for (const [code, refused] of Object.entries(REFUSED)) {
      const { status, title } = problemOf(refusal(code as RefusalCode, ''))
      const answer = answers[status]
      if (answer === undefined || 'content' in answer) continue
      const name = title.replaceAll(' ', '')
      const content = { [PROBLEM]: { schema: { $ref: '#/components/schemas/Problem' } } }
      responses[name] = { ...refused, content }
      answers[status] = { $ref: `#/components/responses/${name}` }
    }
  }
  const isNamed = (name: string): boolean =>
    JSON.stringify([description.paths, responses, schemas]).includes(`"#/components/schemas/${name}"`)
  return {
    ...description,
    components: {
      ...description.components,
      schemas: Object.fromEntries(
        Object.entries(schemas)
          .filter(([name]) => isNamed(name))
          // zod knows them in the order in which files were loaded.
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
      responses,
    },
  } as unknown as ReturnType<typeof jsonSchemaTransformObject>
}

const ABOUT = `Registers every outbound call as a numbered attempt of its lead opportunity, by itself.

An address answers 405 with \`Allow\` to the methods that it does not have. What is refused is answered as
\`application/problem+json\` (RFC 9457).`

const SESSION =
  'Of a person who has logged in, for pages of the same address; where there is no TLS, on this machine only, `first_call`.'

/** Collects the description of every route that is added afterwards; from the schemas that validate. */
export async function describe(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'First Call', version: '1', description: ABOUT },
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: '__Host-first_call', description: SESSION },
        },
      },
      security: [{ key: [] }, { session: [] }],
    },
    transform: describeRoute,
    transformObject: shareComponents,
  })
}

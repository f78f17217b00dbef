import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { UnavailableError } from '../attempts/register.ts'
import { isUnavailable } from '../database/database.ts'
import { type Fault, type Problem, problemOf, type Refusal, refusal } from './refusal.ts'

/** In seconds: what was not taken is gone from the way by then. */
export const RETRY_AFTER = '1'

/** Answers a refusal as a problem document (RFC 9457). */
export function sendRefusal(reply: FastifyReply, reason: Refusal): FastifyReply {
  if (reason.code === 'unavailable') void reply.header('retry-after', RETRY_AFTER)
  if (reason.retryAfterSeconds !== undefined) void reply.header('retry-after', String(reason.retryAfterSeconds))
  if (reason.code === 'unauthorized') void reply.header('www-authenticate', 'Bearer')
  return sendProblem(reply, problemOf(reason))
}

/** Answers a problem document as it is. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem))
}

/** What a schema found, as zod and its Fastify plugin both tell it. */
interface Issue {
  code: string | undefined
  path: readonly PropertyKey[]
  message: string
  /** Fields that no schema knows. */
  keys?: readonly string[]
}

/** Somebody who sends a million unknown fields learns no more from a million faults. */
const MOST_FAULTS = 100
const MOST_FAULTS_OF_BATCH = 20_000
const LONGEST_PART = 100

/** So many faults are told of each call of a batch: all that its fields can have, and not endlessly many. */
export const mostFaultsOfEach = (calls: number): number =>
  Math.min(MOST_FAULTS, Math.floor(MOST_FAULTS_OF_BATCH / calls))

const pathOf = (parts: readonly PropertyKey[]): string =>
  parts
    .map(String)
    .map((part) => (part.length > LONGEST_PART ? `${part.slice(0, LONGEST_PART).toWellFormed()}…` : part))
    .join('.')

/** The first faults that a schema found, by path and in words. */
function faultsOf(issues: readonly Issue[], most: number): Fault[] {
  const faults: Fault[] = []
  for (const { code, path, message, keys = [] } of issues) {
    if (faults.length >= most) break
    if (code !== 'unrecognized_keys') faults.push({ path: pathOf(path), message })
    for (const key of keys.slice(0, most - faults.length)) {
      faults.push({ path: pathOf([...path, key]), message: 'is not a field that is known' })
    }
  }
  return faults
}

/** Refuses what a schema refused. Of more than `most` faults the first are told, and how many there are. */
export function invalid(issues: readonly Issue[], most = MOST_FAULTS): Refusal {
  const count = issues.reduce((sum, { keys }) => sum + (keys?.length ?? 1), 0)
  const rest = count > most ? ` It has ${count} faults, of which these are the first ${most}.` : ''
  const detail = `Something in the request cannot be taken; nothing was stored.${rest}`
  return refusal('invalid', detail, faultsOf(issues, most))
}

/** Sets the answers to everything that is not a success. None shows a stack, SQL or a path of the server. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(sendError)
  answerNotFound(app)
}

/** Answers whatever this scope does not have. */
export function answerNotFound(app: FastifyInstance): void {
  app.setNotFoundHandler((_, reply) => sendRefusal(reply, NOTHING_HERE))
}

const NOTHING_HERE = refusal('not_found', 'There is nothing at this address.')

/** Answers what was thrown. */
export function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (request.raw.complete === false) answerBeforeItsEnd(request, reply)
  return sendRefusal(reply, refusalOf(error, request))
}

/** So long, what is still sent after its answer is passed over. */
const LINGER_MS = 2_000

/**
 * Closed while its client still sends, the connection would take the answer with it (a proxy makes a 502 of that). So
 * it is closed once nothing comes any more, or a little later.
 */
function answerBeforeItsEnd({ raw: request }: FastifyRequest, reply: FastifyReply): void {
  void reply.removeHeader('connection')
  reply.raw.once('finish', () => {
    const cutting = setTimeout(() => request.complete || request.destroy(), LINGER_MS)
    cutting.unref()
    request.once('end', () => clearTimeout(cutting))
  })
}

function refusalOf(error: FastifyError, request: FastifyRequest): Refusal {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = error.validation.map(({ keyword, instancePath, message, params }) => ({
      code: keyword,
      path: instancePath.split('/').filter((part) => part !== ''),
      message: message ?? 'cannot be taken',
      ...('keys' in params && Array.isArray(params.keys) ? { keys: params.keys.map(String) } : {}),
    }))
    if (error.validationContext === 'params') return { ...invalid(issues), code: 'malformed' }
    return invalid(error.validationContext === 'body' ? [...issues, ...queryIssues(request)] : issues)
  }
  // What has a status is about the request: a client that hangs up looks like a database that does.
  if (error instanceof UnavailableError || (error.statusCode === undefined && isUnavailable(error))) {
    request.log.warn({ err: error }, 'the database is not available')
    return refusal('unavailable', 'The database does not answer at the moment. Send the request again a little later.')
  }
  switch (error.statusCode) {
    // Of a file of the pages below /docs: one that is not there, or lies elsewhere.
    case 403:
    case 404:
      return NOTHING_HERE
    case 413:
      return refusal('too_large', 'The body is larger than this address takes.')
    case 415:
      return refusal(
        'unsupported_media_type',
        request.headers['content-encoding'] === undefined
          ? `Send the body as ${request.routeOptions.schema?.consumes?.[0] ?? 'application/json'}.`
          : 'Send the body as it is, without Content-Encoding.',
      )
    case 422:
      return refusal('invalid', 'The body was not read.', [{ path: '', message: error.message }])
    case 400:
      return refusal(
        'malformed',
        'The request cannot be read: its body is not valid JSON in UTF-8, or it is cut short.',
      )
    default:
      request.log.error({ err: error }, 'a request failed')
      return { code: 'broken', detail: 'The service could not do this; its log says why.' }
  }
}

/** The query is not looked at once the body was refused; yet every fault is told at once. */
function queryIssues({ routeOptions, query }: FastifyRequest): readonly Issue[] {
  const schema = routeOptions.schema?.querystring
  return schema instanceof z.ZodType ? (schema.safeParse(query).error?.issues ?? []) : []
}

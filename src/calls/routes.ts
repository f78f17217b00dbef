import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { CountryCode } from 'libphonenumber-js'
import { v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import type { Answer } from '../attempts/book.ts'
import type { Register } from '../attempts/register.ts'
import { UnavailableError } from '../attempts/register.ts'
import { actorOf } from '../audit/requester.ts'
import { type Named, NO_CALL_WITH_KEY, noSuch, refusalOfUnseen, type Unseen, unseen } from '../auth/named.ts'
import type { Database } from '../database/database.ts'
import { writeCursor } from '../http/cursor.ts'
import { A_PAGE } from '../http/description.ts'
import { invalid, mostFaultsOfEach, RETRY_AFTER, sendProblem, sendRefusal } from '../http/errors.ts'
import { sightIn } from '../http/guard.ts'
import { answerKeyOf, isRefusal, wasUsedOtherwise } from '../http/idempotency.ts'
import { JSON_LIMITS_OF_BATCH } from '../http/json.ts'
import { etagOf, ifMatch } from '../http/preconditions.ts'
import { KEY_USED_BEFORE, type Problem, problemOf, type Refusal, refusal } from '../http/refusal.ts'
import { listOf, noQuery, problemSchema, uuid } from '../http/schemas.ts'
import type { Metrics } from '../metrics.ts'
import type { CallBody } from './body.ts'
import type { CallChanges } from './call.ts'
import { inSight, savedInSight } from './candidates.ts'
import { createCall, deleteCall, type NewCall, updateCall } from './save.ts'
import { callResponse, callSchemas } from './schema.ts'
import { findCall, listCalls, withAttempt } from './store.ts'

const BATCH_BODY_LIMIT = 16 * 1024 * 1024

export interface CallRoutesOptions {
  database: Database
  register: Register
  metrics: Metrics
  country: CountryCode
}

/** `/api/crm/calls` */
export const callRoutes: FastifyPluginAsyncZod<CallRoutesOptions> = async (app, options) => {
  const { database, register, metrics, country } = options
  const schemas = callSchemas(country)
  const params = z.object({ id: uuid })
  const tags = ['calls']

  const sendSaved = async (reply: FastifyReply, status: number, saved: CallBody): Promise<FastifyReply> => {
    const call = await withAttempt(database, saved)
    return sendCall(reply, status, call, await savedInSight(database, sightIn(reply.request), [call]))
  }

  const sendCall = (reply: FastifyReply, status: number, call: CallBody, [shown]: readonly CallBody[]): FastifyReply =>
    reply.code(status).header('etag', etagOf(call)).send(shown)

  app.post(
    '/calls',
    {
      schema: {
        tags,
        summary: 'Saves a call and registers its attempt',
        description:
          'A call with a provider key that is known already is one more report of that call, and answers 200 with it. ' +
          'One that was asked for, and of which somebody has told already, is refused with 409, which names its id: ' +
          'that one is to be changed.',
        querystring: noQuery,
        body: schemas.newCall,
        response: { 201: callResponse, 200: callResponse },
        told: {
          takes: 'Idempotency-Key',
          refuses: ['not_found'],
          answers: { 200: 'The call that has this provider key already, as it is now.' },
        },
      },
    },
    async (request, reply) => {
      const done = metrics.registering.startTimer({ door: 'rest' })
      const answerKey = answerKeyOf(request)
      if (isRefusal(answerKey)) return sendRefusal(reply, answerKey)
      const hidden = await refusalOfUnseen(database, sightIn(request), namedBy([request.body]))
      if (hidden !== null) return sendRefusal(reply, hidden)
      const change = createCall(newCall(request.body), actorOf(request), undefined, answerKey)
      const answer = await register.registerCallAttempt(change)
      done()
      return sendAnswer(reply, answer)
    },
  )

  const sendAnswer = async (reply: FastifyReply, { status, body }: Answer): Promise<FastifyReply> => {
    if (status >= 400) return sendProblem(reply, body as Problem)
    const call = body as CallBody
    if (status === 201) void reply.header('location', `/api/crm/calls/${call.id}`)
    return sendSaved(reply, status, call)
  }

  app.post(
    '/calls/batch',
    {
      bodyLimit: BATCH_BODY_LIMIT,
      config: { jsonLimits: JSON_LIMITS_OF_BATCH },
      schema: {
        tags,
        summary: 'Saves up to 1000 calls and registers their attempts',
        description: 'Each call has its own answer, in order; one that is refused harms no other.',
        querystring: noQuery,
        body: schemas.batch,
        response: {
          200: z.object({
            results: z.array(
              z.union([
                z.object({ status: z.number().int(), call: callResponse }),
                z.object({ status: z.number().int(), problem: problemSchema }),
              ]),
            ),
          }),
        },
        told: { takes: 'Idempotency-Key', answers: { 200: 'An answer for each call, in order.' } },
      },
    },
    async (request, reply) => {
      const firstKey = answerKeyOf(request)
      if (isRefusal(firstKey)) return sendRefusal(reply, firstKey)
      // A key's first request is the only one of which anything is saved, and a batch is one request.
      const isUsedUp = async () => firstKey !== null && (await wasUsedOtherwise(database, firstKey))
      if (await isUsedUp()) return sendRefusal(reply, KEY_USED_BEFORE)
      const by = actorOf(request)
      const clock = { start: null }
      const mostFaults = mostFaultsOfEach(request.body.calls.length)
      const read = request.body.calls.map((given) => schemas.newCall.safeParse(given))
      const sight = sightIn(request)
      const hidden =
        sight === 'everything' ? null : await unseen(database, sight, namedBy(read.flatMap(({ data }) => data ?? [])))
      const results = await Promise.all(
        read.map(async ({ data, error }, place): Promise<Answer> => {
          if (data === undefined) return problemAnswer(problemOf(invalid(error.issues, mostFaults)))
          const refused = hidden === null ? null : refusalOf(data, hidden)
          if (refused !== null) return problemAnswer(problemOf(refused))
          const answerKey = firstKey === null ? null : { ...firstKey, place }
          const done = metrics.registering.startTimer({ door: 'batch' })
          try {
            const answer = await register.registerCallAttempt(
              createCall(newCall(data), by, { clock, place }, answerKey),
            )
            done()
            if (answer.status >= 400) return answer
            return { status: answer.status, body: await withAttempt(database, answer.body as CallBody) }
          } catch (error) {
            if (!(error instanceof UnavailableError))
              request.log.error({ err: error, place }, 'a call of a batch failed')
            const code = error instanceof UnavailableError ? 'unavailable' : 'broken'
            return problemAnswer(problemOf(refusal(code, 'The call was not saved. Send it again a little later.')))
          }
        }),
      )
      if (results.some(isConflict) && (await isUsedUp())) return sendRefusal(reply, KEY_USED_BEFORE)
      if (results.some(isUnavailable)) {
        if (results.every(isRefused)) throw new UnavailableError('no call of the batch was saved')
        void reply.header('retry-after', RETRY_AFTER)
      }
      const saved = results.flatMap(({ status, body }) => (status >= 400 ? [] : (body as CallBody)))
      const shown = (await savedInSight(database, sight, saved)).values()
      return {
        results: results.map(({ status, body }) => {
          if (status >= 400) return { status, problem: body as Problem }
          return { status, call: shown.next().value ?? (body as CallBody) }
        }),
      }
    },
  )

  app.get(
    '/calls',
    {
      schema: {
        tags,
        summary: 'Lists calls, newest first',
        description:
          '`started_from` (from, inclusive) and `started_to` (to, exclusive) look at `started_at`, else `created_at`.',
        querystring: schemas.query,
        response: { 200: listOf(callResponse) },
        told: { answers: { 200: A_PAGE } },
      },
    },
    async (request) => {
      const { limit, cursor: after = null, ...filter } = request.query
      const { data, next } = await listCalls(database, filter, limit, after, sightIn(request))
      return {
        data: await inSight(database, sightIn(request), data),
        next_cursor: next === null ? null : writeCursor(next),
      }
    },
  )

  app.get(
    '/calls/:id',
    {
      schema: {
        tags,
        summary: 'Gives a call, and what became of it',
        params,
        querystring: noQuery,
        response: { 200: callResponse },
      },
    },
    async (request, reply) => {
      const call = await findCall(database, request.params.id, sightIn(request))
      if (call === null) return sendRefusal(reply, noSuch('call', request.params.id))
      return sendCall(reply, 200, call, await inSight(database, sightIn(request), [call]))
    },
  )

  app.route({
    method: ['PUT', 'PATCH'],
    url: '/calls/:id',
    schema: {
      tags,
      summary: 'Changes what is sent; null clears',
      params,
      querystring: noQuery,
      body: schemas.changes,
      response: { 200: callResponse },
      told: { takes: 'If-Match', refuses: ['erased'] },
    },
    handler: async (request, reply) => {
      const done = metrics.registering.startTimer({ door: 'rest' })
      const { entity_id } = request.body
      const named = { callIds: [request.params.id], contactIds: [entity_id], opportunityIds: [entity_id] }
      const hidden = await refusalOfUnseen(database, sightIn(request), named)
      if (hidden !== null) return sendRefusal(reply, hidden)
      const changes = request.body as CallChanges & { provider?: string | null; provider_call_id?: string | null }
      const change = updateCall(request.params.id, changes, actorOf(request), ifMatch(request.headers['if-match']))
      const result = await register.registerCallAttempt(change)
      done()
      return 'code' in result ? sendRefusal(reply, result) : sendSaved(reply, 200, result)
    },
  })

  app.delete(
    '/calls/:id',
    {
      schema: {
        tags,
        summary: 'Deletes a call, which gives its attempt back',
        params,
        querystring: noQuery,
        response: { 204: z.null() },
        told: { takes: 'If-Match' },
      },
    },
    async (request, reply) => {
      const hidden = await refusalOfUnseen(database, sightIn(request), { callIds: [request.params.id] })
      if (hidden !== null) return sendRefusal(reply, hidden)
      const change = deleteCall(request.params.id, actorOf(request), ifMatch(request.headers['if-match']))
      const result = await register.registerCallAttempt(change)
      return result === null ? reply.code(204).send(null) : sendRefusal(reply, result)
    },
  )

  type Given = z.output<typeof schemas.newCall>

  function newCall({ id, provider, provider_call_id, created_at, dial_request_id, ...fields }: Given): NewCall {
    return {
      id: id ?? uuidv7(),
      isIdGiven: id !== undefined,
      provider: provider ?? null,
      provider_call_id: provider_call_id ?? null,
      created_at: created_at ?? null,
      dialRequestId: dial_request_id,
      fields: fields as NewCall['fields'],
    }
  }
}

/** What a new call names. */
type Names = Partial<
  Record<'id' | 'entity_id' | 'provider' | 'provider_call_id' | 'dial_request_id', string | null | undefined>
>

const namedBy = (calls: readonly Names[]): Named => ({
  contactIds: calls.map(({ entity_id }) => entity_id),
  opportunityIds: calls.map(({ entity_id }) => entity_id),
  callIds: calls.map(({ id }) => id),
  providerKeys: calls.flatMap(({ provider, provider_call_id }) =>
    provider == null ? [] : [{ provider, provider_call_id }],
  ),
  dialRequestIds: calls.map(({ dial_request_id }) => dial_request_id),
})

/** What one call of a batch names and may not be seen by whoever sent it. */
function refusalOf(
  { id, entity_id, provider, provider_call_id, dial_request_id }: Names,
  hidden: Unseen,
): Refusal | null {
  if (entity_id != null && hidden.contactIds.has(entity_id)) return noSuch('contact', entity_id)
  if (entity_id != null && hidden.opportunityIds.has(entity_id)) return noSuch('opportunity', entity_id)
  if (id != null && hidden.callIds.has(id)) return noSuch('call', id)
  if (dial_request_id != null && hidden.dialRequestIds.has(dial_request_id)) return noSuch('request', dial_request_id)
  return hidden.hasKey({ provider, provider_call_id }) ? NO_CALL_WITH_KEY : null
}

const isRefused = ({ status }: Answer): boolean => status >= 400
const isConflict = ({ status }: Answer): boolean => status === 409
const isUnavailable = ({ status }: Answer): boolean => status === 503

const problemAnswer = (problem: Problem): Answer => ({ status: problem.status, body: problem })

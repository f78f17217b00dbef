import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { actorOf } from '../audit/requester.ts'
import { noSuch, refusalOfUnseen } from '../auth/named.ts'
import type { Database } from '../database/database.ts'
import { RETRY_AFTER, sendProblem, sendRefusal } from '../http/errors.ts'
import { sightIn } from '../http/guard.ts'
import { answerKeyOf, isRefusal } from '../http/idempotency.ts'
import type { Problem } from '../http/refusal.ts'
import { noQuery, problemSchema, text, time, uuid } from '../http/schemas.ts'
import type { ZadarmaApi } from '../zadarma/api.ts'
import { dialContact } from './dial.ts'
import { findRequest } from './store.ts'

export interface DiallingRoutesOptions {
  database: Database
  /** Null where the account's key or secret is not set. */
  zadarmaApi: ZadarmaApi | null
}

const FORGOTTEN =
  'As it is now. It is forgotten after two days, or after a month where the PBX has not told of what was said of it.'
const CALL_ID =
  'Null until somebody has told of the call: the PBX, or before it a person by `dial_request_id`; and where it is deleted.'

const extension = text(6)
  .refine((digits) => /^\d{1,6}$/.test(digits) && !/^0+$/.test(digits), 'is not an extension of the PBX such as 101')
  .meta({ pattern: '^\\d{1,6}$' })

const phoneNumber = text(60).meta({
  description: 'One of the contact’s, as it is read there; else the first is called.',
})

const notMadeResponse = problemSchema
  .extend({
    may_ring: z.boolean().meta({ description: 'Whether somebody may have been called all the same.' }),
    why: z.string(),
  })
  .meta({ id: 'NotMadeProblem' })

/** `/api/crm/calls/dial` */
export const diallingRoutes: FastifyPluginAsyncZod<DiallingRoutesOptions> = async (app, options) => {
  const { database } = options
  app.post(
    '/calls/dial',
    {
      schema: {
        tags: ['calls'],
        summary: 'Calls an extension, and then the contact',
        description:
          'The call itself is there once the PBX tells of it. A 502 tells in its member `may_ring` whether somebody may have been called all the same.',
        querystring: noQuery,
        body: z
          .strictObject({ contact_id: uuid, extension, phone_number: phoneNumber.optional() })
          .meta({ title: 'Dialling' }),
        response: { 202: z.object({ request_id: z.string() }), 502: notMadeResponse },
        told: {
          takes: 'Idempotency-Key',
          refuses: ['not_found', 'erased'],
          answers: { 202: 'The extension is being called.' },
        },
      },
    },
    async (request, reply) => {
      const answerKey = answerKeyOf(request)
      if (isRefusal(answerKey)) return sendRefusal(reply, answerKey)
      const hidden = await refusalOfUnseen(database, sightIn(request), { contactIds: [request.body.contact_id] })
      if (hidden !== null) return sendRefusal(reply, hidden)
      const { status, body } = await dialContact(request.body, actorOf(request), answerKey, options)
      if (status === 503) void reply.header('retry-after', RETRY_AFTER)
      if (status >= 400) return sendProblem(reply, body as Problem)
      return reply.code(202).send(body as { request_id: string })
    },
  )

  app.get(
    '/calls/dial/:request_id',
    {
      schema: {
        tags: ['calls'],
        summary: 'Tells which call a request to be put through has become',
        params: z.object({ request_id: uuid }),
        querystring: noQuery,
        response: {
          200: z.object({
            request_id: z.string(),
            contact_id: z.string(),
            extension: z.string(),
            call_id: z.string().nullable().meta({ description: CALL_ID }),
            created_at: time,
          }),
        },
        told: { answers: { 200: FORGOTTEN } },
      },
    },
    async (request, reply) => {
      const { request_id } = request.params
      const found = await findRequest(database, request_id)
      const named = { contactIds: [found?.contact_id], callIds: [found?.call_id] }
      const hidden = found === null ? null : await refusalOfUnseen(database, sightIn(request), named)
      if (found === null || hidden !== null) return sendRefusal(reply, noSuch('request', request_id))
      return found
    },
  )
}

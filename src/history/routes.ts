import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { actorOf } from '../audit/requester.ts'
import type { Database } from '../database/database.ts'
import { sendRefusal } from '../http/errors.ts'
import { refusal } from '../http/refusal.ts'
import { noQuery, uuid } from '../http/schemas.ts'
import { findRun, requestRun } from './runs.ts'
import { syncOptions, syncRequest, syncRunBody, syncRunResponse } from './schema.ts'

export interface SyncRoutesOptions {
  database: Database
}

/** `/api/crm/sync` */
export const syncRoutes: FastifyPluginAsyncZod<SyncRoutesOptions> = async (app, { database }) => {
  const tags = ['sync']

  app.post(
    '/sync',
    {
      // All of it may be left out, and so the body itself.
      preValidation: async (request: { headers: IncomingHttpHeaders; body: unknown }) => {
        if (request.headers['content-type'] === undefined) request.body ??= {}
      },
      schema: {
        tags,
        summary: 'Goes through the stored calls that no attempt holds',
        description: DESCRIPTION,
        querystring: noQuery,
        body: syncRequest,
        response: { 202: z.object({ id: z.string() }) },
        told: { isLocated: true, answers: { 202: 'It will be done; the address tells how far it is.' } },
      },
    },
    async (request, reply) => {
      const id = await requestRun(database, syncOptions(request.body), actorOf(request))
      return reply.code(202).header('location', `/api/crm/sync/${id}`).send({ id })
    },
  )

  app.get(
    '/sync/:id',
    {
      schema: {
        tags,
        summary: 'Tells how far it is',
        description: STATES,
        params: z.object({ id: uuid }),
        querystring: noQuery,
        response: { 200: syncRunResponse },
      },
    },
    async (request, reply) => {
      const run = await findRun(database, request.params.id)
      if (run === null)
        return sendRefusal(reply, refusal('not_found', `There is no sync with the id ${request.params.id}.`))
      return reply.send(syncRunBody(run))
    },
  )
}

const DESCRIPTION = `Outbound calls of contacts that were made before their opportunity was there, or while it was closed,
are decided again, the oldest first, as if they were saved now. Nothing that an attempt holds changes, and a second time
finds nothing to do.`

const STATES = `\`seen\` is \`registered\`, \`before_opportunity\`, \`failed\` and those of \`turned_away\` together.
\`failed\`: all was gone through, but some calls could not be decided; the log says why, and they are as they were.`

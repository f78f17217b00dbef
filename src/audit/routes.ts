import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { noSuch } from '../auth/named.ts'
import { findCall } from '../calls/store.ts'
import { findContact } from '../contacts/store.ts'
import type { Database } from '../database/database.ts'
import { A_PAGE } from '../http/description.ts'
import { sendRefusal } from '../http/errors.ts'
import { sightIn } from '../http/guard.ts'
import { listOf, uuid } from '../http/schemas.ts'
import { findOpportunity } from '../opportunities/store.ts'
import { renumberedBy } from './renumbered.ts'
import { auditPage, auditQuery, historyQuery, opportunityHistoryResponse, writeAuditCursor } from './schema.ts'
import { type AuditPage, historyOf, listAudit } from './store.ts'

export interface AuditRoutesOptions {
  database: Database
}

const cursorOf = ({ next }: AuditPage): string | null => (next === null ? null : writeAuditCursor(next))

/** `/api/admin/audit` */
export const auditRoutes: FastifyPluginAsyncZod<AuditRoutesOptions> = async (app, { database }) => {
  app.get(
    '/audit',
    {
      schema: {
        tags: ['audit'],
        summary: 'Lists who changed what, newest first',
        description: ABOUT_AUDIT,
        querystring: auditQuery,
        response: { 200: auditPage },
        told: { answers: { 200: A_PAGE } },
      },
    },
    async (request) => {
      const { limit, cursor: after = null, ...filter } = request.query
      const page = await listAudit(database, filter, limit, after)
      return { data: page.data, next_cursor: cursorOf(page) }
    },
  )
}

/** `/api/crm/calls/{id}/history`, and the same of contacts and opportunities. */
export const historyRoutes: FastifyPluginAsyncZod<AuditRoutesOptions> = async (app, { database }) => {
  const params = z.object({ id: uuid })

  app.get(
    '/calls/:id/history',
    {
      schema: {
        tags: ['calls'],
        summary: 'Tells who changed a call, and what; newest first',
        description: 'With what became of its recordings.',
        params,
        querystring: historyQuery,
        response: { 200: auditPage },
        told: { answers: { 200: A_PAGE } },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { limit, cursor: after = null } = request.query
      const call = await findCall(database, id, sightIn(request))
      if (call === null) return sendRefusal(reply, noSuch('call', id))
      const page = await historyOf(
        database,
        [id, ...call.recordings.map((one) => one.id)],
        limit,
        after,
        sightIn(request),
      )
      return { data: page.data, next_cursor: cursorOf(page) }
    },
  )

  app.get(
    '/contacts/:id/history',
    {
      schema: {
        tags: ['contacts'],
        summary: 'Tells who changed a contact, and what; newest first',
        params,
        querystring: historyQuery,
        response: { 200: auditPage },
        told: { answers: { 200: A_PAGE } },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { limit, cursor: after = null } = request.query
      if ((await findContact(database, id, sightIn(request))) === null) return sendRefusal(reply, noSuch('contact', id))
      const page = await historyOf(database, [id], limit, after, sightIn(request))
      return { data: page.data, next_cursor: cursorOf(page) }
    },
  )

  app.get(
    '/opportunities/:id/history',
    {
      schema: {
        tags: ['opportunities'],
        summary: 'Tells who changed an opportunity, and what; newest first',
        description: ABOUT_RENUMBERED,
        params,
        querystring: historyQuery,
        response: { 200: listOf(opportunityHistoryResponse) },
        told: { answers: { 200: A_PAGE } },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { limit, cursor: after = null } = request.query
      if ((await findOpportunity(database, id, sightIn(request))) === null) {
        return sendRefusal(reply, noSuch('opportunity', id))
      }
      const page = await historyOf(database, [id], limit, after, sightIn(request))
      const data = page.data.map((entry) => ({ ...entry, renumbered: renumberedBy(entry) }))
      return { data, next_cursor: cursorOf(page) }
    },
  )
}

const ABOUT_AUDIT = `\`who\` is \`key:<id>\`, \`user:<id>\`, \`bootstrap\`, \`zadarma\`, \`mail\`, \`import\`, \`sync\`, \`sweep\`,
\`retention\`, \`command line\`, or \`first start\` of the first key; \`request_id\` is what the request's answer had as \`x-request-id\`. \`before\` and \`after\` have only
fields that changed; \`before\` is null where it was made, \`after\` where it was deleted. \`withheld\` names fields
whose values are erased, or not for whoever asks. \`from\` is inclusive, \`to\` exclusive. A page may have fewer entries than asked for although there are more:
\`next_cursor\` tells.`

const ABOUT_RENUMBERED = `\`renumbered\`: the attempts that the change added (\`from\` is null), took away (\`to\` is null) or
gave another number, since a call that is reported late takes its place in the order of time.`

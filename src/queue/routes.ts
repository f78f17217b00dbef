import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { noSuch } from '../auth/named.ts'
import type { Database } from '../database/database.ts'
import { A_PAGE } from '../http/description.ts'
import { sendRefusal } from '../http/errors.ts'
import { callerOf, sightIn } from '../http/guard.ts'
import { noQuery, uuid } from '../http/schemas.ts'
import type { Asked } from './order.ts'
import { takenBy, writeQueueCursor } from './queue.ts'
import { claimRequest, claimResponse, letGoQuery, queueQuery, queueResponse, takenResponse } from './schema.ts'
import { claimNext, claimOne, countWaiting, findNextDue, leadsOf, letGo, listQueue } from './store.ts'

export interface QueueRoutesOptions {
  database: Database
  /** Who was called is left out for so long. */
  retryMinutes: number
}

/** `/api/crm/queue` */
export const queueRoutes: FastifyPluginAsyncZod<QueueRoutesOptions> = async (app, { database, retryMinutes }) => {
  const tags = ['queue']

  app.get(
    '/queue',
    {
      schema: {
        tags,
        summary: 'Lists whom to call next',
        description:
          'Never tried, the newest first; then by fewest attempts and longest wait. Left out: called within RETRY_MINUTES, closed, completed, full, opted out.',
        querystring: queueQuery,
        response: { 200: queueResponse },
        told: { answers: { 200: A_PAGE } },
      },
    },
    async (request) => {
      const { limit, cursor: after = null } = request.query
      const asked: Asked = { sight: sightIn(request), retryMinutes, after, freeFor: null, skipped: [] }
      const { data, next } = await listQueue(database, asked, limit, callerOf(request).owner)
      return { data, next_cursor: next === null ? null : writeQueueCursor(next) }
    },
  )

  app.post(
    '/queue/claim',
    {
      schema: {
        tags,
        summary: 'Takes the next lead for 15 minutes, or renews one',
        description:
          'Without `opportunity_id` the next that nobody else has is taken, and what else the caller has (at this `desk`) is let go of. With it that one is taken or renewed; where it is had elsewhere, the 409 has a member `claim` that tells by whom.',
        querystring: noQuery,
        body: claimRequest,
        response: { 200: claimResponse, 409: takenResponse },
        told: { refuses: ['not_found'], answers: { 200: 'The lead; null where nobody is left.' } },
      },
    },
    async (request, reply) => {
      const { opportunity_id: id, desk = '', skipped_ids: skipped = [], take_over: takesOver = false } = request.body
      const { owner, name } = callerOf(request)
      const claimant = { owner, name, desk }
      const sight = sightIn(request)
      const asked: Asked = { sight, retryMinutes, after: null, freeFor: claimant, skipped }
      const claimed =
        id === undefined
          ? await claimNext(database, asked, claimant)
          : await claimOne(database, { id, sight, takesOver }, claimant)
      if (claimed === 'not_found') return sendRefusal(reply, noSuch('opportunity', id ?? ''))
      if (claimed !== null && 'taken' in claimed) return sendRefusal(reply, takenBy(claimed.taken))
      const [lead] = claimed === null ? [] : await leadsOf(database.query, [claimed.id])
      const claim = claimed === null || lead === undefined ? null : { ...lead, claimed_until: claimed.until }
      return {
        claim,
        waiting: await countWaiting(database, { ...asked, skipped: [] }),
        next_due_at: claim === null ? await findNextDue(database, asked) : null,
      }
    },
  )

  app.delete(
    '/queue/claim/:opportunity_id',
    {
      schema: {
        tags,
        summary: 'Lets go of a lead, if it is the caller’s (where a desk is named, that desk’s)',
        params: z.object({ opportunity_id: uuid }),
        querystring: letGoQuery,
        response: { 204: z.null() },
        told: { answers: { 204: 'The caller does not have it, or no longer.' } },
      },
    },
    async (request, reply) => {
      await letGo(database, request.params.opportunity_id, callerOf(request).owner, request.query.desk ?? null)
      return reply.code(204).send(null)
    },
  )
}

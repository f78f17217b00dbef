import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Database } from '../database/database.ts'
import { listOf, noQuery } from '../http/schemas.ts'
import { role } from './schema.ts'
import { listNames } from './store.ts'

/** `/api/crm/people` */
export const nameRoutes: FastifyPluginAsyncZod<{ database: Database }> = async (app, { database }) => {
  app.get(
    '/people',
    {
      schema: {
        tags: ['people'],
        summary: 'Names who may log in, by name; all of them are on one page',
        description: 'An opportunity is assigned to one of them by the id.',
        querystring: noQuery,
        response: { 200: listOf(z.object({ id: z.string().meta({ format: 'uuid' }), name: z.string(), role })) },
        told: { answers: { 200: 'All of them.' } },
      },
    },
    async () => ({ data: await listNames(database), next_cursor: null }),
  )
}

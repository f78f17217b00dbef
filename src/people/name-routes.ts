import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Database } from '../database/database.ts'
import { listOf } from '../http/schemas.ts'
import { role } from './schema.ts'
import { listAllNames, listNames } from './store.ts'

const personName = z.object({
  id: z.string().meta({ format: 'uuid' }),
  name: z.string(),
  role,
  disabled: z.boolean().optional(),
})

/** `/api/crm/people` */
export const nameRoutes: FastifyPluginAsyncZod<{ database: Database }> = async (app, { database }) => {
  app.get(
    '/people',
    {
      schema: {
        tags: ['people'],
        summary: 'Names who may log in, by name; all of them are on one page',
        description: 'An opportunity is assigned to one of them by the id.',
        querystring: z.strictObject({
          include: z
            .enum(['disabled'])
            .optional()
            .meta({ description: 'With those who may no longer, and who that is.' }),
        }),
        response: { 200: listOf(personName) },
        told: { answers: { 200: 'All of them.' } },
      },
    },
    async ({ query: { include } }) => {
      const data = await (include === undefined ? listNames(database) : listAllNames(database))
      return { data, next_cursor: null }
    },
  )
}

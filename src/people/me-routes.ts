import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { validate as isUuid } from 'uuid'
import { z } from 'zod'
import { callerOf } from '../http/guard.ts'
import { noQuery } from '../http/schemas.ts'
import type { People } from './people.ts'
import { role } from './schema.ts'
import { findUser } from './store.ts'

/** `/api/me` */
export const meRoutes: FastifyPluginAsyncZod<{ people: People }> = async (app, { people }) => {
  app.get(
    '',
    {
      schema: {
        tags: ['people'],
        summary: 'Tells who asks',
        description:
          'Of a key that acts for nobody `id` and `email` are null; of one that acts for whom another system knows, `email` is.',
        querystring: noQuery,
        response: {
          200: z.object({
            id: z.string().nullable(),
            name: z.string(),
            email: z.string().nullable(),
            role,
            two_factor: z.boolean(),
          }),
        },
        told: { answers: { 200: 'Who it is.' } },
      },
    },
    async (request) => {
      const { userId, name, role } = callerOf(request)
      const user = userId !== null && isUuid(userId) ? await findUser(people.database, userId) : null
      return { id: userId, name, email: user?.email ?? null, role, two_factor: user?.hasTwoFactor ?? false }
    },
  )
}

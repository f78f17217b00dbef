import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { callerOf } from '../http/guard.ts'
import { noQuery, uuid } from '../http/schemas.ts'
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
          '`id` is what opportunities that are theirs have as `assigned_to`. Of a key that acts for nobody it is null, and `email` of one that acts for nobody who may log in.',
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
      // A key may act for somebody whom another system knows, by any text.
      const { data: id } = uuid.safeParse(userId)
      const user = id === undefined ? null : await findUser(people.database, id)
      return { id: userId, name, email: user?.email ?? null, role, two_factor: user?.hasTwoFactor ?? false }
    },
  )
}

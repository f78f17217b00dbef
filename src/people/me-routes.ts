import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { validate as isUuid } from 'uuid'
import { z } from 'zod'
import { lastEventId } from '../events/read.ts'
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
        description: `Of a key that acts for nobody \`id\` and \`email\` are null; of one that acts for whom another system knows,
\`email\` is. Whoever listens to \`/api/events\` with \`last_event_id\` is told what changes from now on.`,
        querystring: noQuery,
        response: {
          200: z.object({
            id: z.string().nullable(),
            name: z.string(),
            email: z.string().nullable(),
            role,
            two_factor: z.boolean(),
            last_event_id: z.string(),
          }),
        },
        told: { answers: { 200: 'Who it is.' } },
      },
    },
    async (request) => {
      const { userId, name, role } = callerOf(request)
      const [user, last_event_id] = await Promise.all([
        userId !== null && isUuid(userId) ? findUser(people.database, userId) : null,
        lastEventId(people.database),
      ])
      const { email = null, hasTwoFactor: two_factor = false } = user ?? {}
      return { id: userId, name, email, role, two_factor, last_event_id }
    },
  )
}

import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { actorOf } from '../audit/requester.ts'
import type { Database } from '../database/database.ts'
import { writeCursor } from '../http/cursor.ts'
import { A_PAGE } from '../http/description.ts'
import { sendRefusal } from '../http/errors.ts'
import { refusal } from '../http/refusal.ts'
import { cursor, instant, limit, listOf, noQuery, person, time, uuid, word } from '../http/schemas.ts'
import { ROLES } from './access.ts'
import { addKey, listKeys, revokeKey } from './key-store.ts'

const newKey = z
  .strictObject({
    name: word(200),
    role: z.enum(ROLES),
    user_id: person
      .refine((who) => who !== '', 'is empty')
      .meta({ minLength: 1, maxLength: 200 })
      .nullable()
      .default(null),
    expires_at: instant
      .refine((moment) => moment > Date.now(), 'is over already')
      .nullable()
      .default(null),
  })
  .meta({ title: 'NewKey' })

const keyResponse = z.object({
  id: z.string(),
  key: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  user_id: z.string().nullable(),
  state: z.enum(['alive', 'expired', 'revoked']),
  created_at: time,
  expires_at: time.nullable(),
  last_used_at: time.nullable(),
  revoked_at: time.nullable(),
})

/** `/api/admin/keys` */
export const keyRoutes: FastifyPluginAsyncZod<{ database: Database }> = async (app, { database }) => {
  const tags = ['keys']

  app.get(
    '/keys',
    {
      schema: {
        tags,
        summary: 'Lists keys, newest first; also those that are over',
        description: 'Of each key as much as may be shown: how it begins.',
        querystring: z.strictObject({ limit, cursor: cursor.optional() }),
        response: { 200: listOf(keyResponse) },
        told: { answers: { 200: A_PAGE } },
      },
    },
    async (request) => {
      const { limit, cursor: after = null } = request.query
      const { data, next } = await listKeys(database, limit, after)
      return { data, next_cursor: next === null ? null : writeCursor(next) }
    },
  )

  app.post(
    '/keys',
    {
      schema: {
        tags,
        summary: 'Makes a key',
        description: `\`user_id\` is the person for whom it acts. A key of the role agent sees the opportunities that are
assigned to that person, and those that are assigned to nobody; without one, only the latter.`,
        querystring: noQuery,
        body: newKey,
        response: { 201: keyResponse },
        told: { answers: { 201: 'Made. `key` is the whole key, which is shown this once.' } },
      },
    },
    async (request, reply) => {
      const { body, key } = await addKey(database, request.body, actorOf(request))
      return reply
        .code(201)
        .header('location', `/api/admin/keys/${body.id}`)
        .header('cache-control', 'no-store')
        .send({ ...body, key })
    },
  )

  app.delete(
    '/keys/:id',
    {
      schema: {
        tags,
        summary: 'Revokes a key',
        description: 'Within a second it is refused by every server. One that was revoked before stays so.',
        params: z.object({ id: uuid }),
        querystring: noQuery,
        response: { 204: z.null() },
        told: { answers: { 204: 'It opens nothing any more.' } },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      if ((await revokeKey(database, id, actorOf(request))) !== null) return reply.code(204).send(null)
      return sendRefusal(reply, refusal('not_found', `There is no key with the id ${id}.`))
    },
  )
}

import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import { actorOf } from '../audit/requester.ts'
import { writeCursor } from '../http/cursor.ts'
import { A_PAGE } from '../http/description.ts'
import { sendRefusal } from '../http/errors.ts'
import { refusal } from '../http/refusal.ts'
import { listOf, noQuery, uuid } from '../http/schemas.ts'
import { deliverLink } from './deliver.ts'
import { isLocalName } from './origin.ts'
import type { People } from './people.ts'
import {
  invitedResponse,
  linkBody,
  linkResponse,
  newUser,
  resetOptions,
  userBody,
  userChange,
  userResponse,
  usersQuery,
} from './schema.ts'
import { changeUser, createUser, findUser, listUsers, removeTwoFactor } from './store.ts'
import { LAST_ADMIN } from './user.ts'

/** `/api/admin/users` */
export const userRoutes: FastifyPluginAsyncZod<{ people: People }> = async (app, { people }) => {
  const { database } = people
  const params = z.object({ id: uuid })
  const tags = ['people']
  const noSuchUser = (id: string) => refusal('not_found', `There is no person with the id ${id}.`)
  /** Where people open their links: where nobody has said it, on this machine, whatever host was asked for. */
  const placeFor = ({ headers: { host = '' }, socket }: FastifyRequest) => ({
    publicUrl: people.publicUrl?.origin ?? `http://${isLocalName(host) ? host : `127.0.0.1:${socket.localPort}`}`,
    mail: people.mail,
  })

  app.get(
    '/users',
    {
      schema: {
        tags,
        summary: 'Lists who may log in, newest first',
        querystring: usersQuery,
        response: { 200: listOf(userResponse) },
        told: { answers: { 200: A_PAGE } },
      },
    },
    async (request) => {
      const { limit, cursor = null } = request.query
      const { data, next } = await listUsers(database, limit, cursor)
      return { data: data.map(userBody), next_cursor: next === null ? null : writeCursor(next) }
    },
  )

  app.post(
    '/users',
    {
      schema: {
        tags,
        summary: 'Invites a person by a link, good once and for 24 hours, by which they set a password',
        querystring: noQuery,
        body: newUser,
        response: { 201: invitedResponse },
        told: { refuses: ['conflict'] },
      },
    },
    async (request, reply) => {
      const user = await createUser(database, { id: uuidv7(), ...request.body }, actorOf(request))
      if (user === null) {
        return sendRefusal(reply, refusal('conflict', `There is a person with the address ${request.body.email}.`))
      }
      const link = await deliverLink(database, placeFor(request), user, actorOf(request))
      return reply
        .code(201)
        .header('location', `/api/admin/users/${user.id}`)
        .header('cache-control', 'no-store')
        .send({ ...userBody(user), link: linkBody(link) })
    },
  )

  app.get(
    '/users/:id',
    {
      schema: {
        tags,
        summary: 'Gives a person',
        params,
        querystring: noQuery,
        response: { 200: userResponse },
      },
    },
    async (request, reply) => {
      const user = await findUser(database, request.params.id)
      return user === null ? sendRefusal(reply, noSuchUser(request.params.id)) : userBody(user)
    },
  )

  app.patch(
    '/users/:id',
    {
      schema: {
        tags,
        summary: 'Changes a person’s role, or whether they may log in; their sessions are over',
        params,
        querystring: noQuery,
        body: userChange,
        response: { 200: userResponse },
        told: { refuses: ['conflict'] },
      },
    },
    async (request, reply) => {
      const { role, disabled: isDisabled } = request.body
      const user = await changeUser(database, request.params.id, { role, isDisabled }, actorOf(request))
      if (user === 'not_found') return sendRefusal(reply, noSuchUser(request.params.id))
      if (user === 'last_admin') return sendRefusal(reply, refusal('conflict', LAST_ADMIN))
      return userBody(user)
    },
  )

  app.post(
    '/users/:id/reset',
    {
      schema: {
        tags,
        summary: 'Gives a person a link, good once and for an hour, by which they set another password',
        description: 'Until they do, the password that they have stays good. One who has none yet is invited again.',
        params,
        querystring: noQuery,
        body: resetOptions,
        response: { 200: z.object({ link: linkResponse }) },
        told: { answers: { 200: 'The link.' }, refuses: ['conflict'] },
      },
    },
    async (request, reply) => {
      const user = await findUser(database, request.params.id)
      if (user === null) return sendRefusal(reply, noSuchUser(request.params.id))
      if (user.isDisabled) return sendRefusal(reply, refusal('conflict', 'This person is disabled: enable them first.'))
      if (request.body.two_factor) await removeTwoFactor(database, user.id, actorOf(request))
      const link = await deliverLink(database, placeFor(request), user, actorOf(request))
      void reply.header('cache-control', 'no-store')
      return { link: linkBody(link) }
    },
  )
}

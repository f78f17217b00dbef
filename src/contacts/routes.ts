import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { CountryCode } from 'libphonenumber-js'
import { v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import { actorOf } from '../audit/requester.ts'
import { noSuch, refusalOfUnseen } from '../auth/named.ts'
import type { Database } from '../database/database.ts'
import { writeCursor } from '../http/cursor.ts'
import { A_PAGE } from '../http/description.ts'
import { sendProblem, sendRefusal } from '../http/errors.ts'
import { sightIn } from '../http/guard.ts'
import { answerKeyOf, isRefusal } from '../http/idempotency.ts'
import { etagOf, ifMatch, revisionChanged } from '../http/preconditions.ts'
import { counted, type Problem, refusal } from '../http/refusal.ts'
import { listOf, noQuery, uuid } from '../http/schemas.ts'
import { type ContactBody, type ContactChanges, contactResponse, contactSchemas } from './contact.ts'
import type { LinkWaiting } from './relink.ts'
import { changeContact, createContact, deleteContact, findContact, listContacts } from './store.ts'

export interface ContactRoutesOptions {
  database: Database
  country: CountryCode
  /** Links the calls that wait for a contact with one of these numbers. */
  linkWaiting: LinkWaiting
}

/** `/api/crm/contacts` */
export const contactRoutes: FastifyPluginAsyncZod<ContactRoutesOptions> = async (
  app,
  { database, country, linkWaiting },
) => {
  const schemas = contactSchemas(country)
  const params = z.object({ id: uuid })
  const tags = ['contacts']
  const noSuchContact = (id: string) => noSuch('contact', id)

  app.post(
    '/contacts',
    {
      schema: {
        tags,
        summary: 'Makes a contact',
        querystring: noQuery,
        body: schemas.newContact,
        response: { 201: contactResponse },
        told: { takes: 'Idempotency-Key', refuses: ['not_found'] },
      },
    },
    async (request, reply) => {
      const answerKey = answerKeyOf(request)
      if (isRefusal(answerKey)) return sendRefusal(reply, answerKey)
      const unseen = await refusalOfUnseen(database, sightIn(request), { contactIds: [request.body.id] })
      if (unseen !== null) return sendRefusal(reply, unseen)
      const { id = uuidv7(), created_at = null, ...fields } = request.body
      const { status, body } = await createContact(database, { id, created_at, ...fields }, actorOf(request), answerKey)
      if (status >= 400) return sendProblem(reply, body as Problem)
      const contact = body as ContactBody
      await linkWaiting(contact.phones, actorOf(request))
      return reply
        .code(201)
        .header('location', `/api/crm/contacts/${contact.id}`)
        .header('etag', etagOf(contact))
        .send(contact)
    },
  )

  app.get(
    '/contacts',
    {
      schema: {
        tags,
        summary: 'Lists contacts, newest first',
        description: '`q` looks in name, e-mail and telephone number, in any writing.',
        querystring: schemas.query,
        response: { 200: listOf(contactResponse) },
        told: { answers: { 200: A_PAGE } },
      },
    },
    async (request) => {
      const { limit, cursor: after = null, ...filter } = request.query
      const { data, next } = await listContacts(database, filter, limit, after, sightIn(request))
      return { data, next_cursor: next === null ? null : writeCursor(next) }
    },
  )

  app.get(
    '/contacts/:id',
    {
      schema: {
        tags,
        summary: 'Gives a contact',
        params,
        querystring: noQuery,
        response: { 200: contactResponse },
      },
    },
    async (request, reply) => {
      const contact = await findContact(database, request.params.id, sightIn(request))
      if (contact === null) return sendRefusal(reply, noSuchContact(request.params.id))
      return reply.header('etag', etagOf(contact)).send(contact)
    },
  )

  app.patch(
    '/contacts/:id',
    {
      schema: {
        tags,
        summary: 'Changes what is sent; null clears',
        params,
        querystring: noQuery,
        body: schemas.changes,
        response: { 200: contactResponse },
        told: { takes: 'If-Match' },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const unseen = await refusalOfUnseen(database, sightIn(request), { contactIds: [id] })
      if (unseen !== null) return sendRefusal(reply, unseen)
      const isExpected = ifMatch(request.headers['if-match'])
      const by = actorOf(request)
      const result = await changeContact(database, id, request.body as ContactChanges, by, isExpected)
      if (result === 'not_found') return sendRefusal(reply, noSuchContact(id))
      if ('revision' in result) return sendRefusal(reply, revisionChanged(result))
      if ('phones' in request.body) await linkWaiting(result.contact.phones, by)
      return reply.header('etag', etagOf(result.contact)).send(result.contact)
    },
  )

  app.delete(
    '/contacts/:id',
    {
      schema: {
        tags,
        summary: 'Deletes a contact without calls and opportunities',
        params,
        querystring: noQuery,
        response: { 204: z.null() },
        told: { takes: 'If-Match', refuses: ['conflict'] },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const unseen = await refusalOfUnseen(database, sightIn(request), { contactIds: [id] })
      if (unseen !== null) return sendRefusal(reply, unseen)
      const obstacle = await deleteContact(database, id, actorOf(request), ifMatch(request.headers['if-match']))
      if (obstacle === null) return reply.code(204).send(null)
      if (obstacle === 'not_found') return sendRefusal(reply, noSuchContact(id))
      if ('revision' in obstacle) return sendRefusal(reply, revisionChanged(obstacle))
      const has = `${counted(obstacle.calls, 'call')} and ${counted(obstacle.opportunities, 'opportunity', 'opportunities')}`
      return sendRefusal(reply, refusal('conflict', `The contact has ${has}, and stays.`))
    },
  )
}

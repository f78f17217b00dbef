import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { CountryCode } from 'libphonenumber-js'
import { v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import type { Actor } from '../audit/actor.ts'
import { actorOf } from '../audit/requester.ts'
import type { Role } from '../auth/caller.ts'
import { ERASED, noSuch, refusalOfUnseen } from '../auth/named.ts'
import type { Sight } from '../auth/sight.ts'
import type { Database } from '../database/database.ts'
import { eraseContact } from '../erasure/erase.ts'
import type { ErasingOptions } from '../erasure/erasure.ts'
import { isErased } from '../erasure/store.ts'
import { writeCursor } from '../http/cursor.ts'
import { A_PAGE } from '../http/description.ts'
import { sendProblem, sendRefusal } from '../http/errors.ts'
import { callerOf, sightIn } from '../http/guard.ts'
import { answerKeyOf, isRefusal } from '../http/idempotency.ts'
import { etagOf, ifMatch, type RevisionTest, revisionChanged } from '../http/preconditions.ts'
import { counted, type Problem, type Refusal, refusal } from '../http/refusal.ts'
import { listOf, noQuery, uuid } from '../http/schemas.ts'
import { type ContactBody, type ContactChanges, contactResponse, contactSchemas } from './contact.ts'
import type { LinkWaiting } from './relink.ts'
import { changeContact, createContact, deleteContact, findContact, listContacts } from './store.ts'

export interface ContactRoutesOptions {
  database: Database
  country: CountryCode
  /** Links the calls that wait for a contact with one of these numbers. */
  linkWaiting: LinkWaiting
  /** Whatever erasing needs. */
  erasing: ErasingOptions
}

/** `/api/crm/contacts` */
export const contactRoutes: FastifyPluginAsyncZod<ContactRoutesOptions> = async (
  app,
  { database, country, linkWaiting, erasing },
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
        told: { refuses: ['erased'] },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const contact = await findContact(database, id, sightIn(request))
      if (contact === null) return sendRefusal(reply, await whyNone(id, sightIn(request)))
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
        told: { takes: 'If-Match', refuses: ['erased'] },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const unseen = await refusalOfUnseen(database, sightIn(request), { contactIds: [id] })
      if (unseen !== null) return sendRefusal(reply, unseen)
      const isExpected = ifMatch(request.headers['if-match'])
      const by = actorOf(request)
      const result = await changeContact(database, id, request.body as ContactChanges, by, isExpected)
      if (result === 'not_found') return sendRefusal(reply, await whyNone(id, sightIn(request)))
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
        summary: 'Deletes a contact without calls and opportunities, or erases one',
        description: ABOUT_ERASING,
        params,
        querystring: z.strictObject({ erase: z.enum(['true', 'false']).optional() }),
        response: { 204: z.null() },
        told: { takes: 'If-Match', refuses: ['conflict', 'erased'] },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const isErasing = request.query.erase === 'true'
      if (isErasing && !ERASERS.includes(callerOf(request).role)) return sendRefusal(reply, NOT_TO_ERASE)
      const unseen = await refusalOfUnseen(database, sightIn(request), { contactIds: [id] })
      if (unseen !== null) return sendRefusal(reply, unseen)
      const [by, isExpected] = [actorOf(request), ifMatch(request.headers['if-match'])]
      const obstacle = await (isErasing ? erase(id, by, isExpected) : deleteContact(database, id, by, isExpected))
      if (obstacle === null) return reply.code(204).send(null)
      if (obstacle === 'not_found') return sendRefusal(reply, await whyNone(id, sightIn(request)))
      if ('code' in obstacle) return sendRefusal(reply, obstacle)
      if ('revision' in obstacle) return sendRefusal(reply, revisionChanged(obstacle))
      const has = `${counted(obstacle.calls, 'call')} and ${counted(obstacle.opportunities, 'opportunity', 'opportunities')}`
      return sendRefusal(reply, refusal('conflict', `The contact has ${has}, and stays.`))
    },
  )

  /** A contact that was erased is gone for good, which is something else than never having been there. */
  async function whyNone(id: string, sight: Sight): Promise<Refusal> {
    return (await isErased(database, id, sight)) ? ERASED : noSuchContact(id)
  }

  async function erase(id: string, by: Actor, isExpected: RevisionTest) {
    try {
      return await eraseContact(id, by, isExpected, erasing, AbortSignal.timeout(ERASED_WITHIN_MS))
    } catch (error) {
      // Before it is asked for, an outage is one as ever.
      if (!(await isErased(database, id).catch(() => false))) throw error
      app.log.warn({ err: error, contactId: id }, 'a contact could not be erased at once, which goes on by itself')
      return GOES_ON
    }
  }
}

/** Much of it goes through all messages that there are. */
const ERASED_WITHIN_MS = 20_000

const ERASERS: readonly Role[] = ['admin', 'manager']

const NOT_TO_ERASE = refusal(
  'forbidden',
  `Only a key or person with one of these roles may erase: ${ERASERS.join(', ')}.`,
)

const GOES_ON: Refusal = {
  code: 'unavailable',
  detail:
    'The contact is gone, and the rest of it is being erased, which goes on by itself. Ask again to hear that it is done.',
  retryAfterSeconds: 10,
}

const ABOUT_ERASING = `With \`erase=true\`, whatever tells of the person is removed everywhere, for good: the contact; numbers,
results and notes of calls; recordings; titles and notes of attempts; messages; what the audit keeps of names, numbers and
texts. Calls, attempts, their numbers and colours stay, and count as before. For admins and managers. Erased again, what has
come since under the contact's id goes, too.`

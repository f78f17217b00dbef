import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { validate as isUuid, v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import type { Register } from '../attempts/register.ts'
import { actorOf } from '../audit/requester.ts'
import { ERASED, noSuch, refusalOfUnseen } from '../auth/named.ts'
import { mayAssign, type Sight } from '../auth/sight.ts'
import type { Database } from '../database/database.ts'
import { isOfErased } from '../erasure/store.ts'
import { writeCursor } from '../http/cursor.ts'
import { A_PAGE } from '../http/description.ts'
import { sendProblem, sendRefusal } from '../http/errors.ts'
import { sightIn } from '../http/guard.ts'
import { answerKeyOf, isRefusal } from '../http/idempotency.ts'
import { etagOf, ifMatch, revisionChanged } from '../http/preconditions.ts'
import { counted, type Problem, type Refusal, refusal } from '../http/refusal.ts'
import { listOf, noQuery, uuid } from '../http/schemas.ts'
import type { OpportunityBody } from './body.ts'
import type { OpportunityChanges } from './opportunity.ts'
import { changeOpportunity, createOpportunity } from './save.ts'
import {
  countQuery,
  countResponse,
  newOpportunity,
  oneQuery,
  opportunityChanges,
  opportunityQuery,
  opportunityResponse,
  opportunityWithContact,
} from './schema.ts'
import { countOpportunities, deleteOpportunity, findOpportunity, listOpportunities } from './store.ts'
import { withContacts } from './with-contacts.ts'

export interface OpportunityRoutesOptions {
  database: Database
  register: Register
}

/** `/api/crm/opportunities` */
export const opportunityRoutes: FastifyPluginAsyncZod<OpportunityRoutesOptions> = async (
  app,
  { database, register },
) => {
  const params = z.object({ id: uuid })
  const tags = ['opportunities']
  const noSuchOpportunity = (id: string) => noSuch('opportunity', id)

  app.post(
    '/opportunities',
    {
      schema: {
        tags,
        summary: 'Makes an opportunity; attempts of an older system may come with it',
        querystring: noQuery,
        body: newOpportunity,
        response: { 201: opportunityResponse },
        told: { takes: 'Idempotency-Key', refuses: ['not_found'] },
      },
    },
    async (request, reply) => {
      const answerKey = answerKeyOf(request)
      if (isRefusal(answerKey)) return sendRefusal(reply, answerKey)
      const refused = await refusalOfNew(request.body, sightIn(request))
      if (refused !== null) return sendRefusal(reply, refused)
      const {
        id = uuidv7(),
        title = null,
        assigned_to = null,
        source = null,
        created_at = null,
        ...rest
      } = request.body
      const asked = { id, title, assigned_to, source, created_at, ...rest }
      const { status, body } = await register.registerCallAttempt(createOpportunity(asked, actorOf(request), answerKey))
      if (status >= 400) return sendProblem(reply, body as Problem)
      const opportunity = body as OpportunityBody
      return reply
        .code(201)
        .header('location', `/api/crm/opportunities/${opportunity.id}`)
        .header('etag', etagOf(opportunity))
        .send(opportunity)
    },
  )

  app.get(
    '/opportunities',
    {
      schema: {
        tags,
        summary: 'Lists opportunities',
        description: '`q` looks in the title and in the contact. Never tried sorts as tried longest ago.',
        querystring: opportunityQuery,
        response: { 200: listOf(opportunityWithContact) },
        told: { answers: { 200: A_PAGE } },
      },
    },
    async (request) => {
      const { limit, cursor: after = null, sort, include, ...filter } = request.query
      const { data, next } = await listOpportunities(database, filter, sort, limit, after, sightIn(request))
      const asked = include === undefined ? data : await withContacts(database.query, data)
      return { data: asked, next_cursor: next === null ? null : writeCursor(next) }
    },
  )

  app.get(
    '/opportunities/count',
    {
      schema: {
        tags,
        summary: 'Counts opportunities, up to a number that is soon reached',
        description: 'Up to 10 000; with more than one filter up to 1 000, and where it has to search up to 200.',
        querystring: countQuery,
        response: { 200: countResponse },
        told: { answers: { 200: 'How many.' } },
      },
    },
    (request) => countOpportunities(database, request.query, sightIn(request)),
  )

  app.get(
    '/opportunities/:id',
    {
      schema: {
        tags,
        summary: 'Gives an opportunity',
        params,
        querystring: oneQuery,
        response: { 200: opportunityWithContact },
      },
    },
    async (request, reply) => {
      const opportunity = await findOpportunity(database, request.params.id, sightIn(request))
      if (opportunity === null) return sendRefusal(reply, noSuchOpportunity(request.params.id))
      const [asked = opportunity] =
        request.query.include === undefined ? [] : await withContacts(database.query, [opportunity])
      return reply.header('etag', etagOf(opportunity)).send(asked)
    },
  )

  app.patch(
    '/opportunities/:id',
    {
      schema: {
        tags,
        summary: 'Changes what is sent; null clears',
        params,
        querystring: noQuery,
        body: opportunityChanges,
        response: { 200: opportunityResponse },
        told: { takes: 'If-Match', refuses: ['erased'] },
      },
    },
    async (request, reply) => {
      const sight = sightIn(request)
      const changes = request.body as OpportunityChanges
      if (!mayAssign(sight, changes.assigned_to)) {
        const refused = await refusalOfUnseen(database, sight, { opportunityIds: [request.params.id] })
        return sendRefusal(reply, refused ?? NOT_TO_OTHERS)
      }
      if (changes.title != null && (await isOfErased(database, request.params.id))) {
        const refused = await refusalOfUnseen(database, sight, { opportunityIds: [request.params.id] })
        return sendRefusal(reply, refused ?? ERASED)
      }
      const isExpected = ifMatch(request.headers['if-match'])
      const change = changeOpportunity(request.params.id, changes, actorOf(request), isExpected, sight)
      const result = await register.registerCallAttempt(change)
      if ('code' in result) return sendRefusal(reply, result)
      return reply.header('etag', etagOf(result)).send(result)
    },
  )

  app.delete(
    '/opportunities/:id',
    {
      schema: {
        tags,
        summary: 'Deletes an opportunity without attempts and calls',
        params,
        querystring: noQuery,
        response: { 204: z.null() },
        told: { takes: 'If-Match', refuses: ['conflict'] },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const isExpected = ifMatch(request.headers['if-match'])
      const obstacle = await deleteOpportunity(database, id, actorOf(request), isExpected, sightIn(request))
      if (obstacle === null) return reply.code(204).send(null)
      if (obstacle === 'not_found') return sendRefusal(reply, noSuchOpportunity(id))
      if ('revision' in obstacle) return sendRefusal(reply, revisionChanged(obstacle))
      const has = `${counted(obstacle.attempts, 'attempt')} and ${counted(obstacle.calls, 'call')}`
      return sendRefusal(reply, refusal('conflict', `The opportunity has ${has}, and stays.`))
    },
  )

  async function refusalOfNew(asked: z.output<typeof newOpportunity>, sight: Sight): Promise<Refusal | null> {
    const attemptIds = Object.values(asked.first_call_attempts).map(({ call_id }) => call_id)
    const unseen = await refusalOfUnseen(database, sight, {
      contactIds: [asked.contact_id],
      opportunityIds: [asked.id],
      callIds: attemptIds.filter(isUuid),
      attemptIds,
    })
    return unseen ?? (mayAssign(sight, asked.assigned_to) ? null : NOT_TO_OTHERS)
  }
}

const NOT_TO_OTHERS = refusal(
  'forbidden',
  'An agent may take an opportunity or give it back (assigned_to null), and not give it to somebody else.',
)

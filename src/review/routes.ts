import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Register } from '../attempts/register.ts'
import { actorOf } from '../audit/requester.ts'
import { mayBeReached, noSuch, refusalOfUnseen } from '../auth/named.ts'
import { findCall } from '../calls/store.ts'
import { findContact } from '../contacts/store.ts'
import type { Database } from '../database/database.ts'
import { removeFiles } from '../database/embedded-files.ts'
import { writeCursor } from '../http/cursor.ts'
import { A_PAGE } from '../http/description.ts'
import { sendRefusal } from '../http/errors.ts'
import { ownerOf, sightIn } from '../http/guard.ts'
import { isRefusal } from '../http/idempotency.ts'
import { type Refusal, refusal } from '../http/refusal.ts'
import { listOf, noQuery, uuid } from '../http/schemas.ts'
import { AUDIO, heard, sendAudio } from '../recordings/hear.ts'
import { decidedBefore, faultOf, wrong } from './answer.ts'
import { decideItem } from './decide.ts'
import type { ReviewAnswer, ReviewItem } from './item.ts'
import { itemBody, reviewAnswer, reviewItemResponse, reviewQuery } from './schema.ts'
import { findItem, listOpenItems } from './store.ts'

export interface ReviewRoutesOptions {
  database: Database
  register: Register
  /** The folder of recordings, absolute. */
  recordingsDir: string
}

/** `/api/crm/review` */
export const reviewRoutes: FastifyPluginAsyncZod<ReviewRoutesOptions> = async (app, options) => {
  const { database, register, recordingsDir } = options
  const tags = ['review']

  app.get(
    '/review',
    {
      schema: {
        tags,
        summary: 'Lists what a person has to decide, oldest first',
        querystring: reviewQuery,
        response: { 200: listOf(reviewItemResponse) },
        told: { answers: { 200: A_PAGE } },
      },
    },
    async (request) => {
      const { limit, cursor: after = null, ...filter } = request.query
      const { data, next } = await listOpenItems(database, filter, limit, after, sightIn(request))
      return { data: data.map(itemBody), next_cursor: next === null ? null : writeCursor(next) }
    },
  )

  app.post(
    '/review/:id',
    {
      schema: {
        tags,
        summary: 'Decides an item',
        description: DESCRIPTION,
        params: z.object({ id: uuid }),
        querystring: noQuery,
        body: reviewAnswer,
        response: { 200: reviewItemResponse },
        told: { refuses: ['conflict'], answers: { 200: 'The item with its decision.' } },
      },
    },
    async (request, reply) => {
      const { action, call_id = null, contact_id = null, reason = null } = request.body
      const answer = { action, call_id, contact_id, reason }
      const result = await decide(request.params.id, answer, request)
      return isRefusal(result) ? sendRefusal(reply, result) : reply.send(itemBody(result))
    },
  )

  app.get(
    '/review/:id/recordings/:recording_id',
    {
      schema: {
        ...AUDIO,
        tags,
        summary: 'Gives a recording of an e-mail that waits for a decision',
        params: z.object({ id: uuid, recording_id: uuid }),
      },
    },
    async (request, reply) => {
      const { id, recording_id } = request.params
      const mail = (await findItem(database, id, sightIn(request)))?.mail
      const one = mail?.audio.find((audio) => audio.id === recording_id)
      if (mail === undefined || one === undefined) {
        return sendRefusal(reply, refusal('not_found', 'There is no such recording that waits for a decision.'))
      }
      const { phone_number: phoneNumber, started_at } = mail.kept.fields
      const startedAt = started_at ?? Date.parse(mail.kept.received_at)
      return sendAudio(request, reply, { recording: heard(one), startedAt, phoneNumber }, recordingsDir)
    },
  )

  async function decide(id: string, answer: ReviewAnswer, request: FastifyRequest): Promise<ReviewItem | Refusal> {
    const decidedBy = ownerOf(request)
    const sight = sightIn(request)
    const item = await findItem(database, id, sight)
    if (item === null) return noSuch('item', id)
    const named = { contactIds: [answer.contact_id], callIds: [answer.call_id] }
    const hidden = await refusalOfUnseen(database, sight, named)
    if (hidden !== null) return hidden
    const { decision } = item
    if (decision !== null) return decidedBefore({ ...item, decision }, { ...answer, by: decidedBy })
    const fault = faultOf(item, answer)
    if (fault !== null) return fault
    if (answer.contact_id !== null && (await findContact(database, answer.contact_id)) === null) {
      return wrong('contact_id', `There is no contact with the id ${answer.contact_id}.`)
    }
    const numbers = [item.mail?.kept.fields.phone_number]
    if (item.kind === 'unmatched_mail' && answer.call_id !== null) {
      const call = await findCall(database, answer.call_id)
      if (call === null) return wrong('call_id', `There is no call with the id ${answer.call_id}.`)
      numbers.push(call.phone_number)
    }
    const mayLinkTo = await mayBeReached(database, sight, numbers)
    const deciding = { by: actorOf(request), decidedBy, matchedBy: 'person', mayLinkTo } as const
    const result = await register.registerCallAttempt(decideItem(item, answer, deciding))
    if (isRefusal(result)) return result
    await removeFiles(recordingsDir, result.unusedAudio)
    return result.item
  }
}

const DESCRIPTION = `\`dismiss\` leaves everything as it is. \`link\`: of a \`doubtful_link\`, \`contact_id\` is the contact
whom the call went to; of a \`same_call\`, \`call_id\` is the one of the two calls that stays, and the other is deleted
once its recordings and what the one lacks have gone over; of an \`unmatched_mail\`, \`call_id\` is any call, which gets
the audio and what the message tells. \`create\`: of an \`unmatched_mail\`, a call is made of what it tells, with the
contact \`contact_id\` where one is named. The same answer again is a success.`

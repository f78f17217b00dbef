import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isOutage } from '../database/database.ts'
import { sendRefusal } from '../http/errors.ts'
import { refusal } from '../http/refusal.ts'
import { noQuery } from '../http/schemas.ts'
import type { MailOptions } from './handle.ts'
import { MailError, MailTooLargeError } from './mail.ts'
import { receiveMail } from './receive.ts'
import { MAIL_BYTES } from './spool.ts'
import { isOfSystem } from './system-fault.ts'

const MEDIA_TYPE = 'message/rfc822'

/** `/api/recordings/email`: one raw message, which is never in memory as a whole. */
export const mailRoutes: FastifyPluginAsyncZod<{ mails: MailOptions }> = async (app, { mails }) => {
  const { metrics } = mails.inbox
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(MEDIA_TYPE, (request, payload, done) => {
    const fault = faultOf(request)
    if (fault === null) done(null, payload)
    else done(Object.assign(new Error('not taken'), { statusCode: fault }))
  })

  app.post(
    '',
    {
      bodyLimit: MAIL_BYTES,
      schema: {
        tags: ['recordings'],
        summary: 'Takes in an e-mail with a recording',
        description: DESCRIPTION,
        consumes: [MEDIA_TYPE],
        querystring: noQuery,
        body: z.any().meta({ title: 'RawMail', type: 'string', format: 'binary' }),
        response: { 202: z.object({ id: z.string(), result: z.enum(RESULTS), call_id: z.string().nullable() }) },
        told: { answers: { 202: 'It is kept, and handled.' } },
      },
    },
    async (request, reply) => {
      const done = metrics.registering.startTimer({ door: 'mail' })
      try {
        const { id, result, callId } = await receiveMail(chunksOf(request.body as Readable), 'push', mails, request.id)
        done()
        if (result === 'waiting') return sendRefusal(reply, refusal('unavailable', KEPT))
        return reply.code(202).send({ id, result, call_id: callId })
      } catch (error) {
        return answerFault(error, request, reply)
      }
    },
  )
}

const RESULTS = ['attached', 'new_call', 'review', 'set_aside', 'duplicate'] as const

const KEPT = 'The message is kept, and handled a little later. It need not be sent again.'

const DESCRIPTION = `The message as it was sent, with its header. \`attached\`: its recording is that of a call;
\`new_call\`: of one that nothing had told of; \`review\`: a person has to decide; \`set_aside\`: it tells of no recording;
\`duplicate\`: it was received before. The same message again changes nothing.`

/** The body as it comes. Left whole where it is not read to its end: its connection carries the answer, too. */
async function* chunksOf(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* body.iterator({ destroyOnReturn: false })
  } catch (error) {
    // Whoever hangs up is not to be taken for a database that does.
    throw Object.assign(new Error('the body ended too early', { cause: error }), { statusCode: 400 })
  }
}

/** Looked at before the body is. */
function faultOf({ headers }: FastifyRequest): number | null {
  const { 'content-encoding': encoding = 'identity', 'content-length': length = '0' } = headers
  if (encoding.toLowerCase() !== 'identity') return 415
  return Number(length) > MAIL_BYTES ? 413 : null
}

function answerFault(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // Whoever is still sending is not listened to any more.
  void reply.header('connection', 'close')
  if (error instanceof MailTooLargeError) return sendRefusal(reply, refusal('too_large', error.message))
  if (error instanceof MailError) {
    return sendRefusal(reply, refusal('invalid', 'Nothing was stored.', [{ path: '', message: error.message }]))
  }
  // A full disk, and whatever else an operator mends, and not the sender.
  if (!isOfSystem(error) || isOutage(error)) throw error
  request.log.error({ err: error }, 'a mail could not be written to the disk')
  return sendRefusal(reply, refusal('unavailable', 'There is no room for it at the moment. Send it again later.'))
}

import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { ZadarmaConfig } from '../config.ts'
import { sendProblem, sendRefusal } from '../http/errors.ts'
import { networksOf } from '../http/networks.ts'
import { problemOf, refusal } from '../http/refusal.ts'
import { type InboxOptions, receiveMessage } from '../inbox/inbox.ts'
import { newMessage } from '../inbox/store.ts'
import { columnText } from './fields.ts'
import { readForm } from './form.ts'
import { isGenuine, isKnownEvent } from './signature.ts'

export interface ZadarmaRoutesOptions {
  zadarma: ZadarmaConfig
  inbox: InboxOptions
}

/**
 * `/api/zadarma/webhook`, or with a last part of its own: notifications are accepted where their signature fits. Events
 * of which nobody knows what they sign are accepted too where the path or the address vouches for them.
 */
export const zadarmaRoutes: FastifyPluginAsync<ZadarmaRoutesOptions> = async (app, { zadarma, inbox }) => {
  const allowed = zadarma.allowedIps === null ? null : networksOf(zadarma.allowedIps)
  readRawBodies(app)

  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const { secret: givenSecret } = request.params as { secret?: string }
    // Where there is a secret path, there is no other.
    if (!isSame(givenSecret ?? '', zadarma.webhookPathSecret ?? '')) {
      return sendRefusal(reply, refusal('not_found', 'There is nothing at this address.'))
    }
    if (allowed !== null && !allowed(request.ip)) return refuse(request, reply, 'This address may not notify.')
    const { zd_echo: echo } = request.query as { zd_echo?: unknown }
    const isQuestion = typeof echo === 'string' && !hasNews(request)
    if (isQuestion) return reply.type('text/plain').header('x-content-type-options', 'nosniff').send(echo)
    const contentType = request.method === 'GET' ? URLENCODED : (request.headers['content-type'] ?? '')
    const body = request.method === 'GET' ? queryOf(request) : ((request.body as Buffer | null) ?? Buffer.alloc(0))
    const fields = await readForm(contentType, body)
    const signature = request.headers.signature
    const isVouchedFor = zadarma.webhookPathSecret !== null || allowed !== null
    const isAccepted =
      fields !== null &&
      (isGenuine(fields, typeof signature === 'string' ? signature : undefined, zadarma.secret ?? '') ||
        (isVouchedFor && !isKnownEvent(fields.event ?? '')))
    if (!isAccepted) return refuse(request, reply, 'The notification has no signature that fits.')
    const done = inbox.metrics.registering.startTimer({ door: 'zadarma' })
    await receiveMessage(
      newMessage({
        door: 'zadarma',
        headers: { 'content-type': contentType, from: request.ip },
        body,
        form: fields,
        requestId: request.id,
        event: columnText(fields.event ?? '', 100) ?? 'none',
      }),
      inbox,
    )
    done()
    inbox.metrics.messages.inc({ door: 'zadarma', result: 'accepted' })
    // A body would steer the call.
    return reply.code(200).send()
  }

  const refuse = async (request: FastifyRequest, reply: FastifyReply, detail: string) => {
    inbox.metrics.messages.inc({ door: 'zadarma', result: 'refused' })
    const tooMany = await app.countForged(request, reply)
    if (tooMany !== undefined) return tooMany
    // No scheme that a client could answer with: the signature is a header of its own.
    return sendProblem(reply, problemOf(refusal('unauthorized', detail)))
  }

  for (const url of ['/webhook', '/webhook/:secret']) {
    // Not for clients of the API, who find nothing here that they could use.
    app.route({
      method: ['GET', 'POST'],
      url,
      exposeHeadRoute: false,
      bodyLimit: BODY_LIMIT,
      schema: { hide: true },
      handler,
    })
  }
}

/** Many times what a notification has. */
const BODY_LIMIT = 256 * 1024

const URLENCODED = 'application/x-www-form-urlencoded'

/** Whatever the address is called with, a notification is one. */
function hasNews({ method, query, body }: FastifyRequest): boolean {
  return 'event' in (query as object) || (method === 'POST' && body instanceof Buffer && body.includes('event'))
}

/** Whatever comes is taken as it is: the raw bytes are what is stored. */
function readRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

function queryOf(request: FastifyRequest): Buffer {
  return Buffer.from(request.raw.url?.split('?', 2)[1] ?? '')
}

/** In constant time; the length is no secret. */
function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

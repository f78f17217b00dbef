import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Caller } from '../auth/caller.ts'
import type { Database } from '../database/database.ts'
import { sendRefusal } from '../http/errors.ts'
import { callerOf } from '../http/guard.ts'
import { HEADERS } from '../http/headers.ts'
import { refusal } from '../http/refusal.ts'
import { openFeed } from './feed.ts'
import { stream } from './stream.ts'
import { tellingFrom } from './telling.ts'

export interface EventRoutesOptions {
  database: Database
  /** Who a request comes from, asked anew. */
  findCaller: (request: FastifyRequest) => Promise<Caller | null>
}

/** Of one person or key on one server: of all tabs of a browser one listens. */
const MOST_OF_ONE = 100
/** Of all. There must be connections left for calls. */
const MOST = 1_000
const TOO_MANY = refusal(
  'too_many_requests',
  'So many listen already that no more can be told. Close some, and try again.',
)

const ABOUT = `Server-sent events, as \`EventSource\` reads them. \`changes\` has the ids of what changed, by its kind
(\`{"opportunity": ["…"], "call": ["…"]}\`), or \`"all"\` in the place of very many; several changes of one thing are told once, and
only what the caller may see. A client that comes again with \`Last-Event-ID\` is told what it has missed; one that sends the
\`last_event_id\` of \`/api/me\` is told what has changed since. What a row is now its own address tells. With
\`include=opportunities\` the event has them, too, with their contacts, in \`opportunities\`: where there are at most 100, and
without those that are gone or out of the caller's sight.`

const eventQuery = z.strictObject({ include: z.literal('opportunities').optional() })

/** `/api/events` */
export const eventRoutes: FastifyPluginAsyncZod<EventRoutesOptions> = async (app, { database, findCaller }) => {
  const feed = openFeed({
    database,
    onFault: (error) => app.log.warn({ err: error }, 'changes could not be looked for'),
  })
  const telling = tellingFrom(database)
  /** How each stream is ended, and whose it is. */
  const listening = new Map<() => void, string>()
  app.addHook('preClose', async () => {
    for (const end of listening.keys()) end()
    await feed.close()
  })

  app.get(
    '',
    {
      // It would never be answered.
      exposeHeadRoute: false,
      schema: {
        tags: ['events'],
        summary: 'Tells of changes as they happen',
        description: ABOUT,
        querystring: eventQuery,
        response: { 200: { content: { 'text/event-stream': { schema: z.string() } } } },
        told: { answers: { 200: 'The stream, which goes on.' } },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const own = [...listening.values()].filter((owner) => owner === caller.owner).length
      if (own >= MOST_OF_ONE || listening.size >= MOST) return sendRefusal(reply, TOO_MANY)
      const after = /^\d{1,15}$/.exec(String(request.headers['last-event-id'] ?? ''))?.[0]
      reply.hijack()
      reply.raw.writeHead(200, {
        ...HEADERS,
        // Of the rules for pages of other addresses.
        ...(reply.getHeaders() as OutgoingHttpHeaders),
        'content-type': 'text/event-stream; charset=utf-8',
        // A service that stops waits for connections that might be used once more.
        connection: 'close',
        // nginx would keep it until there is enough.
        'x-accel-buffering': 'no',
        'x-request-id': request.id,
      })
      const end = stream(reply.raw, {
        feed,
        database,
        telling,
        caller,
        withOpportunities: request.query.include !== undefined,
        callerNow: () => findCaller(request),
        after: after === undefined ? null : Number(after),
        onFault: (error) => request.log.warn({ err: error }, 'changes could not be told'),
        onEnd: () => listening.delete(end),
      })
      listening.set(end, caller.owner)
    },
  )
}

import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { ERASED, noSuch } from '../auth/named.ts'
import { isErased } from '../erasure/store.ts'
import { sendRefusal } from '../http/errors.ts'
import { noQuery, uuid } from '../http/schemas.ts'
import { disclose } from './disclose.ts'
import { type DisclosureOptions, holdingsOf } from './holdings.ts'

const zip = { content: { 'application/zip': { schema: z.string().meta({ format: 'binary' }) } } }

/** `/api/crm/contacts/{id}/export` */
export const disclosureRoutes: FastifyPluginAsyncZod<DisclosureOptions> = async (app, options) => {
  app.get(
    '/contacts/:id/export',
    {
      schema: {
        tags: ['contacts'],
        summary: 'Gives all that is stored about a person, as a zip file',
        description: ABOUT,
        params: z.object({ id: uuid }),
        querystring: noQuery,
        response: { 200: zip },
        told: { refuses: ['erased'], answers: { 200: 'A zip file, made while it is read.' } },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      if (await isErased(options.database, id)) return sendRefusal(reply, ERASED)
      const holdings = await holdingsOf(options.database, id)
      if (holdings === null) return sendRefusal(reply, noSuch('contact', id))
      const onFault = (error: unknown): void =>
        request.log.error({ err: error, contactId: id }, 'an export of a person was cut off')
      const file = await disclose(holdings, options, onFault)
      // Once it has begun, nothing else can be said than that it ended too early.
      return reply
        .type('application/zip')
        .header('content-disposition', `attachment; filename="${id}.zip"`)
        .send(file as unknown as string)
    },
  )
}

const ABOUT = `\`contact.json\`, \`opportunities.json\`, \`calls.json\`, \`dial_requests.json\`, \`review.json\`, \`messages.json\`
and \`audit.json\`, each a list as the API shows it; \`messages/\` with notifications and e-mails as they came, and
\`recordings/<call>/\` with audio. What names a number that another contact has too is not in it, unless it is linked to
this one. For admins and managers.`

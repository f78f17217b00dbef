import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { ZadarmaConfig } from '../config.ts'
import type { Database } from '../database/database.ts'
import { noQuery } from '../http/schemas.ts'
import { stateResponse } from './schema.ts'
import { type AboutService, stateOf } from './state.ts'

export interface StateOptions {
  database: Database
  zadarma: ZadarmaConfig
  about: AboutService
}

/** `/api/crm/state` */
export const stateRoutes: FastifyPluginAsyncZod<StateOptions> = async (app, { database, zadarma, about }) => {
  app.get(
    '/state',
    {
      schema: {
        tags: ['state'],
        summary: 'Tells how PBX, mailbox and inbox are',
        description: DESCRIPTION,
        querystring: noQuery,
        response: { 200: stateResponse },
        told: { answers: { 200: 'How it is now.' } },
      },
    },
    () => stateOf(database, zadarma, about),
  )
}

const DESCRIPTION = `\`last_reconciled_at\`: up to then the PBX's statistics are taken in. \`last_read_at\`: when all that
is in the mailbox was last seen to be read; \`fault\` where that is over five minutes ago, or never was. \`waiting\`:
messages that are not handled yet. \`set_aside\`: e-mails of the last 24 hours that told of no recording, or came from a
sender who is not taken. \`expected\`: recordings that are not there yet; \`missing\`: those of the last 24 hours that were
given up. On very busy days the newest 5 000 messages and recordings are looked at.`

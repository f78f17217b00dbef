import type { FastifyBaseLogger } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { ZadarmaConfig } from '../config.ts'
import { noQuery } from '../http/schemas.ts'
import { checkMailbox } from '../mailbox/check.ts'
import { createZadarmaApi, type ZadarmaApi } from '../zadarma/api.ts'
import { type Check, checkZadarma } from '../zadarma/check.ts'
import { createZadarmaClient } from '../zadarma/client.ts'
import { checksResponse } from './schema.ts'
import type { AboutService } from './state.ts'

export interface CheckRoutesOptions {
  zadarma: ZadarmaConfig
  about: AboutService
}

/** `/api/admin/checks` */
export const checkRoutes: FastifyPluginAsyncZod<CheckRoutesOptions> = async (app, { zadarma, about }) => {
  const ending = new AbortController()
  const { signal } = ending
  app.addHook('preClose', async () => ending.abort())

  const checks = {
    zadarma: oneForAll(() => checkZadarma({ api: impatientApi(zadarma, app.log), zadarma, webhook: null, signal })),
    mailbox: oneForAll(() => {
      const { mailbox, mail } = about
      return checkMailbox({ mailbox, allowedSenders: mail.allowedSenders, signal })
    }),
  }
  const told = {
    answers: { 200: 'What was looked at; `todo` says what is to be done.' },
    // A body that comes with it is read, though nothing is done with it.
    refuses: ['malformed', 'too_large', 'unsupported_media_type'],
  } as const
  const description = 'Where somebody else has it looked at now, both get the same answer.'
  const response = { 200: checksResponse }
  const tags = ['state']

  app.post(
    '/checks/zadarma',
    {
      schema: {
        tags,
        summary: 'Looks whether the account at Zadarma is set up so that calls come',
        description,
        querystring: noQuery,
        response,
        told,
      },
    },
    async () => ({ data: await checks.zadarma() }),
  )

  app.post(
    '/checks/mailbox',
    {
      schema: {
        tags,
        summary: 'Looks whether the mailbox can be read',
        description,
        querystring: noQuery,
        response,
        told,
      },
    },
    async () => ({ data: await checks.mailbox() }),
  )
}

/** Whoever asks while it is looked at gets that answer: others are asked once at a time, however often somebody clicks. */
function oneForAll(look: () => Promise<Check[]>): () => Promise<Check[]> {
  let running: Promise<Check[]> | null = null
  return () => {
    running ??= look().finally(() => {
      running = null
    })
    return running
  }
}

/** A person waits: what does not answer is given up sooner than by the service. */
const LIMITS = { tries: 1, timeoutMs: 10_000, limitedTries: 1 }

function impatientApi({ key, secret, apiUrl }: ZadarmaConfig, log: FastifyBaseLogger): ZadarmaApi | null {
  if (key === null || secret === null) return null
  return createZadarmaApi(createZadarmaClient({ key, secret, apiUrl, log, limits: LIMITS }))
}

import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { CountryCode } from 'libphonenumber-js'
import { z } from 'zod'
import { noQuery } from '../http/schemas.ts'

export interface SettingsRoutesOptions {
  /** Whether the account at Zadarma is set up. */
  canDial: boolean
  retryMinutes: number
  country: CountryCode
}

/** `/api/crm/settings` */
export const settingsRoutes: FastifyPluginAsyncZod<SettingsRoutesOptions> = async (app, options) => {
  app.get(
    '/settings',
    {
      schema: {
        tags: ['settings'],
        summary: 'Tells what whoever calls has to know of how the service is set up',
        querystring: noQuery,
        response: {
          200: z.object({
            can_dial: z.boolean().meta({ description: 'Whether `POST /api/crm/calls/dial` can call.' }),
            retry_minutes: z.number().int(),
            default_country: z.string(),
          }),
        },
        told: { answers: { 200: 'As it was started.' } },
      },
    },
    async () => ({
      can_dial: options.canDial,
      retry_minutes: options.retryMinutes,
      default_country: options.country,
    }),
  )
}

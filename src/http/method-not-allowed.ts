import { METHODS } from 'node:http'
import type { FastifyInstance, HTTPMethods } from 'fastify'
import { sendRefusal } from './errors.ts'
import { refusal } from './refusal.ts'

/** Lets the router know every method that can reach it, before any route is there. CONNECT asks for no address. */
export function knowEveryMethod(app: FastifyInstance): void {
  const unknown = METHODS.filter((method) => method !== 'CONNECT' && !app.supportedMethods.includes(method))
  for (const method of unknown) app.addHttpMethod(method)
}

/**
 * Lets every address of this scope answer 405 with `Allow` to the methods that it does not have.
 *
 * @returns adds those answers; to be called when all routes of the scope are there
 */
export function answerOtherMethods(app: FastifyInstance): () => void {
  const urls = new Set<string>()
  app.addHook('onRoute', ({ url }) => void urls.add(url))
  return () => {
    for (const url of [...urls]) {
      const isThere = (method: HTTPMethods) => app.hasRoute({ method, url })
      const methods = app.supportedMethods as HTTPMethods[]
      const allow = methods.filter(isThere).sort().join(', ')
      app.route({
        method: methods.filter((method) => !isThere(method)),
        // A plugin within this scope has a prefix of its own, which is part of the address here.
        url: url.slice(app.prefix.length),
        schema: { hide: true },
        config: { answers405: true },
        onRequest: async (request, reply) => {
          void reply.header('allow', allow)
          return sendRefusal(
            reply,
            refusal('method_not_allowed', `${request.method} does nothing here; allowed: ${allow}.`),
          )
        },
        handler: () => undefined,
      })
    }
  }
}

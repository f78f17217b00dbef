import type { FastifyInstance, HTTPMethods } from 'fastify'
import { sendRefusal } from './errors.ts'
import { refusal } from './refusal.ts'

/**
 * Lets every address of this scope answer 405 with `Allow` to the methods that it does not have.
 *
 * @returns adds those answers; to be called when all routes of the scope are there
 */
export function answerOtherMethods(app: FastifyInstance): () => void {
  const methodsByUrl = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ routePath, method }) => {
    const methods = methodsByUrl.get(routePath) ?? new Set()
    for (const name of [method].flat()) methods.add(name)
    methodsByUrl.set(routePath, methods)
  })
  return () => {
    for (const [url, methods] of [...methodsByUrl]) {
      const allow = [...methods].sort().join(', ')
      app.route({
        method: app.supportedMethods.filter((method) => !methods.has(method)) as HTTPMethods[],
        url,
        schema: { hide: true },
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

import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import type { Guard } from './guard.ts'
import { answerOtherMethods } from './method-not-allowed.ts'

/** The page asks this host only, and needs styles within its elements. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; base-uri 'self'; frame-ancestors 'self'; img-src 'self' data:; object-src 'none'; style-src 'self' 'unsafe-inline'"

/** Shows the description: `/openapi.json`, and `/docs` as pages, which ask no other host for anything. */
export async function showDescription(app: FastifyInstance, guard: Guard): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRequest', guard)
    const addOtherMethods = answerOtherMethods(scope)
    scope.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
    await scope.register(swaggerUi, { routePrefix: '/docs', staticCSP: CONTENT_SECURITY_POLICY })
    addOtherMethods()
  })
}

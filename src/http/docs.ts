import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import type { Guard } from './guard.ts'
import { POLICY_OF_PAGES } from './headers.ts'
import { answerOtherMethods } from './method-not-allowed.ts'

/** Shows the description: `/openapi.json`, and `/docs` as pages, which ask no other host for anything. */
export async function showDescription(app: FastifyInstance, guard: Guard): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRequest', guard)
    const addOtherMethods = answerOtherMethods(scope)
    scope.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
    await scope.register(swaggerUi, { routePrefix: '/docs', staticCSP: POLICY_OF_PAGES })
    addOtherMethods()
  })
}

import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'

/** Collects the description of every route that is added afterwards; from the schemas that validate. */
export async function describe(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'First Call',
        version: '1',
        description: 'Registers every outbound call as a numbered attempt of its lead opportunity, by itself.',
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  })
}

/** Shows the description: `/openapi.json`, and `/docs` as pages, which ask no other host for anything. */
export async function showDescription(app: FastifyInstance, guard: onRequestHookHandler): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRequest', guard)
    scope.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
    await scope.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })
  })
}

import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Metrics } from '../metrics.ts'
import { sendRefusal } from './errors.ts'
import type { Guard } from './guard.ts'
import { refusal } from './refusal.ts'

interface LifeSignsOptions {
  metrics: Metrics
  /** Whether the database is reached and migrated. */
  isReady: () => Promise<boolean>
  /** Who may read the metrics. */
  guard: Guard
}

const tags = ['life signs']

/** `/healthz` and `/readyz`, open to everybody, and `/metrics`. */
export function addLifeSigns(app: FastifyInstance, { metrics, isReady, guard }: LifeSignsOptions): void {
  app.get(
    '/healthz',
    {
      schema: {
        tags,
        summary: 'Tells whether the service is alive',
        security: [],
        response: { 200: z.object({ status: z.literal('alive') }) },
        told: { answers: { 200: 'It is.' } },
      },
    },
    async () => ({ status: 'alive' }),
  )
  app.get(
    '/readyz',
    {
      schema: {
        tags,
        summary: 'Tells whether the service can serve: its database is reached and migrated',
        security: [],
        response: { 200: z.object({ status: z.literal('ready') }) },
        told: { answers: { 200: 'It can.' }, refuses: ['unavailable'] },
      },
    },
    async (_, reply) =>
      (await isReady().catch(() => false))
        ? { status: 'ready' }
        : sendRefusal(reply, refusal('unavailable', 'Not ready: the database is not reached or not migrated.')),
  )
  app.get(
    '/metrics',
    {
      schema: {
        tags,
        summary: 'Gives the metrics for Prometheus',
        description: 'Open while only this machine can reach the service and no proxy stands before it; else by key.',
        security: [{}, { key: [] }],
        response: { 200: { content: { 'text/plain': { schema: z.string() } } } },
        told: {
          answers: { 200: 'The metrics, in the text format of Prometheus.' },
          refuses: ['unauthorized', 'too_many_requests', 'broken', 'unavailable'],
        },
      },
      onRequest: guard,
    },
    async (_, reply) => reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  )
}

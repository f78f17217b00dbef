import type { FastifyRequest } from 'fastify'
import { ownerOf } from '../http/guard.ts'
import type { Actor } from './actor.ts'

/** Who asks for what a guarded request changes. */
export function actorOf(request: FastifyRequest): Actor {
  const owner = ownerOf(request)
  const isNamed = owner === 'bootstrap' || owner.startsWith('user:')
  return { who: isNamed ? owner : `key:${owner}`, requestId: request.id }
}

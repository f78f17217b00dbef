import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Caller, FindCaller } from '../auth/keys.ts'
import { sendRefusal } from './errors.ts'
import { refusal } from './refusal.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key it is; null where the address needs none. */
    caller: Caller | null
  }
}

/** Checks `Authorization: Bearer <key>` before anything else of the request is looked at. */
export function requireKey(findCaller: FindCaller): onRequestHookHandler {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    // Of two headers a proxy may have checked the other one.
    const isRepeated = request.raw.rawHeaders.filter((name) => name.toLowerCase() === 'authorization').length > 1
    const [, key] = /^Bearer +([\x21-\x7e]{1,400})$/i.exec(request.headers.authorization ?? '') ?? []
    request.caller = key === undefined || isRepeated ? null : await findCaller(key)
    if (request.caller === null) {
      return sendRefusal(reply, refusal('unauthorized', 'Send a valid key as "Authorization: Bearer <key>".'))
    }
  }
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/

/** Whether only this machine can reach who listens there. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)

/**
 * For pages that say how the service works: open while only this machine can reach it, and no proxy stands between.
 */
export function requireKeyUnlessLocal(findCaller: FindCaller, host: string): onRequestHookHandler {
  const check = requireKey(findCaller)
  return async function (this: FastifyInstance, request, reply) {
    const isForwarded = Object.keys(request.headers).some(
      (name) => name === 'forwarded' || name.startsWith('x-forwarded-'),
    )
    if (isLoopback(host) && !isForwarded) return
    return (check as (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>)(request, reply)
  }
}

/** The key's owner, to whom idempotency keys belong. */
export function ownerOf(request: FastifyRequest): string {
  if (request.caller === null) throw new Error('a route that needs a caller is not guarded')
  return request.caller.owner
}

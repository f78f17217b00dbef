import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../auth/caller.ts'
import type { FindCaller } from '../auth/keys.ts'
import { type Sight, sightOf } from '../auth/sight.ts'
import { sendError, sendRefusal } from './errors.ts'
import { refusal } from './refusal.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key it is; null where the address needs none. */
    caller: Caller | null
  }
}

/** A hook `onRequest`; what it sends is the answer. */
export type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>

/**
 * Checks `Authorization: Bearer <key>` before anything else of the request is looked at, and then whether the caller's role
 * may use the route, which the table in `auth/access.ts` says.
 */
export function requireKey(findCaller: FindCaller): Guard {
  return async (request, reply) => {
    // Of two headers a proxy may have checked the other one.
    const isRepeated = request.raw.rawHeaders.filter((name) => name.toLowerCase() === 'authorization').length > 1
    const [, key] = /^Bearer +([\x21-\x7e]{1,400})$/i.exec(request.headers.authorization ?? '') ?? []
    request.caller = key === undefined || isRepeated ? null : await findCaller(key)
    if (request.caller === null) {
      return sendRefusal(reply, refusal('unauthorized', 'Send a valid key as "Authorization: Bearer <key>".'))
    }
    // An address that cannot be read has no route, and one that is nothing's no entry: then anybody may hear so.
    const { access } = request.routeOptions?.config ?? {}
    const { role } = request.caller
    if (Array.isArray(access) && !access.includes(role)) {
      return sendRefusal(
        reply,
        refusal('forbidden', `The role ${role} does not allow this. It is for: ${access.join(', ')}.`),
      )
    }
    return undefined
  }
}

/** Where nothing is told without a key, not even whether there is something. */
export const GUARDED = { crm: '/api/crm', admin: '/api/admin', recordingEmail: '/api/recordings/email' } as const

/** Whether an address that cannot be decoded as a whole begins as a guarded one does. */
function isGuarded(url: string): boolean {
  const decoded = url.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Object.values(GUARDED).some(
    (prefix) => decoded.startsWith(prefix) && /^[/?]?$/.test(decoded.charAt(prefix.length)),
  )
}

/** Answers an address that no route can be looked up for. No hook runs there, and yet the key comes first. */
export function answerUnreadable(findCaller: FindCaller) {
  const check = requireKey(findCaller)
  return async (_: FastifyError, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    try {
      const refused = isGuarded(request.raw.url ?? '') ? await check(request, reply) : undefined
      if (refused === undefined) sendRefusal(reply, refusal('malformed', 'The address cannot be read.'))
    } catch (error) {
      sendError(error as FastifyError, request, reply)
    }
  }
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/

/** Whether only this machine can reach who listens there. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)

/**
 * For pages that say how the service works: open while only this machine can reach it, and no proxy stands between.
 */
export function requireKeyUnlessLocal(findCaller: FindCaller, host: string): Guard {
  const check = requireKey(findCaller)
  return async (request, reply) => {
    const isForwarded = Object.keys(request.headers).some(
      (name) => name === 'forwarded' || name.startsWith('x-forwarded-'),
    )
    return isLoopback(host) && !isForwarded ? undefined : check(request, reply)
  }
}

/** Who is asking, where a key was asked for. */
function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('a route that needs a caller is not guarded')
  return request.caller
}

/** The key's owner, to whom idempotency keys belong. */
export const ownerOf = (request: FastifyRequest): string => callerOf(request).owner

/** What the caller may see. */
export const sightIn = (request: FastifyRequest): Sight => sightOf(callerOf(request))

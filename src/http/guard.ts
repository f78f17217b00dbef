import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller, FindCaller } from '../auth/keys.ts'
import type { EdgeConfig } from './edge.ts'
import { sendError, sendRefusal } from './errors.ts'
import { HEADERS } from './headers.ts'
import { refusal } from './refusal.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key it is; null where the address needs none. */
    caller: Caller | null
  }
}

/** A hook `onRequest`; what it sends is the answer. */
export type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>

/** Checks `Authorization: Bearer <key>` before anything else of the request is looked at. */
export function requireKey(findCaller: FindCaller): Guard {
  return async (request, reply) => {
    // Of two headers a proxy may have checked the other one.
    const isRepeated = request.raw.rawHeaders.filter((name) => name.toLowerCase() === 'authorization').length > 1
    const [, key] = /^Bearer +([\x21-\x7e]{1,400})$/i.exec(request.headers.authorization ?? '') ?? []
    request.caller = key === undefined || isRepeated ? null : await findCaller(key)
    if (request.caller === null) {
      const tooMany = await request.server.countRefused(request, reply)
      if (tooMany !== undefined) return tooMany
      return sendRefusal(reply, refusal('unauthorized', 'Send a valid key as "Authorization: Bearer <key>".'))
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
    void reply.headers(HEADERS)
    try {
      const refused = isGuarded(request.raw.url ?? '') ? await check(request, reply) : undefined
      if (refused === undefined) sendRefusal(reply, refusal('malformed', 'The address cannot be read.'))
    } catch (error) {
      sendError(error as FastifyError, request, reply)
    }
  }
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|\[::1\]|localhost)$/

/** Whether only this machine can reach who listens there. */
const isLoopback = (host: string): boolean => LOOPBACK.test(host)

/** Whether nobody but this machine can ask: no proxy is expected either. */
export const isOnlyHere = (host: string, { trustedProxies }: EdgeConfig): boolean =>
  isLoopback(host) && trustedProxies.length === 0

/**
 * For pages that say how the service works: open while only this machine can reach it, no proxy stands between, and the
 * browser means this machine: a name of somebody else's that leads here (DNS rebinding) is another origin to it.
 */
export function requireKeyUnlessLocal(findCaller: FindCaller, isHere: boolean): Guard {
  const check = requireKey(findCaller)
  return async (request, reply) => {
    const isForwarded = Object.keys(request.headers).some(
      (name) => name === 'forwarded' || name.startsWith('x-forwarded-'),
    )
    const isMeant = isLoopback(request.headers.host?.replace(/:\d*$/, '').toLowerCase() ?? '127.0.0.1')
    return isHere && isMeant && !isForwarded ? undefined : check(request, reply)
  }
}

/** The key's owner, to whom idempotency keys belong. */
export function ownerOf(request: FastifyRequest): string {
  if (request.caller === null) throw new Error('a route that needs a caller is not guarded')
  return request.caller.owner
}

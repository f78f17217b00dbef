import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../auth/caller.ts'
import type { FindCaller } from '../auth/keys.ts'
import { type Sight, sightOf } from '../auth/sight.ts'
import type { EdgeConfig } from './edge.ts'
import { sendError, sendRefusal } from './errors.ts'
import { HEADERS } from './headers.ts'
import { timesSent } from './raw-answers.ts'
import { type Refusal, refusal } from './refusal.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null where nobody has to say it. */
    caller: Caller | null
  }
}

/** A hook `onRequest`; what it sends is the answer. */
export type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>

/** How it is found out who asks. */
export interface Callers {
  findCaller: FindCaller
  /** Who is logged in where the request comes from; null where nobody is. */
  findSession: (request: FastifyRequest) => Promise<Caller | null>
  /** Why a request that changes something may not be made with a person's cookie; null where it may. */
  originFault: (request: FastifyRequest) => Refusal | null
}

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * Checks `Authorization: Bearer <key>`, or where there is none a person's cookie, before anything else of the request is
 * looked at, and then whether the caller may use the route, which the table in `auth/access.ts` says.
 */
export function requireCaller({ findCaller, findSession, originFault }: Callers): Guard {
  return async (request, reply) => {
    request.caller = await whoAsks(request, { findCaller, findSession })
    if (request.caller === null) {
      const tooMany = await request.server.countRefused(request, reply)
      if (tooMany !== undefined) return tooMany
      return sendRefusal(reply, refusal('unauthorized', 'Send a valid key as "Authorization: Bearer <key>".'))
    }
    const isOfPage = request.caller.kind === 'session' && !SAFE_METHODS.has(request.method)
    const fault = (isOfPage ? originFault(request) : null) ?? accessFault(request, request.caller)
    if (fault === null) return undefined
    const { ip, caller, method, routeOptions } = request
    request.log.info({ ip, who: caller.owner, method, url: routeOptions.url }, 'a request is not allowed')
    return sendRefusal(reply, fault)
  }
}

/** Why the caller may not use the route; null where they may. */
function accessFault(request: FastifyRequest, { role, kind }: Caller): Refusal | null {
  // An address that cannot be read has no route, and one that is nothing's no entry: then anybody may hear so.
  const { access } = request.routeOptions?.config ?? {}
  if (access === 'session' && kind !== 'session') {
    return refusal('forbidden', 'Only a person who is logged in may do this.')
  }
  if (!Array.isArray(access) || access.includes(role)) return null
  return refusal('forbidden', `The role ${role} does not allow this. It is for: ${access.join(', ')}.`)
}

/** Who asks: by a key, or where there is none by a person's cookie; null where nobody is known. */
export function whoAsks(
  request: FastifyRequest,
  { findCaller, findSession }: Pick<Callers, 'findCaller' | 'findSession'>,
): Promise<Caller | null> {
  return request.headers.authorization === undefined ? findSession(request) : findCallerOf(request, findCaller)
}

async function findCallerOf({ raw, headers }: FastifyRequest, findCaller: FindCaller): Promise<Caller | null> {
  // Of two headers a proxy may have checked the other one.
  const isRepeated = timesSent(raw, 'authorization') > 1
  const [, key] = /^Bearer +([\x21-\x7e]{1,400})$/i.exec(headers.authorization ?? '') ?? []
  return key === undefined || isRepeated ? null : findCaller(key)
}

/** Where nothing is told without a key, not even whether there is something. */
export const GUARDED = {
  crm: '/api/crm',
  admin: '/api/admin',
  me: '/api/me',
  events: '/api/events',
  recordingEmail: '/api/recordings/email',
} as const

/** Whether an address that cannot be decoded as a whole begins as a guarded one does. */
function isGuarded(url: string): boolean {
  const decoded = url.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Object.values(GUARDED).some(
    (prefix) => decoded.startsWith(prefix) && /^[/?]?$/.test(decoded.charAt(prefix.length)),
  )
}

/** Answers an address that no route can be looked up for. No hook runs there, and yet the key comes first. */
export function answerUnreadable(callers: Callers) {
  const check = requireCaller(callers)
  return async (_: FastifyError, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    void reply.headers({ ...HEADERS, 'x-request-id': request.id })
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
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)

/** Whether nobody but this machine can ask: no proxy is expected either. */
export const isOnlyHere = (host: string, { trustedProxies }: EdgeConfig): boolean =>
  isLoopback(host) && trustedProxies.length === 0

/** Whether a proxy says that it passed the request on. */
export const isForwarded = ({ headers }: FastifyRequest): boolean =>
  Object.keys(headers).some((name) => name === 'forwarded' || name.startsWith('x-forwarded-'))

/**
 * For pages that say how the service works: open while only this machine can reach it, no proxy stands between, and the
 * browser means this machine: a name of somebody else's that leads here (DNS rebinding) is another origin to it.
 */
export function requireCallerUnlessLocal(callers: Callers, isHere: boolean): Guard {
  const check = requireCaller(callers)
  return async (request, reply) => {
    const isMeant = isLoopback(request.headers.host?.replace(/:\d*$/, '').toLowerCase() ?? '127.0.0.1')
    return isHere && isMeant && !isForwarded(request) ? undefined : check(request, reply)
  }
}

/** Who asks, where the route is guarded. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('a route that needs a caller is not guarded')
  return request.caller
}

/** Who asks, as the one to whom idempotency keys belong. */
export const ownerOf = (request: FastifyRequest): string => callerOf(request).owner

/** What the caller may see. */
export const sightIn = (request: FastifyRequest): Sight => sightOf(callerOf(request))

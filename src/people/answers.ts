import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendRefusal } from '../http/errors.ts'
import type { Guard } from '../http/guard.ts'
import { refusal } from '../http/refusal.ts'
import type { People } from './people.ts'

export interface LogInOptions {
  people: People
  /** Lets in whoever is known. */
  guard: Guard
}

/** One cookie of the request, as better-auth takes it; nothing else of it concerns better-auth. */
export function cookieOf({ server, headers }: FastifyRequest, name: string): Headers {
  const value = server.parseCookie(headers.cookie ?? '')[name]
  return new Headers(value === undefined ? {} : { cookie: `${name}=${encodeURIComponent(value)}` })
}

/** Passes on the cookies that better-auth sets. */
export function setCookies(reply: FastifyReply, headers: Headers): void {
  for (const cookie of headers.getSetCookie()) void reply.header('set-cookie', cookie)
}

/** Refuses what was tried too often. */
export function sendTooMany(request: FastifyRequest, reply: FastifyReply, retryAfterSeconds: number): FastifyReply {
  request.log.warn({ address: request.ip }, 'passwords or codes were tried too often')
  const detail = `That was tried too often. Try again in ${Math.ceil(retryAfterSeconds / 60)} minutes.`
  return sendRefusal(reply, { ...refusal('too_many_requests', detail), retryAfterSeconds })
}

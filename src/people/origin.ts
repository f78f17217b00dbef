import type { FastifyRequest } from 'fastify'
import { isForwarded, isLoopback } from '../http/guard.ts'
import { type Refusal, refusal } from '../http/refusal.ts'

/** How people reach the service. */
export interface Way {
  /** The address that they see; null: only this machine, without TLS. */
  publicUrl: URL | null
  /** Where it listens. */
  host: string
}

const NEEDS_PUBLIC_URL = refusal(
  'forbidden',
  'To log in from elsewhere than this machine, or by a proxy, the service has to know the address that people see: set PUBLIC_URL to it, such as https://crm.example.com, and TRUSTED_PROXIES to the address of the proxy; then start the service anew.',
)

/**
 * Whether what changes something comes from a page of ours: browsers send a person's cookie with what other pages ask
 * for, too, but say which page it was. One that says nothing is no browser of this decade.
 *
 * @returns why not
 */
export function originFault(request: FastifyRequest, { publicUrl, host }: Way): Refusal | null {
  const { origin, 'sec-fetch-site': site, host: asked = '' } = request.headers
  if (publicUrl === null && !(isLoopback(host) && isLocalName(asked) && !isForwarded(request))) return NEEDS_PUBLIC_URL
  const ours = publicUrl?.origin ?? `http://${asked}`
  const isOurs = origin === undefined ? site === 'same-origin' : origin === ours
  if (isOurs && (site === undefined || site === 'same-origin')) return null
  return refusal('forbidden', `With a cookie this is done by pages of ${ours} only. Programs use a key.`)
}

/** Whether a `Host` names this machine. A page elsewhere may have a name that leads here; it is not one of ours. */
export function isLocalName(host: string): boolean {
  const url = `http://${host}`
  return URL.canParse(url) && isLoopback(new URL(url).hostname.replace(/^\[(.*)\]$/, '$1'))
}

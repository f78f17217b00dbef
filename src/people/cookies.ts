import { createHmac, timingSafeEqual } from 'node:crypto'

/** The cookies of people who are logged in, or about to be. */
export interface CookieNames {
  session: string
  /** Of one who has given a password, and not yet the second factor. */
  twoFactor: string
  /** Over https only, and for no other host: the prefix `__Host-` has browsers see to it. */
  isSecure: boolean
}

/** By how people reach the service. A browser takes no secure cookie from loopback without TLS. */
export function cookieNames(publicUrl: URL | null): CookieNames {
  const isSecure = publicUrl?.protocol === 'https:'
  const prefix = isSecure ? '__Host-' : ''
  return { session: `${prefix}first_call`, twoFactor: `${prefix}first_call_two_factor`, isSecure }
}

/**
 * Reads what better-auth wrote: a token, a dot, and its HMAC by the service's secret. A cookie that was not signed by us
 * asks the database nothing.
 *
 * @param value percent-decoded
 * @returns null where it is none
 */
export function readSignedCookie(value: string | undefined, secret: string): string | null {
  const dot = value?.lastIndexOf('.') ?? -1
  if (value === undefined || dot < 1) return null
  const token = value.slice(0, dot)
  const expected = createHmac('sha256', secret).update(token).digest()
  const given = Buffer.from(value.slice(dot + 1), 'base64')
  return given.length === expected.length && timingSafeEqual(given, expected) ? token : null
}

import { z } from 'zod'
import { PATIENCE, type Patience } from './connections.ts'
import { isNetwork } from './networks.ts'

/** What stands between the service and those who ask. */
export interface EdgeConfig {
  /** Addresses or networks of proxies, whose word on the client's address counts. */
  trustedProxies: readonly string[]
  /** Other origins whose pages may ask. */
  corsOrigins: readonly string[]
  /** So many requests a minute are taken from one key; null: as many as it sends. */
  rateLimitPerKey: number | null
  /**
   * So many requests a minute without a valid key are told so from one address, and as many notifications that are not
   * genuine. Whoever guesses gets nowhere at this rate, and whoever has mistyped a key learns it all the same.
   */
  refusedPerAddress: number
  /** So many requests to log in: an office behind one address begins its day within a minute. */
  logInsPerAddress: number
  patience: Patience
}

/** Nobody stands between, and nobody's pages ask but our own. */
export const PLAIN_EDGE: EdgeConfig = {
  trustedProxies: [],
  corsOrigins: [],
  rateLimitPerKey: null,
  refusedPerAddress: 100,
  logInsPerAddress: 100,
  patience: PATIENCE,
}

const wordsOf = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')

/** An origin as browsers write it in `Origin`: no path, no port that goes without saying. */
const isOrigin = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text

/** The variables of the environment that are about the edge. */
export const EDGE_ENVIRONMENT = {
  TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform(wordsOf)
    .refine(
      (networks) => networks.every(isNetwork),
      'must be addresses or networks such as 127.0.0.1 or 10.0.0.0/8, with commas',
    )
    // Every address there is would be everybody's word on who they are.
    .refine((networks) => networks.every((network) => !/\/0+$/.test(network)), 'must not be every address there is'),
  CORS_ORIGINS: z
    .string()
    .default('')
    .transform(wordsOf)
    .refine((origins) => origins.every(isOrigin), 'must be origins such as https://crm.example.com, with commas'),
  RATE_LIMIT_PER_KEY: z
    .string()
    .regex(/^[1-9]\d{0,6}$/, 'must be a whole number of requests a minute, from 1 to 9999999')
    .transform(Number)
    .optional(),
}

interface EdgeVariables {
  TRUSTED_PROXIES: string[]
  CORS_ORIGINS: string[]
  RATE_LIMIT_PER_KEY?: number | undefined
}

/** The edge as its variables have it. */
export function edgeOf({ TRUSTED_PROXIES, CORS_ORIGINS, RATE_LIMIT_PER_KEY }: EdgeVariables): EdgeConfig {
  return {
    ...PLAIN_EDGE,
    trustedProxies: TRUSTED_PROXIES,
    corsOrigins: CORS_ORIGINS,
    rateLimitPerKey: RATE_LIMIT_PER_KEY ?? null,
  }
}

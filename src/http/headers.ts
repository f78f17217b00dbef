import type { FastifyInstance } from 'fastify'

/** What a page of ours may do: ask this host, show its pictures. No script or style stands within a page. */
export const POLICY_OF_PAGES =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/** What is data is never a page: where a browser shows it as one all the same, nothing of it runs. */
const POLICY_OF_DATA = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"

/** For answers that no hook reaches, too. */
export const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY_OF_DATA,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  // Only over TLS does a browser look at it.
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'cache-control': 'no-store',
}

/** Gives every answer the headers that keep browsers from doing what nobody meant; a route may give its own. */
export function secureAnswers(app: FastifyInstance): void {
  app.addHook('onRequest', (_, reply, done) => {
    void reply.headers(HEADERS)
    done()
  })
}

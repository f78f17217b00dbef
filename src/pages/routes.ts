import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendRefusal } from '../http/errors.ts'
import { POLICY_OF_PAGES } from '../http/headers.ts'
import { answerOtherMethods } from '../http/method-not-allowed.ts'
import { refusal } from '../http/refusal.ts'

/** The addresses of pages; what is at each, the script in the document finds out. */
const PAGES = [
  '/',
  '/call',
  '/leads',
  '/leads/:id',
  '/board',
  '/calls',
  '/review',
  '/coverage',
  '/settings',
  '/settings/:part',
  '/log-in',
  '/accept',
] as const

const NOT_BUILT = refusal('not_found', 'The pages are not built: npm run build.')
const YEAR_MS = 31_536_000_000

/**
 * Serves the pages: one document for all of them, and the files that it loads, whose names change with what is in them.
 *
 * @param folder where they were built; without them the addresses say so
 */
export async function servePages(app: FastifyInstance, folder: string): Promise<void> {
  const document = await readFile(path.join(folder, 'index.html'), 'utf8').catch(() => null)
  const hide = { hide: true } as const

  await app.register(async (scope) => {
    const addOtherMethods = answerOtherMethods(scope)
    if (document === null) {
      const notBuilt = async (_: FastifyRequest, reply: FastifyReply) => sendRefusal(reply, NOT_BUILT)
      for (const page of [...PAGES, '/assets/*']) scope.get(page, { schema: hide }, notBuilt)
      return addOtherMethods()
    }
    for (const page of PAGES) {
      scope.get(page, { schema: hide }, async (_, reply) => {
        // For the styles that components make while they are shown; there are no others within the document.
        const nonce = randomBytes(16).toString('base64')
        return reply
          .header('content-security-policy', POLICY_OF_PAGES.replace("style-src 'self'", `$& 'nonce-${nonce}'`))
          .type('text/html; charset=utf-8')
          .send(document.replace('STYLE_NONCE', nonce))
      })
    }
    await scope.register(fastifyStatic, {
      root: path.join(folder, 'assets'),
      prefix: '/assets/',
      preCompressed: true,
      index: false,
      decorateReply: false,
      schemaHide: true,
      maxAge: YEAR_MS,
      immutable: true,
    })
    addOtherMethods()
  })
}

import { randomBytes } from 'node:crypto'
import path from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendRefusal } from '../http/errors.ts'
import { POLICY_OF_PAGES } from '../http/headers.ts'
import { answerOtherMethods } from '../http/method-not-allowed.ts'
import { refusal } from '../http/refusal.ts'
import { PAGE_ADDRESSES, readDocuments } from './documents.ts'

const NOT_BUILT = refusal('not_found', 'The pages are not built: npm run build.')
const YEAR_MS = 31_536_000_000

/**
 * Serves the pages: a document for each, and the files that it loads, whose names change with what is in them.
 *
 * @param folder where they were built; without them the addresses say so
 */
export async function servePages(app: FastifyInstance, folder: string): Promise<void> {
  const documents = await readDocuments(folder)
  const hide = { hide: true } as const

  await app.register(async (scope) => {
    const addOtherMethods = answerOtherMethods(scope)
    if (documents === null) {
      const notBuilt = async (_: FastifyRequest, reply: FastifyReply) => sendRefusal(reply, NOT_BUILT)
      for (const page of [...PAGE_ADDRESSES, '/assets/*']) scope.get(page, { schema: hide }, notBuilt)
      return addOtherMethods()
    }
    for (const [page, document] of documents) {
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

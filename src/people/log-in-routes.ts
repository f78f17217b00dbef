import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { sendRefusal } from '../http/errors.ts'
import { refusal } from '../http/refusal.ts'
import { noQuery, text } from '../http/schemas.ts'
import { acceptLink } from './accept.ts'
import { cookieOf, type LogInOptions, sendTooMany, setCookies } from './answers.ts'
import { passwordRoutes } from './password-routes.ts'
import { givenPassword, personName } from './schema.ts'
import { hashToken } from './sessions.ts'
import { countTry, forgiveTry, type Try } from './throttle.ts'
import { useCode } from './used-codes.ts'

const NOT_RIGHT = refusal('unauthorized', 'E-mail address and password are not those of a person who may log in.')
const CODE_NOT_RIGHT = refusal('unauthorized', 'The code is not right, or was used, or the log-in took too long.')

/** `/api/auth`: how people log in and out. Whatever sets or reads a cookie answers pages of ours only. */
export const logInRoutes: FastifyPluginAsyncZod<LogInOptions> = async (app, { people, guard }) => {
  const { database, sessions } = people
  const tags = ['log-in']
  const security: [] = []

  app.addHook('onRequest', async (request, reply) => {
    void reply.header('cache-control', 'no-store')
    const fault = people.originFault(request)
    return fault === null ? undefined : sendRefusal(reply, fault)
  })
  // What came of each try; whose it was, where it was right, the audit tells. Those that were too many are told of once.
  app.addHook('onResponse', async ({ ip, log, routeOptions: { url } }, { statusCode }) => {
    if (statusCode < 300 || statusCode === 401) log.info({ ip, url, status: statusCode }, 'somebody logs in or out')
  })
  await app.register(passwordRoutes, { people, guard })

  app.post(
    '/sign-in/email',
    {
      schema: {
        tags,
        security,
        summary: 'Logs a person in',
        description:
          'Where `two_factor_required`, a code has to follow within ten minutes; until then nobody is logged in.',
        querystring: noQuery,
        body: z.strictObject({ email: text(254), password: givenPassword }).meta({ title: 'LogIn' }),
        response: { 200: z.object({ two_factor_required: z.boolean() }) },
        told: {
          answers: { 200: 'The password is right; the cookie is set.' },
          refuses: ['unauthorized', 'forbidden', 'too_many_requests'],
        },
      },
    },
    async (request, reply) => {
      const { email, password } = request.body
      const tried: Try = { account: email.toLowerCase(), address: request.ip }
      const wait = await countTry(database, tried)
      if (wait !== null) return sendTooMany(request, reply, wait)
      const { api, attempt } = await people.library()
      const headers = new Headers()
      const result = await attempt(() => api.signInEmail({ body: { email, password }, headers, returnHeaders: true }))
      if ('refused' in result) return sendRefusal(reply, NOT_RIGHT)
      await forgiveTry(database, tried)
      // Whoever was logged in here before is not any more.
      await sessions.end(request)
      setCookies(reply, result.headers)
      return { two_factor_required: 'twoFactorRedirect' in result.response }
    },
  )

  app.post(
    '/two-factor/verify-totp',
    {
      schema: {
        tags,
        security,
        summary: 'Ends a log-in by a code of the authenticator, or switches the second factor on by the first one',
        querystring: noQuery,
        body: z.strictObject({ code: z.string().regex(/^\d{6}$/, 'is not six digits') }).meta({ title: 'Code' }),
        response: { 204: z.null() },
        told: { answers: { 204: 'It is right.' }, refuses: ['unauthorized', 'forbidden', 'too_many_requests'] },
      },
    },
    async (request, reply) => {
      const { code } = request.body
      const { api, attempt } = await people.library()
      const result = await attempt(() =>
        api.verifyTOTP({ body: { code }, headers: cookieOf(request), returnHeaders: true }),
      )
      if ('refused' in result) return sendCodeRefusal(request, reply, result.refused)
      const { token, user } = result.response
      if (!(await useCode(database, user.id, code))) {
        await database.general.query('delete from user_sessions where token_sha256 = $1', [hashToken(token)])
        return sendRefusal(reply, CODE_NOT_RIGHT)
      }
      sessions.forget(request)
      setCookies(reply, result.headers)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/two-factor/verify-backup-code',
    {
      schema: {
        tags,
        security,
        summary: 'Ends a log-in by one of the codes that were given for a lost authenticator; each is good once',
        querystring: noQuery,
        body: z.strictObject({ code: text(40) }).meta({ title: 'BackupCode' }),
        response: { 204: z.null() },
        told: { answers: { 204: 'It is right.' }, refuses: ['unauthorized', 'forbidden', 'too_many_requests'] },
      },
    },
    async (request, reply) => {
      const { api, attempt } = await people.library()
      const result = await attempt(() =>
        api.verifyBackupCode({ body: request.body, headers: cookieOf(request), returnHeaders: true }),
      )
      if ('refused' in result) return sendCodeRefusal(request, reply, result.refused)
      setCookies(reply, result.headers)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/sign-out',
    {
      schema: {
        tags,
        security,
        summary: 'Logs a person out; the session is over on the server, too',
        querystring: noQuery,
        response: { 204: z.null() },
        told: {
          answers: { 204: 'Nobody is logged in here.' },
          // A body that comes with it is read, though nothing is done with it.
          refuses: ['forbidden', 'malformed', 'too_large', 'unsupported_media_type'],
        },
      },
    },
    async (request, reply) => {
      await sessions.end(request)
      const { api } = await people.library()
      const { headers } = await api.signOut({ headers: cookieOf(request), returnHeaders: true })
      setCookies(reply, headers)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/accept',
    {
      schema: {
        tags,
        security,
        summary: 'Sets a password by the link of an invitation or a reset',
        description: 'The link is used up. All sessions of the person are over; they log in with the password next.',
        querystring: noQuery,
        body: z
          .strictObject({ token: text(200), password: z.string(), name: personName.optional() })
          .meta({ title: 'Acceptance' }),
        response: { 204: z.null() },
        told: { answers: { 204: 'The password is set.' }, refuses: ['forbidden'] },
      },
    },
    async (request, reply) => {
      const { hashPassword } = await import('better-auth/crypto')
      const became = await acceptLink(database, hashPassword, request.body)
      if (became === 'accepted') return reply.code(204).send(null)
      const fault =
        became === 'no_such_link'
          ? { path: 'token', message: 'is of no link that can still be used; ask for a new one' }
          : { path: 'password', message: became.passwordFault }
      return sendRefusal(reply, refusal('invalid', 'The password was not set.', [fault]))
    },
  )
}

/** better-auth locks an account after ten wrong codes for a quarter of an hour. */
const LOCKED_SECONDS = 900

function sendCodeRefusal(request: FastifyRequest, reply: FastifyReply, status: number): FastifyReply {
  return status === 429 ? sendTooMany(request, reply, LOCKED_SECONDS) : sendRefusal(reply, CODE_NOT_RIGHT)
}

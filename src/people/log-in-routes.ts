import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { sendRefusal } from '../http/errors.ts'
import { refusal } from '../http/refusal.ts'
import { noQuery, text } from '../http/schemas.ts'
import { acceptLink } from './accept.ts'
import { cookieOf, type LogInOptions, sendTooMany, setCookies } from './answers.ts'
import { logOut, recordLogIn } from './log-ins.ts'
import { passwordRoutes } from './password-routes.ts'
import { givenPassword, personName } from './schema.ts'
import { hashToken } from './sessions.ts'
import { changeOfOneself } from './state.ts'
import { passwordHashOf } from './store.ts'
import { countTry, forgiveTry, type Try } from './throttle.ts'
import { useCode } from './used-codes.ts'

const NOT_RIGHT = refusal('unauthorized', 'E-mail address and password are not those of a person who may log in.')
/** By which all that was written of a log-in is undone. */
const USED = { refused: 401, reason: 'USED_CODE' }
const CHANGED = { refused: 401, reason: 'CHANGED_PASSWORD' }
const CODE_NOT_RIGHT = refusal('unauthorized', 'The code is not right, or was used, or the log-in took too long.')

/** `/api/auth`: how people log in and out. Whatever sets or reads a cookie answers pages of ours only. */
export const logInRoutes: FastifyPluginAsyncZod<LogInOptions> = async (app, { people, guard }) => {
  const { database, sessions, cookies } = people
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
      const tokenHash = sessions.tokenHashOf(request)
      const passwordHash = await passwordHashOf(database.query, email)
      const result = await attempt(() => api.signInEmail({ body: { email, password }, headers, returnHeaders: true }), {
        onDone: async (transaction, { response }) => {
          // To compare it takes long: meanwhile another one may have been set, after which no older one lets in.
          if ((await passwordHashOf(transaction, email)) !== passwordHash) return CHANGED
          // Whoever was logged in here before is not any more.
          if (tokenHash !== null) await logOut(transaction, tokenHash, request.id)
          if (isWaiting(response)) return null
          const { token, user } = response
          const logIn = { userId: user.id, tokenHash: hashToken(token), secondFactor: null }
          await recordLogIn(transaction, logIn, request.id)
          return null
        },
      })
      if ('refused' in result) return sendRefusal(reply, NOT_RIGHT)
      await forgiveTry(database, tried)
      sessions.forget(request)
      setCookies(reply, result.headers)
      return { two_factor_required: isWaiting(result.response) }
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
      // Of one who is logged in it is the first code, or a trial; else it ends a log-in.
      const caller = await sessions.find(request)
      const headers = cookieOf(request, caller === null ? cookies.twoFactor : cookies.session)
      const change = changeOfOneself(caller, request.id)
      const result = await attempt(() => api.verifyTOTP({ body: { code }, headers, returnHeaders: true }), {
        onBegin: change.begin,
        onDone: async (transaction, { response: { token, user } }) => {
          if (!(await useCode(transaction, user.id, code))) return USED
          const logIn = { userId: user.id, tokenHash: hashToken(token), secondFactor: 'totp' } as const
          if (caller === null) await recordLogIn(transaction, logIn, request.id)
          else await change.record(transaction, 'user.two_factor_enabled')
          return null
        },
      })
      if ('refused' in result) return sendCodeRefusal(request, reply, result.refused)
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
      const headers = cookieOf(request, cookies.twoFactor)
      const result = await attempt(() => api.verifyBackupCode({ body: request.body, headers, returnHeaders: true }), {
        onDone: async (transaction, { response: { token, user } }) => {
          const logIn = { userId: user.id, tokenHash: hashToken(token ?? ''), secondFactor: 'backup_code' } as const
          await recordLogIn(transaction, logIn, request.id)
          return null
        },
      })
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
      const tokenHash = sessions.tokenHashOf(request)
      if (tokenHash !== null) {
        await database.query.transaction().execute((transaction) => logOut(transaction, tokenHash, request.id))
        sessions.forget(request)
      }
      const { api } = await people.library()
      const { headers } = await api.signOut({ headers: new Headers(), returnHeaders: true })
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
      const became = await acceptLink(database, hashPassword, request.body, request.id)
      if (became === 'accepted') return reply.code(204).send(null)
      const fault =
        became === 'no_such_link'
          ? { path: 'token', message: 'is of no link that can still be used; ask for a new one' }
          : { path: 'password', message: became.passwordFault }
      return sendRefusal(reply, refusal('invalid', 'The password was not set.', [fault]))
    },
  )
}

/** Whether the password was right, and a code is waited for. */
const isWaiting = (response: object): response is { twoFactorRedirect: true } => 'twoFactorRedirect' in response

/** better-auth locks an account after ten wrong codes for a quarter of an hour. */
const LOCKED_SECONDS = 900

function sendCodeRefusal(request: FastifyRequest, reply: FastifyReply, status: number): FastifyReply {
  return status === 429 ? sendTooMany(request, reply, LOCKED_SECONDS) : sendRefusal(reply, CODE_NOT_RIGHT)
}

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Tables } from '../database/tables.ts'
import { sendRefusal } from '../http/errors.ts'
import { callerOf } from '../http/guard.ts'
import { refusal } from '../http/refusal.ts'
import { noQuery } from '../http/schemas.ts'
import { cookieOf, type LogInOptions, sendTooMany, setCookies } from './answers.ts'
import type { Library } from './library.ts'
import { dropLink } from './links.ts'
import { passwordFault } from './password.ts'
import { givenPassword } from './schema.ts'
import { changeOfOneself, type OwnChange } from './state.ts'
import { findUser } from './store.ts'
import { countTry, forgiveTry, type Try } from './throttle.ts'

/** What a person who is logged in changes with their password: the password itself, and the second factor. */
export const passwordRoutes: FastifyPluginAsyncZod<LogInOptions> = async (app, { people, guard }) => {
  const { database, sessions, cookies } = people
  const tags = ['log-in']
  const security = [{ session: [] }]
  const body = z.strictObject({ password: givenPassword }).meta({ title: 'OwnPassword' })
  const refuses = ['too_many_requests'] as const

  app.addHook('onRequest', guard)

  /** Asks better-auth for what needs the person's password, which is tried as often as at a log-in. */
  async function withPassword<Result extends { headers: Headers }>(
    request: FastifyRequest,
    reply: FastifyReply,
    ask: (api: Library['api'], headers: Headers) => Promise<Result>,
    record: (transaction: Transaction<Tables>, change: OwnChange, result: Result) => Promise<void>,
    path = 'password',
  ): Promise<Result | null> {
    const caller = callerOf(request)
    const user = await findUser(database, caller.userId ?? '')
    if (user === null) throw new Error('a session has no person')
    const tried: Try = { account: user.email, address: request.ip }
    const wait = await countTry(database, tried)
    if (wait !== null) {
      void sendTooMany(request, reply, wait)
      return null
    }
    const { api, attempt } = await people.library()
    const change = changeOfOneself(caller, request.id)
    const result = await attempt(() => ask(api, cookieOf(request, cookies.session)), {
      onBegin: change.begin,
      onDone: async (transaction, done) => {
        await record(transaction, change, done)
        return null
      },
    })
    if ('refused' in result) {
      const isWrong = result.reason === 'INVALID_PASSWORD'
      const reason = isWrong
        ? refusal('invalid', 'Nothing was changed.', [{ path, message: 'is not your password' }])
        : refusal('conflict', REASONS[result.reason] ?? 'This cannot be done now.')
      void sendRefusal(reply, reason)
      return null
    }
    await forgiveTry(database, tried)
    sessions.forget(request)
    setCookies(reply, result.headers)
    return result
  }

  app.post(
    '/change-password',
    {
      schema: {
        tags,
        security,
        summary: 'Changes the person’s own password; all other sessions are over',
        querystring: noQuery,
        body: z
          .strictObject({ current_password: givenPassword, new_password: z.string() })
          .meta({ title: 'PasswordChange' }),
        response: { 204: z.null() },
        told: { answers: { 204: 'It is changed.' }, refuses: [...refuses, 'conflict'] },
      },
    },
    async (request, reply) => {
      const { current_password: currentPassword, new_password: newPassword } = request.body
      const user = await findUser(database, callerOf(request).userId ?? '')
      const message = passwordFault(newPassword, [user?.name ?? '', user?.email ?? ''])
      if (message !== null) {
        return sendRefusal(reply, refusal('invalid', 'Nothing was changed.', [{ path: 'new_password', message }]))
      }
      const asked = { currentPassword, newPassword, revokeOtherSessions: true }
      const done = await withPassword(
        request,
        reply,
        (api, headers) => api.changePassword({ body: asked, headers, returnHeaders: true }),
        async (transaction, change, { response }) => {
          // A link from before would set yet another one.
          await dropLink(transaction, response.user.id)
          await change.record(transaction, 'user.password_changed')
        },
        'current_password',
      )
      return done === null ? reply : reply.code(204).send(null)
    },
  )

  app.post(
    '/two-factor/enable',
    {
      schema: {
        tags,
        security,
        summary: 'Begins with a second factor: it is on once a first code of the authenticator was right',
        querystring: noQuery,
        body,
        response: { 200: z.object({ totp_uri: z.string(), backup_codes: z.array(z.string()) }) },
        told: {
          answers: { 200: 'For the authenticator, and to keep; shown this once.' },
          refuses: [...refuses, 'conflict'],
        },
      },
    },
    async (request, reply) => {
      const asked = { ...request.body, method: 'totp' } as const
      const done = await withPassword(
        request,
        reply,
        (api, headers) => api.enableTwoFactor({ body: asked, headers, returnHeaders: true }),
        (transaction, change) => change.recordMade(transaction, 'user.two_factor_begun', CODES),
      )
      if (done === null || done.response.method !== 'totp') return reply
      return { totp_uri: done.response.totpURI, backup_codes: done.response.backupCodes }
    },
  )

  app.post(
    '/two-factor/disable',
    {
      schema: {
        tags,
        security,
        summary: 'Switches the second factor off',
        querystring: noQuery,
        body,
        response: { 204: z.null() },
        told: { answers: { 204: 'It is off.' }, refuses: [...refuses, 'conflict'] },
      },
    },
    async (request, reply) => {
      const done = await withPassword(
        request,
        reply,
        (api, headers) => api.disableTwoFactor({ body: request.body, headers, returnHeaders: true }),
        (transaction, change) => change.record(transaction, 'user.two_factor_disabled'),
      )
      return done === null ? reply : reply.code(204).send(null)
    },
  )

  app.post(
    '/two-factor/generate-backup-codes',
    {
      schema: {
        tags,
        security,
        summary: 'Makes new codes for a lost authenticator; those from before are good no longer',
        querystring: noQuery,
        body,
        response: { 200: z.object({ backup_codes: z.array(z.string()) }) },
        told: { answers: { 200: 'To keep; shown this once.' }, refuses: [...refuses, 'conflict'] },
      },
    },
    async (request, reply) => {
      const done = await withPassword(
        request,
        reply,
        (api, headers) => api.generateBackupCodes({ body: request.body, headers, returnHeaders: true }),
        (transaction, change) => change.recordMade(transaction, 'user.backup_codes_made', CODES),
      )
      return done === null ? reply : { backup_codes: done.response.backupCodes }
    },
  )
}

/** What the audit has of codes for a lost authenticator: how many there are. */
const CODES = { backup_codes: 10 }

/** What better-auth refuses, in words. */
const REASONS: Readonly<Record<string, string>> = {
  TOTP_ALREADY_ENABLED: 'The second factor is on already. Switch it off first.',
  TWO_FACTOR_NOT_ENABLED: 'The second factor is not on.',
}

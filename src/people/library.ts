import { kyselyAdapter } from '@better-auth/kysely-adapter'
import type { BetterAuthOptions } from 'better-auth'
import { isAPIError } from 'better-auth/api'
import { betterAuth } from 'better-auth/minimal'
import { twoFactor } from 'better-auth/plugins/two-factor'
import type { ControlledTransaction, Kysely } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { Database } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { CookieNames } from './cookies.ts'
import { DATE_COLUMNS } from './date-columns.ts'
import { withHashedTokens } from './hashed-tokens.ts'
import { LONGEST, SHORTEST } from './password.ts'
import { isAlive } from './sessions.ts'
import { withinUnits } from './unit-adapter.ts'
import { Units } from './units.ts'

export interface LibraryOptions {
  database: Database
  secret: string
  cookies: CookieNames
  /** Told of what better-auth calls an error. */
  onError: (message: string) => void
}

const SESSION_SECONDS = 30 * 24 * 3600
const CHALLENGE_SECONDS = 600

/**
 * better-auth as it is used here: passwords, sessions and second factors on our tables. Its own HTTP routes are not
 * opened; ours ask its functions, so that nothing can be asked of it that nobody thought of.
 */
export function openLibrary({ database, secret, cookies, onError }: LibraryOptions) {
  ignoreEnvironment()
  const units = new Units(database.query)
  const { isSecure: secure } = cookies
  const attributes = { secure, httpOnly: true, sameSite: 'lax', path: '/' } as const
  const times = { createdAt: 'created_at', updatedAt: 'updated_at' }
  const auth = betterAuth({
    appName: 'First Call',
    secret,
    // Nothing is made of it: the routes that would are closed.
    baseURL: 'http://127.0.0.1',
    telemetry: { enabled: false },
    // Tries are counted by us, for the account as well, and in the database.
    rateLimit: { enabled: false },
    logger: { level: 'error', log: (_, message) => onError(message) },
    database: (options: BetterAuthOptions) => {
      const on = (query: Kysely<Tables>) =>
        kyselyAdapter(query.withPlugin(DATE_COLUMNS), { type: 'postgres', transaction: true })(options)
      const adapter = withinUnits(units, on(database.query), on)
      return withHashedTokens(adapter, (tokenHash) => isAlive(database, tokenHash))
    },
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: SHORTEST, maxPasswordLength: LONGEST },
    user: { modelName: 'users', fields: { ...times, emailVerified: 'email_verified' } },
    session: {
      modelName: 'user_sessions',
      fields: {
        ...times,
        token: 'token_sha256',
        userId: 'user_id',
        expiresAt: 'expires_at',
        ipAddress: 'ip_address',
        userAgent: 'user_agent',
      },
      expiresIn: SESSION_SECONDS,
      disableSessionRefresh: true,
    },
    account: {
      modelName: 'user_accounts',
      fields: {
        ...times,
        userId: 'user_id',
        accountId: 'account_id',
        providerId: 'provider_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
      },
    },
    verification: {
      modelName: 'user_verifications',
      fields: { ...times, expiresAt: 'expires_at' },
      storeIdentifier: 'hashed',
    },
    plugins: [
      twoFactor({
        issuer: 'First Call',
        twoFactorCookieMaxAge: CHALLENGE_SECONDS,
        schema: {
          user: { fields: { twoFactorEnabled: 'two_factor_enabled' } },
          twoFactor: {
            modelName: 'user_two_factors',
            fields: {
              userId: 'user_id',
              backupCodes: 'backup_codes',
              failedVerificationCount: 'failed_verification_count',
              lockedUntil: 'locked_until',
            },
          },
        },
      }),
    ],
    databaseHooks: {
      session: {
        create: {
          // Where somebody is and with what, nobody has asked for; and who may not log in gets no session.
          before: async (session) =>
            (await mayLogIn(units, session.userId)) && { data: { ...session, ipAddress: null, userAgent: null } },
        },
      },
    },
    advanced: {
      database: { generateId: () => uuidv7(), validateSchema: false },
      ipAddress: { disableIpTracking: true },
      useSecureCookies: false,
      defaultCookieAttributes: attributes,
      cookiePrefix: cookies.session,
      cookies: {
        session_token: { name: cookies.session, attributes },
        two_factor: { name: cookies.twoFactor, attributes },
      },
    },
  })
  return { api: auth.api, attempt: attemptIn(units), context: auth.$context }
}

/**
 * better-auth goes by variables of its own, too, whatever it is told here: by some of them it would tell somebody what it
 * runs on (`BETTER_AUTH_TELEMETRY`), by others sign with another secret than ours (`BETTER_AUTH_SECRETS`).
 */
function ignoreEnvironment(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('BETTER_AUTH_')) delete process.env[name]
}

export type Library = ReturnType<typeof openLibrary>

/** What better-auth refused: its HTTP status, and its word for the reason. */
export interface LibraryRefusal {
  refused: number
  reason: string
}

/** What is written with what better-auth writes. */
export interface Written<Result> {
  /** Before anything is. */
  onBegin?: (transaction: ControlledTransaction<Tables>) => Promise<void>
  /** Where better-auth refused nothing. What this refuses undoes all of it. */
  onDone: (transaction: ControlledTransaction<Tables>, result: Result) => Promise<LibraryRefusal | null>
}

/**
 * Asks better-auth for what it may refuse, and writes what belongs to it in the same transaction. What it has written of
 * a refusal stays: that a code was wrong is counted. What breaks is thrown, and leaves nothing.
 */
const attemptIn =
  (units: Units) =>
  <Result extends object>(
    ask: () => Promise<Result>,
    { onBegin, onDone }: Written<Result>,
  ): Promise<Result | LibraryRefusal> =>
    units.run<Result | LibraryRefusal>(async (unit) => {
      const asked = await answerTo(ask)
      if ('refused' in asked) return { result: asked, isKept: true }
      const refused = await onDone(await unit.transaction(), asked)
      return refused === null ? { result: asked, isKept: true } : { result: refused, isKept: false }
    }, onBegin)

/** Where somebody may not log in ({@link mayLogIn}), which better-auth calls a fault of its own. */
const NO_SESSION = 'FAILED_TO_CREATE_SESSION'

/** In the words of the cipher's library. */
const CANNOT_DECRYPT = 'invalid tag'
const UNREADABLE =
  'A second factor cannot be read, as it was encrypted with another secret: set AUTH_SECRET to the one from before and start the service anew, or take the factor away with first-call user reset <e-mail> --two-factor.'

async function answerTo<Result extends object>(ask: () => Promise<Result>): Promise<Result | LibraryRefusal> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Error && error.message === CANNOT_DECRYPT) throw new Error(UNREADABLE, { cause: error })
    if (!isAPIError(error)) throw error
    const reason = String(error.body?.code ?? '')
    if (error.statusCode >= 500 && reason !== NO_SESSION) throw error
    return { refused: error.statusCode, reason }
  }
}

/** Whether a person may; so they may until the session is there. */
async function mayLogIn(units: Units, userId: string): Promise<boolean> {
  const transaction = await units.current?.transaction()
  if (transaction === undefined) throw new Error('a session is made without what the audit has of it')
  const user = await transaction
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .where('disabled_at', 'is', null)
    .forShare()
    .executeTakeFirst()
  return user !== undefined
}

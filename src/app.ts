import { maxHeaderSize } from 'node:http'
import { fastifyCookie } from '@fastify/cookie'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import type { CountryCode } from 'libphonenumber-js'
import type { Register } from './attempts/register.ts'
import { auditRoutes, historyRoutes } from './audit/routes.ts'
import { requireAccess } from './auth/access.ts'
import type { FindCaller } from './auth/keys.ts'
import { keyRoutes } from './auth/routes.ts'
import { callRoutes } from './calls/routes.ts'
import type { ZadarmaConfig } from './config.ts'
import type { LinkWaiting } from './contacts/relink.ts'
import { contactRoutes } from './contacts/routes.ts'
import { coverageRoutes } from './coverage/routes.ts'
import type { Database } from './database/database.ts'
import { diallingRoutes } from './dialling/routes.ts'
import { disclosureRoutes } from './disclosure/routes.ts'
import { eventRoutes } from './events/routes.ts'
import { syncRoutes } from './history/routes.ts'
import { guardConnections } from './http/connections.ts'
import { allowOrigins } from './http/cors.ts'
import { describe } from './http/description.ts'
import { showDescription } from './http/docs.ts'
import { type EdgeConfig, PLAIN_EDGE } from './http/edge.ts'
import { answerErrors, answerNotFound } from './http/errors.ts'
import {
  answerUnreadable,
  type Callers,
  GUARDED,
  isOnlyHere,
  requireCaller,
  requireCallerUnlessLocal,
  whoAsks,
} from './http/guard.ts'
import { secureAnswers } from './http/headers.ts'
import { readJson } from './http/json.ts'
import { addLifeSigns } from './http/life-signs.ts'
import { answerOtherMethods, knowEveryMethod } from './http/method-not-allowed.ts'
import { networksOf } from './http/networks.ts'
import { limitRates } from './http/rate-limits.ts'
import { answerClientError, refuseExpectations, requireHost } from './http/raw-answers.ts'
import { answerRequestId, requestIdOf } from './http/request-id.ts'
import type { InboxOptions } from './inbox/inbox.ts'
import type { MailOptions } from './mailbox/handle.ts'
import { mailRoutes } from './mailbox/routes.ts'
import type { Metrics } from './metrics.ts'
import { opportunityRoutes } from './opportunities/routes.ts'
import { servePages } from './pages/routes.ts'
import { logInRoutes } from './people/log-in-routes.ts'
import { meRoutes } from './people/me-routes.ts'
import { nameRoutes } from './people/name-routes.ts'
import { loadWhereNeeded, openPeople, type PeopleConfig } from './people/people.ts'
import { userRoutes } from './people/user-routes.ts'
import { queueRoutes } from './queue/routes.ts'
import { recordingRoutes } from './recordings/routes.ts'
import { reviewRoutes } from './review/routes.ts'
import { settingsRoutes } from './settings/routes.ts'
import { checkRoutes } from './state/check-routes.ts'
import { stateRoutes } from './state/routes.ts'
import type { AboutService } from './state/state.ts'
import type { ZadarmaApi } from './zadarma/api.ts'
import { zadarmaRoutes } from './zadarma/routes.ts'

export interface AppOptions {
  database: Database
  register: Register
  findCaller: FindCaller
  metrics: Metrics
  country: CountryCode
  zadarma: ZadarmaConfig
  /** Null where the account's key or secret is not set. */
  zadarmaApi: ZadarmaApi | null
  /** Who was called is left out of the queue for so long. */
  retryMinutes: number
  inbox: InboxOptions
  mails: MailOptions
  /** Links the calls that wait for a contact with one of these numbers. */
  linkWaiting: LinkWaiting
  /** How people log in. */
  people: PeopleConfig
  about: AboutService
  /** Where the pages were built, absolute. */
  pagesDir: string
  /** The folder of recordings, absolute. */
  recordingsDir: string
  /** Where it will listen: some pages are open on loopback only. */
  host: string
  edge?: EdgeConfig
  /** Whether the database is reached and migrated. */
  isReady: () => Promise<boolean>
  log: FastifyBaseLogger
}

const BODY_LIMIT = 1024 * 1024

/** Builds the HTTP application: plugins, routes, errors. It listens nowhere yet. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { database, register, findCaller, metrics, country, host, isReady, linkWaiting } = options
  const { zadarma, zadarmaApi, retryMinutes, inbox, edge = PLAIN_EDGE } = options
  const people = openPeople({ ...options.people, host, database, log: options.log })
  const callers: Callers = { findCaller, findSession: people.sessions.find, originFault: people.originFault }
  const app = Fastify({
    loggerInstance: options.log,
    bodyLimit: BODY_LIMIT,
    http: {
      requireHostHeader: false,
      headersTimeout: edge.patience.headersMs,
      connectionsCheckingInterval: edge.patience.lookEveryMs,
    },
    clientErrorHandler: answerClientError,
    requestTimeout: edge.patience.requestMs,
    trustProxy: edge.trustedProxies.length > 0 && networksOf(edge.trustedProxies),
    genReqId: requestIdOf,
    // Requests are counted and timed by the metrics; a line each would drown what needs attention.
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle',
    // What still comes on an open connection is answered as ever, and the connection then closed.
    return503OnClosing: false,
    // No address is longer: what is wrong with an id is told by its route.
    routerOptions: { maxParamLength: maxHeaderSize },
    frameworkErrors: answerUnreadable(callers),
  }).withTypeProvider<ZodTypeProvider>()
  refuseExpectations(app.server)
  guardConnections(app.server, edge.patience)
  knowEveryMethod(app)
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.decorateRequest('caller', null)
  answerRequestId(app)
  requireAccess(app)
  secureAnswers(app)
  app.addHook('onRequest', requireHost)
  allowOrigins(app, edge.corsOrigins)
  await limitRates(app, edge, { metrics, findSession: callers.findSession })
  answerErrors(app)
  await app.register(fastifyCookie, { hook: false })
  readJson(app)
  await describe(app)

  const addOtherMethods = answerOtherMethods(app)
  const guardUnlessLocal = requireCallerUnlessLocal(callers, isOnlyHere(host, edge))
  addLifeSigns(app, { metrics, isReady, guard: guardUnlessLocal })
  addOtherMethods()
  await showDescription(app, guardUnlessLocal)
  await servePages(app, options.pagesDir)

  const guard = (scope: FastifyInstance, who: Callers = callers): void => {
    scope.addHook('onRequest', requireCaller(who))
    if (edge.rateLimitPerKey !== null) scope.addHook('onRequest', scope.countOfKey)
    answerNotFound(scope)
  }
  await app.register(
    async (crm) => {
      guard(crm)
      const addOtherMethodsOfCrm = answerOtherMethods(crm)
      const erasing = { database: { query: database.chores }, mails: options.mails }
      await crm.register(contactRoutes, { database, country, linkWaiting, erasing })
      await crm.register(disclosureRoutes, erasing)
      await crm.register(opportunityRoutes, { database, register })
      await crm.register(callRoutes, { database, register, metrics, country })
      await crm.register(recordingRoutes, { database, recordingsDir: options.recordingsDir })
      await crm.register(diallingRoutes, { database, zadarmaApi })
      await crm.register(queueRoutes, { database, retryMinutes })
      await crm.register(settingsRoutes, { canDial: zadarmaApi !== null, retryMinutes, country })
      await crm.register(syncRoutes, { database })
      await crm.register(reviewRoutes, { database, register, recordingsDir: options.recordingsDir })
      await crm.register(coverageRoutes, { database })
      await crm.register(historyRoutes, { database })
      await crm.register(nameRoutes, { database })
      await crm.register(stateRoutes, { database, zadarma, about: options.about })
      addOtherMethodsOfCrm()
    },
    { prefix: GUARDED.crm },
  )
  await app.register(
    async (scope) => {
      const addOtherMethodsOfZadarma = answerOtherMethods(scope)
      await scope.register(zadarmaRoutes, { zadarma, inbox })
      addOtherMethodsOfZadarma()
    },
    { prefix: '/api/zadarma' },
  )
  await app.register(
    async (scope) => {
      guard(scope)
      const addOtherMethodsOfMail = answerOtherMethods(scope)
      await scope.register(mailRoutes, { mails: options.mails })
      addOtherMethodsOfMail()
    },
    { prefix: GUARDED.recordingEmail },
  )
  await app.register(
    async (admin) => {
      guard(admin)
      const addOtherMethodsOfAdmin = answerOtherMethods(admin)
      await admin.register(keyRoutes, { database })
      await admin.register(auditRoutes, { database })
      await admin.register(userRoutes, { people })
      await admin.register(checkRoutes, { zadarma, about: options.about })
      addOtherMethodsOfAdmin()
    },
    { prefix: GUARDED.admin },
  )
  await app.register(
    async (scope) => {
      guard(scope)
      const addOtherMethodsOfMe = answerOtherMethods(scope)
      await scope.register(meRoutes, { people })
      addOtherMethodsOfMe()
    },
    { prefix: GUARDED.me },
  )
  await app.register(
    async (scope) => {
      // A page listens again and again by itself, which tells nothing of whether anybody is there.
      const listeners = { ...callers, findSession: people.sessions.look }
      guard(scope, listeners)
      const addOtherMethodsOfEvents = answerOtherMethods(scope)
      await scope.register(eventRoutes, { database, findCaller: (request) => whoAsks(request, listeners) })
      addOtherMethodsOfEvents()
    },
    { prefix: GUARDED.events },
  )
  await app.register(
    async (scope) => {
      const addOtherMethodsOfLogIn = answerOtherMethods(scope)
      await scope.register(logInRoutes, { people, guard: requireCaller(callers) })
      addOtherMethodsOfLogIn()
    },
    { prefix: '/api/auth' },
  )
  app.addHook('onListen', async () => void loadWhereNeeded(people))
  return app
}

import type { FastifyInstance } from 'fastify'
import type { Role } from './caller.ts'

/** What has to come with a request: a key or session with one of these roles; any session; or else what the words say. */
export type Access = readonly Role[] | 'session' | 'open' | 'signature' | 'local or key'

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
    /** It does nothing but say which methods an address has. */
    answers405?: true
  }
}

export const ROLES = ['admin', 'manager', 'agent', 'viewer'] as const satisfies readonly Role[]

const READ = ROLES
/** Agents: what they may see, which `sight.ts` says. */
const CHANGE = ['admin', 'manager', 'agent'] as const
const MANAGE = ['admin', 'manager'] as const
const OVERSEE = ['admin', 'manager', 'viewer'] as const
const ADMINISTER = ['admin'] as const

/**
 * Who may do what: each route of the service, once. One that is not here keeps the service from starting. HEAD may do what
 * GET may.
 */
export const ACCESS: Readonly<Record<string, Access>> = {
  'GET /healthz': 'open',
  'GET /readyz': 'open',
  'GET /metrics': 'local or key',
  'GET /openapi.json': 'local or key',
  'GET /docs': 'local or key',

  // The pages have nothing in them but how to ask for the rest.
  'GET /': 'open',
  'GET /call': 'open',
  'GET /leads': 'open',
  'GET /leads/:id': 'open',
  'GET /board': 'open',
  'GET /calls': 'open',
  'GET /review': 'open',
  'GET /coverage': 'open',
  'GET /settings': 'open',
  'GET /settings/:part': 'open',
  'GET /log-in': 'open',
  'GET /accept': 'open',
  'GET /assets/*': 'open',

  'GET /api/zadarma/webhook': 'signature',
  'POST /api/zadarma/webhook': 'signature',
  'GET /api/zadarma/webhook/:secret': 'signature',
  'POST /api/zadarma/webhook/:secret': 'signature',

  'GET /api/crm/contacts': READ,
  'POST /api/crm/contacts': CHANGE,
  'GET /api/crm/contacts/:id': READ,
  'GET /api/crm/contacts/:id/history': READ,
  'PATCH /api/crm/contacts/:id': CHANGE,
  'DELETE /api/crm/contacts/:id': CHANGE,

  // Much of it is found by no list.
  'GET /api/crm/contacts/:id/export': MANAGE,

  'GET /api/crm/opportunities': READ,
  'POST /api/crm/opportunities': CHANGE,
  'GET /api/crm/opportunities/count': READ,
  'GET /api/crm/opportunities/:id': READ,
  'GET /api/crm/opportunities/:id/history': READ,
  'PATCH /api/crm/opportunities/:id': CHANGE,
  'DELETE /api/crm/opportunities/:id': CHANGE,

  'GET /api/crm/calls': READ,
  'POST /api/crm/calls': CHANGE,
  'POST /api/crm/calls/batch': CHANGE,
  'POST /api/crm/calls/dial': CHANGE,
  'GET /api/crm/calls/dial/:request_id': READ,
  'GET /api/crm/calls/:id': READ,
  'GET /api/crm/calls/:id/history': READ,
  'PUT /api/crm/calls/:id': CHANGE,
  'PATCH /api/crm/calls/:id': CHANGE,
  'DELETE /api/crm/calls/:id': CHANGE,
  'GET /api/crm/calls/:id/recording': READ,
  'GET /api/crm/calls/:id/recordings/:recording_id': READ,

  // Names, by which opportunities are assigned.
  'GET /api/crm/people': READ,

  // For those who call.
  'GET /api/crm/queue': CHANGE,
  'POST /api/crm/queue/claim': CHANGE,
  'DELETE /api/crm/queue/claim/:opportunity_id': CHANGE,
  'GET /api/crm/settings': READ,

  'GET /api/crm/review': READ,
  'POST /api/crm/review/:id': CHANGE,
  'GET /api/crm/review/:id/recordings/:recording_id': READ,

  // The whole team's.
  'GET /api/crm/coverage': OVERSEE,
  'GET /api/crm/coverage/contradictions': OVERSEE,
  'GET /api/crm/state': OVERSEE,
  'POST /api/crm/sync': MANAGE,
  'GET /api/crm/sync/:id': MANAGE,

  // One message may change any call.
  'POST /api/recordings/email': MANAGE,

  'POST /api/auth/sign-in/email': 'open',
  'POST /api/auth/sign-out': 'open',
  'POST /api/auth/accept': 'open',
  // With the cookie of a log-in that still waits for its code.
  'POST /api/auth/two-factor/verify-totp': 'open',
  'POST /api/auth/two-factor/verify-backup-code': 'open',
  'POST /api/auth/two-factor/enable': 'session',
  'POST /api/auth/two-factor/disable': 'session',
  'POST /api/auth/two-factor/generate-backup-codes': 'session',
  'POST /api/auth/change-password': 'session',
  'GET /api/me': READ,
  // Of what the caller may see.
  'GET /api/events': READ,

  'GET /api/admin/audit': ADMINISTER,
  'GET /api/admin/keys': ADMINISTER,
  'POST /api/admin/keys': ADMINISTER,
  'DELETE /api/admin/keys/:id': ADMINISTER,
  'GET /api/admin/users': ADMINISTER,
  'POST /api/admin/users': ADMINISTER,
  'GET /api/admin/users/:id': ADMINISTER,
  'PATCH /api/admin/users/:id': ADMINISTER,
  'POST /api/admin/users/:id/reset': ADMINISTER,
  'POST /api/admin/checks/zadarma': ADMINISTER,
  'POST /api/admin/checks/mailbox': ADMINISTER,
}

/** The pages of the description have many addresses. */
const PAGES = ['/docs'] as const

/** What a route asks for; undefined where the table does not know it. */
export function accessOf(method: string, url: string): Access | undefined {
  const page = PAGES.find((prefix) => url === prefix || url.startsWith(`${prefix}/`))
  return ACCESS[`${method === 'HEAD' ? 'GET' : method} ${page ?? url}`]
}

/**
 * Gives every route that is added afterwards its entry of the table, for the hook that looks at the key.
 *
 * @throws when a route is added that the table does not know, so that the service does not start with it
 */
export function requireAccess(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.answers405 === true) return
    const accesses = [route.method].flat().map((method) => {
      const access = accessOf(method, route.url)
      if (access === undefined)
        throw new Error(`Nobody has said who may ${method} ${route.url}: see src/auth/access.ts.`)
      return access
    })
    if (new Set(accesses).size > 1) throw new Error(`The methods of ${route.url} are not for the same: add them apart.`)
    const [access] = accesses
    if (access !== undefined) route.config = { ...route.config, access }
  })
}

import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { Database } from '../database/database.ts'
import type { Refusal } from '../http/refusal.ts'
import { type CookieNames, cookieNames } from './cookies.ts'
import type { Library } from './library.ts'
import type { MailSender } from './mail.ts'
import { originFault } from './origin.ts'
import { openSessions, type Sessions } from './sessions.ts'
import { hasUsers } from './store.ts'

/** How people log in. */
export interface PeopleConfig {
  /** Signs cookies and encrypts second factors. */
  secret: string
  /** The address that people see; null: only this machine, without TLS. */
  publicUrl: URL | null
  /** Null: no e-mail is sent, and links are shown to the admin. */
  mail: MailSender | null
}

export interface PeopleOptions extends PeopleConfig {
  database: Database
  /** Where the service listens. */
  host: string
  log: FastifyBaseLogger
}

/** What the routes for people work with. */
export interface People {
  database: Database
  mail: MailSender | null
  publicUrl: URL | null
  cookies: CookieNames
  sessions: Sessions
  originFault: (request: FastifyRequest) => Refusal | null
  /** better-auth: 40 MB and half a second that a service to which nobody logs in does not need. */
  library: () => Promise<Library>
}

/** Puts together what people need; nothing is read or loaded yet. */
export function openPeople({ database, secret, publicUrl, mail, host, log }: PeopleOptions): People {
  const cookies = cookieNames(publicUrl)
  let library: Promise<Library> | null = null
  const load = async (): Promise<Library> => {
    const { openLibrary } = await import('./library.ts')
    return openLibrary({ database, secret, cookies, onError: (message) => log.error(`better-auth: ${message}`) })
  }
  return {
    database,
    mail,
    publicUrl,
    cookies,
    sessions: openSessions(database, { cookieName: cookies.session, secret }),
    originFault: (request) => originFault(request, { publicUrl, host }),
    library: () => {
      if (library !== null) return library
      const loading = load()
      library = loading
      // Whatever was in its way, the next one who needs it may find it gone.
      loading.catch(() => {
        library = null
      })
      return loading
    },
  }
}

/** Loads better-auth where somebody may log in: else it would hold everybody up when the first one does. */
export async function loadWhereNeeded({ database, library }: People): Promise<void> {
  // Where that fails, whoever logs in loads it, or is told of it.
  if (await hasUsers(database).catch(() => false)) await library().catch(() => undefined)
}

import path from 'node:path'
import type { AppOptions } from '../src/app.ts'
import type { MailConfig, ZadarmaConfig } from '../src/config.ts'
import { type RelinkOptions, waitingLinker } from '../src/contacts/relink.ts'
import { type DoorsOptions, openDoors } from '../src/inbox/doors.ts'
import type { MailFolders } from '../src/mailbox/files.ts'
import { loadWording } from '../src/mailbox/wording.ts'
import type { PeopleConfig } from '../src/people/people.ts'
import type { AboutService } from '../src/state/state.ts'
import { zadarmaApiOf } from '../src/zadarma/api.ts'

/** What the account at Zadarma is to the tests. */
export const ZADARMA: ZadarmaConfig = {
  key: 'test-key',
  secret: 'test-secret',
  timezone: 'Europe/Madrid',
  apiUrl: 'http://127.0.0.1:1',
  webhookPathSecret: null,
  allowedIps: null,
  ownNumbers: [],
  reconcileMinutes: 15,
  recordingHosts: ['zadarma.com'],
  maxAgeHours: null,
}

const MAIL: MailConfig = { allowedSenders: ['zadarma.com'], matchMinutes: 10, patternsFile: null }

/** Signs the cookies of people. */
export const SECRET = 'a-secret-for-tests-that-is-long-enough'

/** For tests that keep no file. */
export const NO_FOLDERS: MailFolders = { recordings: '/dev/null/recordings', mails: '/dev/null/mails' }

const wording = loadWording(null)

type Parts = Pick<AppOptions, 'database' | 'register' | 'metrics' | 'log'>

const PAGES_DIR = path.resolve(import.meta.dirname, '../dist/web')

interface Given extends Partial<Pick<DoorsOptions, 'folders' | 'processMail' | 'wording' | 'mailLimits'>> {
  zadarma?: ZadarmaConfig
  people?: Partial<PeopleConfig>
  about?: Partial<AboutService>
}

/** What the application needs for the doors beside REST. */
export function doorsOf(
  parts: Parts,
  { zadarma = ZADARMA, folders = NO_FOLDERS, people = {}, about = {}, ...given }: Given = {},
): Pick<
  AppOptions,
  | 'zadarma'
  | 'zadarmaApi'
  | 'retryMinutes'
  | 'inbox'
  | 'mails'
  | 'linkWaiting'
  | 'pagesDir'
  | 'recordingsDir'
  | 'people'
  | 'about'
> & {
  relink: RelinkOptions
  closeDoors: () => Promise<void>
} {
  // The calls of most tests took place on a fixed day.
  const relink = { database: parts.database, register: parts.register, days: 36_500, log: parts.log }
  const config = { zadarma, mail: MAIL, defaultCountry: 'ES' as const, recordingMaxBytes: 200 * 1024 * 1024 }
  const { inbox, mails, close } = openDoors({ ...parts, config, folders, wording, ...given })
  return {
    zadarma,
    zadarmaApi: zadarmaApiOf(zadarma, parts.log),
    retryMinutes: 60,
    inbox,
    mails,
    linkWaiting: waitingLinker(relink),
    pagesDir: PAGES_DIR,
    recordingsDir: folders.recordings,
    people: { secret: SECRET, publicUrl: null, mail: null, ...people },
    about: {
      version: '0.0.0',
      mailbox: null,
      mail: MAIL,
      retention: { recordingsDays: null, inboxDays: 30, mailDays: 365 },
      ...about,
    },
    relink,
    closeDoors: close,
  }
}

import path from 'node:path'
import type { SecureContext } from 'node:tls'
import { type CountryCode, isSupportedCountry } from 'libphonenumber-js'
import { IANAZone } from 'luxon'
import { z } from 'zod'
import { EDGE_ENVIRONMENT, type EdgeConfig, edgeOf } from './http/edge.ts'
import { isNetwork } from './http/networks.ts'
import type { MailboxConfig, OauthConfig } from './mailbox/mailbox.ts'
import { parseMailboxUrl } from './mailbox/mailbox-url.ts'
import { faultsTogether, isSender, isTokenUrl } from './mailbox/settings.ts'
import { trustInFile } from './mailbox/trust.ts'
import { isFolder, parseWhenDone } from './mailbox/when-done.ts'
import type { MailSender } from './people/mail.ts'
import { parseSmtpUrl } from './people/smtp.ts'

/** What the service is told by its environment. */
export interface Config {
  host: string
  port: number
  edge: EdgeConfig
  /** Null: the embedded PostgreSQL. */
  databaseUrl: string | null
  /** As the owner of the tables; null: who uses them owns them. */
  migrationDatabaseUrl: string | null
  hasPooler: boolean
  /** Absolute. */
  dataDir: string
  isDefaultDataDir: boolean
  logLevel: (typeof LOG_LEVELS)[number]
  defaultCountry: CountryCode
  /** An admin key to accept; null: the first start makes one. */
  bootstrapApiKey: string | null
  /** Signs the cookies of people; null: the database has one. */
  authSecret: string | null
  /** The address that people see; null: only this machine, without TLS. */
  publicUrl: URL | null
  /** How people get their links; null: those who make them see them. */
  linkMail: MailSender | null
  zadarma: ZadarmaConfig
  /** Who was called is not called again for so long. */
  retryMinutes: number
  /** Contacts are looked for by the numbers of calls of so many days. */
  relinkDays: number
  retention: RetentionConfig
  recordingMaxBytes: number
  /** Null: no mailbox is read. */
  mailbox: MailboxConfig | null
  mail: MailConfig
}

/** After how many days what is removed; null: never. */
export interface RetentionConfig {
  /** Audio. */
  recordingsDays: number | null
  /** Raw notifications. */
  inboxDays: number | null
  /** Raw e-mails. */
  mailDays: number | null
}

/** How recording e-mails are understood, whichever way they come. */
export interface MailConfig {
  /** Addresses or domains whose messages in the mailbox are taken, in lower case. */
  allowedSenders: readonly string[]
  /** So far a call may be from what a message says of its start. */
  matchMinutes: number
  /** Absolute; null: none but ours. */
  patternsFile: string | null
}

/** What is known of the account at Zadarma. */
export interface ZadarmaConfig {
  /** Null: requests cannot be made. */
  key: string | null
  /** Null: no notification is genuine. */
  secret: string | null
  /** The account's zone, of the IANA list. */
  timezone: string
  apiUrl: string
  /** The last part of the webhook's address; null: it has none. */
  webhookPathSecret: string | null
  /** Networks that notifications may come from; null: any. */
  allowedIps: readonly string[] | null
  /** The account's own numbers, in any writing. */
  ownNumbers: readonly string[]
  reconcileMinutes: number
  /** Recordings are fetched from these hosts and their subdomains, and from the API's own. */
  recordingHosts: readonly string[]
  /** Notifications of calls that began so many hours ago change nothing; null: their age does not matter. */
  maxAgeHours: number | null
}

/** Thrown with every fault of the configuration, a sentence each. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

const environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z
    .string()
    .default('3000')
    .refine(
      (port) => /^\d{1,5}$/.test(port) && Number(port) <= 65_535,
      'must be a number from 0 to 65535, such as 3000',
    )
    .transform(Number),
  ...EDGE_ENVIRONMENT,
  DATABASE_URL: z
    .string()
    .refine(isPostgresUrl, 'must be an address such as postgres://user:password@host:5432/database')
    .optional(),
  MIGRATION_DATABASE_URL: z
    .string()
    .refine(isPostgresUrl, 'must be an address such as postgres://owner:password@host:5432/database')
    .optional(),
  DATABASE_POOLER: z
    .enum(['true', 'false'], 'must be true (PgBouncer stands before the database) or false')
    .default('false')
    .transform((value) => value === 'true'),
  DATA_DIR: z.string().optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  DEFAULT_COUNTRY: z
    .string()
    .default('ES')
    .refine(isSupportedCountry, 'must be a country of two capital letters, such as ES'),
  BOOTSTRAP_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{32,200}$/, 'must have 32 to 200 visible ASCII characters without blanks')
    .optional(),
  AUTH_SECRET: z
    .string()
    .regex(/^[\x21-\x7e]{32,200}$/, 'must have 32 to 200 visible ASCII characters without blanks')
    .optional(),
  PUBLIC_URL: z
    .string()
    .refine(isPublicUrl, 'must be an address such as https://crm.example.com (http:// only on this machine)')
    .transform((text) => new URL(text))
    .optional(),
  SMTP_URL: z
    .string()
    .transform((text, { addIssue }) => {
      const address = parseSmtpUrl(text)
      if (!('fault' in address)) return address
      addIssue(address.fault)
      return z.NEVER
    })
    .optional(),
  SMTP_FROM: z.email('must be an e-mail address such as crm@example.com').optional(),
  ZADARMA_KEY: z.string().max(200).optional(),
  ZADARMA_SECRET: z.string().max(200).optional(),
  ZADARMA_TIMEZONE: z
    .string()
    .default('Europe/Madrid')
    .refine((zone) => IANAZone.isValidZone(zone), 'must be a zone of the IANA list, such as Europe/Madrid'),
  ZADARMA_API_URL: z
    .string()
    .default('https://api.zadarma.com')
    .refine(isApiUrl, 'must be an address such as https://api.zadarma.com (http:// only on this machine)'),
  ZADARMA_WEBHOOK_PATH_SECRET: z
    .string()
    .regex(/^[\w-]{16,200}$/, 'must have 16 to 200 letters, digits, - or _')
    .optional(),
  ZADARMA_ALLOWED_IPS: z
    .string()
    .transform(listOfWords)
    .refine(
      (networks) => networks.every(isNetwork),
      'must be addresses or networks such as 185.45.152.40/30, with commas',
    )
    .optional(),
  ZADARMA_OWN_NUMBERS: z.string().default('').transform(listOfWords),
  ZADARMA_RECONCILE_MINUTES: wholeNumber(1, 1_440).prefault('15'),
  ZADARMA_MAX_AGE_HOURS: wholeNumber(1, 87_600).optional(),
  ZADARMA_RECORDING_HOSTS: z
    .string()
    .default('zadarma.com')
    .transform((text) => listOfWords(text.toLowerCase()))
    .refine((hosts) => hosts.every(isHostName), 'must be names of hosts such as zadarma.com, with commas'),
  RETRY_MINUTES: wholeNumber(1, 10_080).prefault('60'),
  RELINK_DAYS: wholeNumber(1, 3_650).prefault('30'),
  RETENTION_RECORDINGS_DAYS: wholeNumber(1, 36_500).optional(),
  RETENTION_INBOX_DAYS: wholeNumber(1, 36_500).optional(),
  RETENTION_MAIL_DAYS: wholeNumber(1, 36_500).optional(),
  RECORDING_MAX_MB: wholeNumber(1, 10_000).prefault('200'),
  MAILBOX_URL: z
    .string()
    .transform((text, { addIssue }) => {
      const address = parseMailboxUrl(text)
      if (!('fault' in address)) return address
      addIssue(address.fault)
      return z.NEVER
    })
    .optional(),
  MAILBOX_FOLDER: z.string().default('INBOX').refine(isFolder, 'must be the name of a folder, such as INBOX'),
  MAILBOX_WHEN_DONE: z
    .string()
    .default('seen')
    .transform((text, { addIssue }) => {
      const whenDone = parseWhenDone(text)
      if (whenDone !== null) return whenDone
      addIssue('must be seen, leave or move:<folder>')
      return z.NEVER
    }),
  MAILBOX_OAUTH_CLIENT_ID: oauthText(),
  MAILBOX_OAUTH_CLIENT_SECRET: oauthText(),
  MAILBOX_OAUTH_REFRESH_TOKEN: oauthText(),
  MAILBOX_OAUTH_TOKEN_URL: z
    .string()
    .refine(isTokenUrl, 'must be an address such as https://oauth2.googleapis.com/token (http:// only on this machine)')
    .optional(),
  MAILBOX_CA_FILE: z.string().optional(),
  MAIL_ALLOWED_SENDERS: z
    .string()
    .default('zadarma.com')
    .transform((text) => listOfWords(text.toLowerCase()))
    .refine((senders) => senders.every(isSender), 'must be addresses or domains such as zadarma.com, with commas'),
  MAIL_MATCH_MINUTES: wholeNumber(1, 1_440).prefault('10'),
  MAIL_PATTERNS: z.string().optional(),
})

/** The names of all environment variables that are read. */
export const ENVIRONMENT_NAMES: readonly string[] = Object.keys(environment.shape)

function wholeNumber(minimum: number, maximum: number) {
  return z
    .string()
    .refine(
      (text) => /^\d{1,6}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum,
      `must be a whole number from ${minimum} to ${maximum}`,
    )
    .transform(Number)
}

function oauthText() {
  return z
    .string()
    .regex(/^[\x21-\x7e]{1,8000}$/, 'must have visible ASCII characters without blanks')
    .optional()
}

function listOfWords(text: string): string[] {
  const words = text.split(',').map((word) => word.trim())
  return words.filter((word) => word !== '')
}

/** With a dot: a name such as `com` would let everybody in. */
function isHostName(text: string): boolean {
  return /^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(text)
}

function isApiUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, pathname, search } = new URL(text)
  const isLocal = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
  return (protocol === 'https:' || (protocol === 'http:' && isLocal)) && pathname === '/' && search === ''
}

function isPublicUrl(text: string): boolean {
  return isApiUrl(text) && new URL(text).username === ''
}

function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text)
}

/**
 * Reads the configuration. An empty variable counts as not set.
 *
 * @throws ConfigError with all faults at once
 */
export function readConfig(env: NodeJS.ProcessEnv, workingDir: string): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const { data, error } = environment.safeParse(set)
  const faults = (error?.issues ?? []).map((issue) => `${issue.path.join('.')} ${issue.message}.`)
  faults.push(...faultsTogether(set))
  if (set.INBOX_RETENTION_DAYS !== undefined) {
    faults.push(
      'INBOX_RETENTION_DAYS must be replaced by RETENTION_INBOX_DAYS and RETENTION_MAIL_DAYS, which are two now.',
    )
  }
  if (set.MIGRATION_DATABASE_URL !== undefined && set.DATABASE_URL === undefined) {
    faults.push('MIGRATION_DATABASE_URL needs DATABASE_URL, the same database as another role.')
  }
  if (
    data?.SMTP_URL !== undefined &&
    data.SMTP_FROM === undefined &&
    !z.email().safeParse(data.SMTP_URL.user).success
  ) {
    faults.push('SMTP_FROM must be set to the address that e-mails come from, as the user of SMTP_URL is none.')
  }
  if (data?.SMTP_URL !== undefined && data.PUBLIC_URL === undefined) {
    faults.push('PUBLIC_URL must be set where SMTP_URL is: the links that are mailed lead there.')
  }
  const trust = readTrust(set.MAILBOX_CA_FILE, workingDir, (fault) => faults.push(fault))
  if (data === undefined || faults.length > 0) throw new ConfigError(faults)
  return {
    host: data.HOST,
    port: data.PORT,
    edge: edgeOf(data),
    databaseUrl: data.DATABASE_URL ?? null,
    migrationDatabaseUrl: data.MIGRATION_DATABASE_URL ?? null,
    hasPooler: data.DATABASE_POOLER,
    dataDir: path.resolve(workingDir, data.DATA_DIR ?? 'data'),
    isDefaultDataDir: data.DATA_DIR === undefined,
    logLevel: data.LOG_LEVEL,
    defaultCountry: data.DEFAULT_COUNTRY,
    bootstrapApiKey: data.BOOTSTRAP_API_KEY ?? null,
    authSecret: data.AUTH_SECRET ?? null,
    publicUrl: data.PUBLIC_URL ?? null,
    linkMail: linkMailOf(data),
    zadarma: {
      key: data.ZADARMA_KEY ?? null,
      secret: data.ZADARMA_SECRET ?? null,
      timezone: data.ZADARMA_TIMEZONE,
      apiUrl: data.ZADARMA_API_URL,
      webhookPathSecret: data.ZADARMA_WEBHOOK_PATH_SECRET ?? null,
      allowedIps: data.ZADARMA_ALLOWED_IPS ?? null,
      ownNumbers: data.ZADARMA_OWN_NUMBERS,
      reconcileMinutes: data.ZADARMA_RECONCILE_MINUTES,
      recordingHosts: data.ZADARMA_RECORDING_HOSTS,
      maxAgeHours: data.ZADARMA_MAX_AGE_HOURS ?? null,
    },
    retryMinutes: data.RETRY_MINUTES,
    relinkDays: data.RELINK_DAYS,
    retention: {
      recordingsDays: data.RETENTION_RECORDINGS_DAYS ?? null,
      inboxDays: data.RETENTION_INBOX_DAYS ?? null,
      mailDays: data.RETENTION_MAIL_DAYS ?? null,
    },
    recordingMaxBytes: data.RECORDING_MAX_MB * 1024 * 1024,
    mailbox:
      data.MAILBOX_URL === undefined
        ? null
        : {
            ...data.MAILBOX_URL,
            folder: data.MAILBOX_FOLDER,
            whenDone: data.MAILBOX_WHEN_DONE,
            oauth: oauthOf(data),
            trust,
          },
    mail: {
      allowedSenders: data.MAIL_ALLOWED_SENDERS,
      matchMinutes: data.MAIL_MATCH_MINUTES,
      patternsFile: data.MAIL_PATTERNS === undefined ? null : path.resolve(workingDir, data.MAIL_PATTERNS),
    },
  }
}

function readTrust(
  file: string | undefined,
  workingDir: string,
  onFault: (fault: string) => void,
): SecureContext | null {
  if (file === undefined) return null
  try {
    return trustInFile(path.resolve(workingDir, file))
  } catch (error) {
    onFault(`MAILBOX_CA_FILE ${error instanceof Error ? error.message : error}.`)
    return null
  }
}

/** A server without an address to write from was refused, if its user is none. */
function linkMailOf({ SMTP_URL: smtp, SMTP_FROM: from }: z.output<typeof environment>): MailSender | null {
  return smtp === undefined ? null : { smtp, from: from ?? smtp.user ?? '' }
}

/** All of it is set, or nothing; anything else was refused. */
function oauthOf(data: z.output<typeof environment>): OauthConfig | null {
  const { MAILBOX_OAUTH_CLIENT_ID: clientId, MAILBOX_OAUTH_CLIENT_SECRET: clientSecret } = data
  const { MAILBOX_OAUTH_REFRESH_TOKEN: refreshToken, MAILBOX_OAUTH_TOKEN_URL: tokenUrl } = data
  if (clientId === undefined || clientSecret === undefined) return null
  if (refreshToken === undefined || tokenUrl === undefined) return null
  return { clientId, clientSecret, refreshToken, tokenUrl }
}

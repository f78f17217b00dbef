import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { ConfigError, ENVIRONMENT_NAMES, readConfig } from './config.ts'
import { PLAIN_EDGE } from './http/edge.ts'

it('without any variable everything has its default', () => {
  expect(readConfig({}, '/srv')).toEqual({
    host: '127.0.0.1',
    port: 3000,
    edge: PLAIN_EDGE,
    databaseUrl: null,
    migrationDatabaseUrl: null,
    hasPooler: false,
    dataDir: '/srv/data',
    isDefaultDataDir: true,
    logLevel: 'info',
    defaultCountry: 'ES',
    bootstrapApiKey: null,
    authSecret: null,
    publicUrl: null,
    linkMail: null,
    zadarma: {
      key: null,
      secret: null,
      timezone: 'Europe/Madrid',
      apiUrl: 'https://api.zadarma.com',
      webhookPathSecret: null,
      allowedIps: null,
      ownNumbers: [],
      reconcileMinutes: 15,
      recordingHosts: ['zadarma.com'],
      maxAgeHours: null,
    },
    retryMinutes: 60,
    relinkDays: 30,
    retention: { recordingsDays: null, inboxDays: null, mailDays: null },
    recordingMaxBytes: 200 * 1024 * 1024,
    mailbox: null,
    mail: { allowedSenders: ['zadarma.com'], matchMinutes: 10, patternsFile: null },
  })
})

it('what is old is removed after so many days, each by itself', () => {
  const env = { RETENTION_RECORDINGS_DAYS: '365', RETENTION_MAIL_DAYS: '1' }
  const retention = { recordingsDays: 365, inboxDays: null, mailDays: 1 }
  expect(readConfig(env, '/srv')).toMatchObject({ retention })
})

it('a mailbox is an address, a folder and what happens there afterwards', () => {
  const env = {
    MAILBOX_URL: 'imaps://ana%40example.com:secret@imap.example.com',
    MAILBOX_FOLDER: 'Grabaciones de llamadas',
    MAILBOX_WHEN_DONE: 'move:Grabaciones/Hechas',
    MAIL_ALLOWED_SENDERS: 'Zadarma.com, pbx@Example.com',
    MAIL_MATCH_MINUTES: '25',
    MAIL_PATTERNS: 'patterns.json',
  }
  expect(readConfig(env, '/srv')).toMatchObject({
    mailbox: {
      host: 'imap.example.com',
      port: 993,
      isTlsFromStart: true,
      user: 'ana@example.com',
      password: 'secret',
      folder: 'Grabaciones de llamadas',
      whenDone: { do: 'move', folder: 'Grabaciones/Hechas' },
      oauth: null,
      trust: null,
    },
    mail: { allowedSenders: ['zadarma.com', 'pbx@example.com'], matchMinutes: 25, patternsFile: '/srv/patterns.json' },
  })
})

const OAUTH = {
  MAILBOX_OAUTH_CLIENT_ID: 'first-call',
  MAILBOX_OAUTH_CLIENT_SECRET: 'secret',
  MAILBOX_OAUTH_REFRESH_TOKEN: 'token',
  MAILBOX_OAUTH_TOKEN_URL: 'https://oauth2.googleapis.com/token',
}

it('instead of a password there can be all that OAuth2 needs, and a file of authorities beside', () => {
  const certificate = path.resolve(import.meta.dirname, '../test/mailbox/certificate.pem')
  const env = { MAILBOX_URL: 'imap://ana@imap.example.com', MAILBOX_CA_FILE: certificate, ...OAUTH }
  const { mailbox } = readConfig(env, '/srv')
  expect(mailbox?.trust).toHaveProperty('context')
  expect(mailbox).toMatchObject({
    port: 143,
    isTlsFromStart: false,
    password: null,
    folder: 'INBOX',
    whenDone: { do: 'mark' },
    oauth: {
      clientId: 'first-call',
      clientSecret: 'secret',
      refreshToken: 'token',
      tokenUrl: 'https://oauth2.googleapis.com/token',
    },
  })
})

it.each([
  [{ MAILBOX_URL: 'imaps://ana@example.com' }, ['MAILBOX_URL must have a password, or MAILBOX_OAUTH_* must be set.']],
  [
    { MAILBOX_URL: 'imaps://ana:secret@example.com', ...OAUTH },
    ['MAILBOX_URL must have no password where MAILBOX_OAUTH_* are set.'],
  ],
  [OAUTH, ['MAILBOX_URL must be set where MAILBOX_OAUTH_* are.']],
  [
    {
      MAILBOX_URL: 'imaps://ana@example.com',
      MAILBOX_OAUTH_CLIENT_ID: 'first-call',
      MAILBOX_OAUTH_TOKEN_URL: 'https://example.com',
    },
    [
      'MAILBOX_OAUTH_CLIENT_SECRET must be set where the other MAILBOX_OAUTH_* are.',
      'MAILBOX_OAUTH_REFRESH_TOKEN must be set where the other MAILBOX_OAUTH_* are.',
    ],
  ],
  [
    { MAILBOX_CA_FILE: 'nowhere.pem', PORT: '99999' },
    [
      'PORT must be a number from 0 to 65535, such as 3000.',
      'MAILBOX_CA_FILE must name a file that can be read, which /srv/nowhere.pem cannot (ENOENT).',
    ],
  ],
  [
    { MAILBOX_CA_FILE: import.meta.filename },
    [`MAILBOX_CA_FILE must name a file of certificates in PEM form, which ${import.meta.filename} is not.`],
  ],
])('what does not fit together is told: %j', (env, faults) => {
  expect(() => readConfig(env, '/srv')).toThrow(new ConfigError(faults))
})

it('all faults are told at once, in sentences', () => {
  const env = {
    PORT: '99999',
    TRUSTED_PROXIES: '10.0.0.0/8, 0.0.0.0/0',
    CORS_ORIGINS: 'https://crm.example.com/',
    RATE_LIMIT_PER_KEY: '0',
    DATABASE_URL: 'mysql://x',
    DEFAULT_COUNTRY: 'Spain',
    BOOTSTRAP_API_KEY: 'short',
    LOG_LEVEL: 'loud',
    ZADARMA_TIMEZONE: 'Madrid',
    ZADARMA_API_URL: 'http://api.zadarma.com',
    ZADARMA_WEBHOOK_PATH_SECRET: 'short',
    ZADARMA_ALLOWED_IPS: '185.45.152.40/33',
    ZADARMA_RECONCILE_MINUTES: '0',
    ZADARMA_RECORDING_HOSTS: 'zadarma.com,com',
    ZADARMA_MAX_AGE_HOURS: '0',
    RELINK_DAYS: 'many',
    // As it was called before.
    INBOX_RETENTION_DAYS: '30',
    RETENTION_RECORDINGS_DAYS: '0',
    RETENTION_INBOX_DAYS: '-1',
    RETENTION_MAIL_DAYS: '1.5',
    RECORDING_MAX_MB: '0.5',
    MAILBOX_URL: 'https://ana:the-password@example.com',
    MAILBOX_FOLDER: 'a\u0000b',
    MAILBOX_WHEN_DONE: 'move:',
    MAILBOX_OAUTH_CLIENT_ID: 'first call',
    MAILBOX_OAUTH_CLIENT_SECRET: 'sécret',
    MAILBOX_OAUTH_REFRESH_TOKEN: 'line\nbreak',
    MAILBOX_OAUTH_TOKEN_URL: 'http://oauth2.googleapis.com/token',
    MAILBOX_CA_FILE: 'nowhere.pem',
    MAIL_ALLOWED_SENDERS: 'zadarma.com,com',
    MAIL_MATCH_MINUTES: '0',
  }
  const read = () => readConfig(env, '/srv')
  expect(read).toThrow(ConfigError)
  for (const name of Object.keys(env)) expect(read).toThrow(new RegExp(`${name} must .+\\.`))
  expect(read).not.toThrow('the-password')
})

it('people come by an address, and get their links by e-mail', () => {
  const env = {
    PUBLIC_URL: 'https://CRM.example.com/',
    AUTH_SECRET: 'x'.repeat(32),
    SMTP_URL: 'smtps://ana%40example.com:secret@smtp.example.com',
  }
  const config = readConfig(env, '/srv')
  expect([config.publicUrl?.origin, config.authSecret]).toEqual(['https://crm.example.com', 'x'.repeat(32)])
  expect(config.linkMail).toMatchObject({ smtp: { host: 'smtp.example.com', port: 465 }, from: 'ana@example.com' })
  expect(readConfig({ ...env, SMTP_FROM: 'crm@example.com' }, '/srv').linkMail?.from).toBe('crm@example.com')
})

it.each([
  ['PUBLIC_URL', 'http://crm.example.com', /^PUBLIC_URL must be an address such as https/],
  ['PUBLIC_URL', 'https://crm.example.com/path', /^PUBLIC_URL must be an address such as https/],
  ['AUTH_SECRET', 'too short', /^AUTH_SECRET must have 32 to 200/],
  ['SMTP_URL', 'smtps://ana:secret@smtp.example.com', /^SMTP_FROM must be set/],
  ['SMTP_URL', 'smtps://ana%40example.com:secret@smtp.example.com', /^PUBLIC_URL must be set where SMTP_URL is/],
  ['SMTP_URL', 'https://secret@smtp.example.com', /^SMTP_URL must be an address such as smtps(?!.*secret@)/],
  ['SMTP_FROM', 'nobody', /^SMTP_FROM must be an e-mail address/],
])('%s=%s is refused', (name, value, fault) => {
  const read = () => readConfig({ [name]: value }, '/srv')
  expect(read).toThrow(ConfigError)
  expect(read).toThrow(fault)
})

it('.env.example lists every variable', async () => {
  const text = await readFile(path.resolve(import.meta.dirname, '../.env.example'), 'utf8')
  const names = [...text.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name)
  expect(names.sort()).toEqual([...ENVIRONMENT_NAMES].sort())
})

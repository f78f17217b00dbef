import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { ConfigError, ENVIRONMENT_NAMES, readConfig } from './config.ts'

it('without any variable everything has its default', () => {
  expect(readConfig({}, '/srv')).toEqual({
    host: '127.0.0.1',
    port: 3000,
    databaseUrl: null,
    hasPooler: false,
    dataDir: '/srv/data',
    isDefaultDataDir: true,
    logLevel: 'info',
    defaultCountry: 'ES',
    bootstrapApiKey: null,
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
    mail: { allowedSenders: ['zadarma.com'], matchMinutes: 10, patternsFile: null },
    relinkDays: 30,
    inboxRetentionDays: 30,
    recordingMaxBytes: 200 * 1024 * 1024,
  })
})

it('all faults are told at once, in sentences', () => {
  const env = {
    PORT: '99999',
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
    INBOX_RETENTION_DAYS: '-1',
    RECORDING_MAX_MB: '0.5',
  }
  const read = () => readConfig(env, '/srv')
  expect(read).toThrow(ConfigError)
  for (const name of Object.keys(env)) expect(read).toThrow(new RegExp(`${name} must .+\\.`))
})

it('.env.example lists every variable', async () => {
  const text = await readFile(path.resolve(import.meta.dirname, '../.env.example'), 'utf8')
  const names = [...text.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name)
  expect(names.sort()).toEqual([...ENVIRONMENT_NAMES].sort())
})

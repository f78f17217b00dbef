import path from 'node:path'
import { type CountryCode, isSupportedCountry } from 'libphonenumber-js'
import { z } from 'zod'

/** What the service is told by its environment. */
export interface Config {
  host: string
  port: number
  /** Null: the embedded PostgreSQL. */
  databaseUrl: string | null
  hasPooler: boolean
  /** Absolute. */
  dataDir: string
  isDefaultDataDir: boolean
  logLevel: (typeof LOG_LEVELS)[number]
  defaultCountry: CountryCode
  /** An admin key to accept; null: the first start makes one. */
  bootstrapApiKey: string | null
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
  DATABASE_URL: z
    .string()
    .refine(isPostgresUrl, 'must be an address such as postgres://user:password@host:5432/database')
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
})

/** The names of all environment variables that are read. */
export const ENVIRONMENT_NAMES: readonly string[] = Object.keys(environment.shape)

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
  if (data === undefined)
    throw new ConfigError(error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`))
  return {
    host: data.HOST,
    port: data.PORT,
    databaseUrl: data.DATABASE_URL ?? null,
    hasPooler: data.DATABASE_POOLER,
    dataDir: path.resolve(workingDir, data.DATA_DIR ?? 'data'),
    isDefaultDataDir: data.DATA_DIR === undefined,
    logLevel: data.LOG_LEVEL,
    defaultCountry: data.DEFAULT_COUNTRY,
    bootstrapApiKey: data.BOOTSTRAP_API_KEY ?? null,
  }
}

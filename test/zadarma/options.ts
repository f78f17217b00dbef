import { parseArgs } from 'node:util'
import type { Instant } from '../../src/time.ts'

/** How to call it. */
export const USAGE = `npm run simulate -- [--to http://127.0.0.1:3000 --key <admin key>] [options]

  --to, --key    the First Call to which notifications go, and a key of it; without them only REST is served
  --contacts     how many leads are made there (20)
  --calls        how many calls take place (100)
  --from         the day of the first call, such as 2026-09-01 (so long ago that all are over)
  --drop         how many of the notifications get lost, 0 to 1 (0)
  --double       how many come twice, 0 to 1 (0)
  --shuffle      they come in any order
  --concurrency  how many come at the same time (4)
  --seed         what makes chance; the same for the same number (1)
  --port         where REST is served (3900)
  --zone         the account's zone (Europe/Madrid)
  --webhook      where notifications go at --to (/api/zadarma/webhook)`

/** Thrown where it was called wrongly; the message says how. */
export class UsageError extends Error {
  override name = 'UsageError'
}

export interface SimulateOptions {
  to: { url: string; key: string } | null
  contacts: number
  calls: number
  from: Instant
  drop: number
  double: number
  shuffle: boolean
  concurrency: number
  seed: number
  port: number
  zone: string
  webhook: string
}

const text = { type: 'string' } as const
const flag = { type: 'boolean', default: false } as const

const OPTIONS = {
  to: text,
  key: text,
  contacts: { ...text, default: '20' },
  calls: { ...text, default: '100' },
  from: text,
  drop: { ...text, default: '0' },
  double: { ...text, default: '0' },
  shuffle: flag,
  concurrency: { ...text, default: '4' },
  seed: { ...text, default: '1' },
  port: { ...text, default: '3900' },
  zone: { ...text, default: 'Europe/Madrid' },
  webhook: { ...text, default: '/api/zadarma/webhook' },
  help: flag,
}

/** @throws UsageError */
export function readOptions(args: string[], now: Instant): SimulateOptions | 'help' {
  const given = parsed(args)
  if (given.help) return 'help'
  if ((given.to === undefined) !== (given.key === undefined)) throw new UsageError('--to and --key go together.')
  const { to: url, key } = given
  if (url !== undefined && !/^https?:\/\//.test(url)) throw new UsageError('--to must be an address of http or https.')
  const calls = numberFrom('calls', given.calls, 0, 100_000)
  return {
    to: url === undefined || key === undefined ? null : { url, key },
    contacts: numberFrom('contacts', given.contacts, 1, 9_999),
    calls,
    from: dayFrom(given.from ?? new Date(now - daysOf(calls) * 86_400_000).toISOString().slice(0, 10)),
    drop: numberFrom('drop', given.drop, 0, 1, false),
    double: numberFrom('double', given.double, 0, 1, false),
    shuffle: given.shuffle,
    concurrency: numberFrom('concurrency', given.concurrency, 1, 64),
    seed: numberFrom('seed', given.seed, 0, 2 ** 31),
    port: numberFrom('port', given.port, 0, 65_535),
    zone: zoneFrom(given.zone),
    webhook: given.webhook,
  }
}

/** About 290 calls take place in a day. */
const daysOf = (calls: number): number => 2 + Math.floor(calls / 250)

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, strict: true }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function numberFrom(name: string, given: string, least: number, most: number, isWhole = true): number {
  const number = given.trim() === '' ? Number.NaN : Number(given)
  if (number >= least && number <= most && (!isWhole || Number.isInteger(number))) return number
  throw new UsageError(`--${name} must be a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}.`)
}

function dayFrom(given: string): Instant {
  const day = /^\d{4}-\d\d-\d\d$/.test(given) ? Date.parse(`${given}T08:00:00Z`) : Number.NaN
  if (Number.isNaN(day)) throw new UsageError('--from must be a day such as 2026-09-01.')
  return day
}

function zoneFrom(given: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: given })
    return given
  } catch {
    throw new UsageError('--zone must be an IANA time zone such as Europe/Madrid.')
  }
}

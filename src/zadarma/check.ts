import { IANAZone } from 'luxon'
import type { ZadarmaConfig } from '../config.ts'
import type { Instant } from '../time.ts'
import { NOTIFICATIONS, type NotificationName, type ZadarmaApi } from './api.ts'
import { askEcho } from './echo.ts'
import { ZadarmaError } from './error.ts'
import { shownUrl } from './webhook-url.ts'

/** One thing that has to be right for calls to come. */
export interface Check {
  what: string
  /** Null: it cannot be asked, or is advice only. */
  ok: boolean | null
  detail: string
  /** What to do about it; null where nothing is to be done. */
  todo: string | null
}

export interface CheckOptions {
  /** Null where key or secret are not configured. */
  api: ZadarmaApi | null
  zadarma: ZadarmaConfig
  /** The webhook's address, as it should be set; null: the one that is set is taken for right. */
  webhook: string | null
  clock?: () => Instant
  signal?: AbortSignal
}

const LARGEST_CLOCK_DIFFERENCE_S = 60

/**
 * Looks at how the account at Zadarma is set up, and at how First Call is set up for it. Where the key does not work, only
 * what needs none is looked at.
 *
 * @throws the signal's reason
 */
export async function checkZadarma(options: CheckOptions): Promise<Check[]> {
  const { api, zadarma, webhook, clock = Date.now, signal } = options
  if (api === null) return [NO_KEY, ...locks(zadarma)]
  const requestOptions = { signal }
  const time = await answerOf(api.timezone(requestOptions))
  const ourNow = clock()
  if (time instanceof ZadarmaError) return [keyFault(time), ...locks(zadarma)]
  const info = await answerOf(api.callInfo(requestOptions))
  const known = info instanceof ZadarmaError ? null : info
  const address = webhook ?? (known === null || known.url === '' ? null : known.url)
  return [
    good('key and secret', `${new URL(zadarma.apiUrl).host} accepts them`),
    clockCheck(time.now, ourNow),
    zoneCheck(time, zadarma.timezone),
    ...(info instanceof ZadarmaError
      ? [bad('notifications', info.message, 'See whether the account has a PBX, and try again.')]
      : [...NOTIFICATIONS.map((name) => switchCheck(name, info.notifications[name])), RECORD_SWITCH]),
    ...(known === null ? [] : [addressCheck(known.url, webhook, zadarma.webhookPathSecret)]),
    ...(address === null ? [] : [await echoCheck(address, zadarma, signal)]),
    ...locks(zadarma),
  ]
}

const good = (what: string, detail: string): Check => ({ what, ok: true, detail, todo: null })
const bad = (what: string, detail: string, todo: string): Check => ({ what, ok: false, detail, todo })
const advice = (what: string, detail: string, todo: string): Check => ({ what, ok: null, detail, todo })

const NO_KEY = bad(
  'key and secret',
  'they are not set',
  'Make a key for the API in the account’s pages, and set ZADARMA_KEY and ZADARMA_SECRET.',
)

function keyFault({ code, message }: ZadarmaError): Check {
  const todo =
    code === 'unauthorized'
      ? 'Copy key and secret from the account’s pages anew into ZADARMA_KEY and ZADARMA_SECRET.'
      : 'See that this machine reaches Zadarma, and that ZADARMA_API_URL is right; then try again.'
  return bad('key and secret', message, todo)
}

/** Refusals are what is looked for here; all else is thrown. */
async function answerOf<Answer>(asking: Promise<Answer>): Promise<Answer | ZadarmaError> {
  try {
    return await asking
  } catch (error) {
    if (error instanceof ZadarmaError) return error
    throw error
  }
}

function clockCheck(theirNow: Instant, ourNow: Instant): Check {
  const seconds = Math.round((ourNow - theirNow) / 1_000)
  if (Math.abs(seconds) <= LARGEST_CLOCK_DIFFERENCE_S) return good('clock', 'it agrees with Zadarma’s')
  const detail = `this machine’s is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} Zadarma’s`
  return bad('clock', detail, 'Set this machine’s clock, best by NTP.')
}

function zoneCheck({ offsetMinutes, now }: { offsetMinutes: number | null; now: Instant }, zone: string): Check {
  if (offsetMinutes === null) {
    return advice('zone', 'Zadarma does not tell the account’s', 'Compare ZADARMA_TIMEZONE with the account’s pages.')
  }
  const ours = IANAZone.create(zone).offset(now)
  if (ours === offsetMinutes) return good('zone', `the account’s clock is at ${utc(ours)}, as that of ${zone} is now`)
  return bad(
    'zone',
    `the account’s clock is at ${utc(offsetMinutes)}, that of ${zone} at ${utc(ours)} now`,
    'Set ZADARMA_TIMEZONE to the zone that the account’s pages show; else all times of calls are off.',
  )
}

function utc(minutes: number): string {
  const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `UTC${minutes < 0 ? '-' : '+'}${[hour, minute].map((part) => String(part).padStart(2, '0')).join(':')}`
}

function switchCheck(name: NotificationName, isOn: boolean): Check {
  const what = name.toUpperCase()
  if (isOn) return good(what, 'it is switched on')
  return bad(what, 'it is switched off', 'Switch it on with `first-call zadarma connect`, or in the account’s pages.')
}

const RECORD_SWITCH = advice(
  'NOTIFY_RECORD',
  'Zadarma does not tell whether it is switched on',
  'See that it is ticked in the account’s pages: only there can it be.',
)

function addressCheck(set: string, wanted: string | null, pathSecret: string | null): Check {
  const shown = (url: string): string => shownUrl(url, pathSecret)
  const todo = 'Set it with `first-call zadarma connect --url <where First Call is reached>`.'
  if (set === '') return bad('address', 'none is set, so nothing is notified', todo)
  if (wanted === null || set === wanted) return good('address', shown(set))
  return bad('address', `${shown(set)} is set, and not ${shown(wanted)}`, todo)
}

async function echoCheck(url: string, { allowedIps }: ZadarmaConfig, signal?: AbortSignal): Promise<Check> {
  const echo = await askEcho(url, signal)
  if (echo.is === 'echo') return good('echo', 'First Call answers at this address')
  if (isForOthersOnly(echo.status, allowedIps)) {
    const todo = 'Nothing, unless this machine’s address should be in ZADARMA_ALLOWED_IPS.'
    return advice('echo', `${echo.detail}, as this machine is not one that may notify`, todo)
  }
  return bad(
    'echo',
    echo.detail,
    'See that First Call runs with this configuration, that the name leads to it, and that a proxy lets it through.',
  )
}

/** Whether the webhook may answer so only because the address that asks is not on its list. */
export function isForOthersOnly(status: number | null, allowedIps: ZadarmaConfig['allowedIps']): boolean {
  return status === 401 && allowedIps !== null
}

/** A signature does not cover everything: a second and a third lock are worth having. */
function locks({ webhookPathSecret, allowedIps }: ZadarmaConfig): Check[] {
  return [
    webhookPathSecret !== null
      ? good('path secret', 'the address has one')
      : advice(
          'path secret',
          'none',
          'Set ZADARMA_WEBHOOK_PATH_SECRET to 16 or more letters and digits, and connect anew.',
        ),
    allowedIps !== null
      ? good('senders', `only ${allowedIps.join(', ')}`)
      : advice(
          'senders',
          'any address may notify',
          'Where no proxy is before First Call, set ZADARMA_ALLOWED_IPS=185.45.152.40/30.',
        ),
  ]
}

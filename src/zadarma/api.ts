import { z } from 'zod'
import type { ZadarmaConfig } from '../config.ts'
import type { Instant } from '../time.ts'
import { createZadarmaClient, type RequestOptions, type ZadarmaClient, type ZadarmaOptions } from './client.ts'
import { ZadarmaError } from './error.ts'
import type { StatisticsRow } from './leg.ts'

/** Text that may come as a number; an empty one is as good as none. */
const text = z
  .union([z.string(), z.number()])
  .transform((value) => String(value) || null)
  .nullable()
  .catch(null)

const wholeNumber = z.coerce.number().int().nonnegative().nullable().catch(null)

const flag = z
  .union([z.boolean(), z.string(), z.number()])
  .transform((value) => ['true', '1', 'on', 'yes'].includes(String(value).toLowerCase()))
  .catch(false)

/** What a row lacks or says in no known way is null. */
const statisticsRow = z.object({
  call_id: text,
  sip: text,
  /** In the account's zone. */
  callstart: text,
  clid: text,
  destination: text,
  disposition: text,
  seconds: text,
  is_recorded: flag,
  pbx_call_id: text,
}) satisfies z.ZodType<StatisticsRow>

const NO_ROW = statisticsRow.parse({})

/** The number of rows tells whether there are more, so even one that cannot be read counts. */
const statisticsAnswer = z.object({ stats: z.array(statisticsRow.catch(NO_ROW)) })

const linksAnswer = z
  .object({ link: z.string().optional(), links: z.union([z.string(), z.array(z.string())]).optional() })
  .transform(({ link, links = [] }) => [...new Set([...(link === undefined ? [] : [link]), ...[links].flat()])])

const timezoneAnswer = z.object({ unixtime: z.coerce.number().int(), datetime: z.string(), timezone: text })

/** Those that can be switched on by the API; `NOTIFY_RECORD` only in the account's pages. */
export const NOTIFICATIONS = [
  'notify_start',
  'notify_internal',
  'notify_answer',
  'notify_end',
  'notify_out_start',
  'notify_out_end',
] as const

export type NotificationName = (typeof NOTIFICATIONS)[number]

const flags = z.object({
  notify_start: flag,
  notify_internal: flag,
  notify_answer: flag,
  notify_end: flag,
  notify_out_start: flag,
  notify_out_end: flag,
}) satisfies z.ZodType<Record<NotificationName, boolean>>

const callInfoAnswer = z.object({
  url: text.transform((url) => url ?? ''),
  // PHP writes an empty object as an empty list.
  notifications: flags.catch(flags.parse({})),
})

const callbackAnswer = z.object({ from: text, to: text, time: wholeNumber })

/** What of Zadarma's API is used. Each call throws ZadarmaError, or the reason of the signal that it is given. */
export interface ZadarmaApi {
  /**
   * Legs of calls of at most a month, oldest first. There are more as long as as many come as were asked for.
   *
   * @param query `start` and `end` as `YYYY-MM-DD HH:MM:SS` in the account's zone; `limit` up to 1000
   */
  statistics(
    query: { start: string; end: string; skip: number; limit: number },
    options?: RequestOptions,
  ): Promise<StatisticsRow[]>
  /**
   * Addresses at which recordings can be had for a while; none where there is no recording, or not yet.
   *
   * @param lifetimeSeconds 180 to 5 184 000
   */
  recordLinks(
    call: { call_id: string } | { pbx_call_id: string },
    lifetimeSeconds: number,
    options?: RequestOptions,
  ): Promise<string[]>
  /**
   * The account's zone, by its present offset only: it has no name that tells when clocks change; and what moment it is
   * by Zadarma's clock, which shows whole seconds.
   */
  timezone(options?: RequestOptions): Promise<{ name: string | null; offsetMinutes: number | null; now: Instant }>
  /** Where notifications go, and which are switched on. */
  callInfo(options?: RequestOptions): Promise<{ url: string; notifications: Record<NotificationName, boolean> }>
  setCallInfoUrl(url: string, options?: RequestOptions): Promise<void>
  setNotifications(notifications: Partial<Record<NotificationName, boolean>>, options?: RequestOptions): Promise<void>
  /**
   * Calls an agent, then the contact. Never asked twice where the answer did not come: two calls would be worse.
   *
   * @returns the moment that Zadarma names, in milliseconds; it names no call
   */
  requestCallback(
    callback: { from: string; to: string; sip?: string | undefined },
    options?: RequestOptions,
  ): Promise<{ time: number | null }>
}

/** The account's API; null where its key or secret is not set. */
export function zadarmaApiOf({ key, secret, apiUrl }: ZadarmaConfig, log: ZadarmaOptions['log']): ZadarmaApi | null {
  if (key === null || secret === null) return null
  return createZadarmaApi(createZadarmaClient({ key, secret, apiUrl, ...(log === undefined ? {} : { log }) }))
}

/** The calls of Zadarma's API that are used, on a client. */
export function createZadarmaApi(client: ZadarmaClient): ZadarmaApi {
  return {
    statistics: async (query, options) => {
      const path = '/v1/statistics/pbx/'
      return read(path, statisticsAnswer, await client.get(path, { ...query, version: 2 }, options)).stats
    },
    recordLinks: async (call, lifetimeSeconds, options) => {
      const path = '/v1/pbx/record/request/'
      try {
        return read(path, linksAnswer, await client.get(path, { ...call, lifetime: lifetimeSeconds }, options))
      } catch (error) {
        if (error instanceof ZadarmaError && error.code === 'refused' && NOT_FOUND.test(error.message)) return []
        throw error
      }
    },
    timezone: async (options) => {
      const path = '/v1/info/timezone/'
      const { unixtime, datetime, timezone } = read(path, timezoneAnswer, await client.get(path, {}, options))
      const shown = Date.parse(`${datetime.replace(' ', 'T')}Z`)
      const offset = Math.round((shown / 1_000 - unixtime) / 60)
      return { name: timezone, offsetMinutes: Number.isNaN(offset) ? null : offset, now: unixtime * 1_000 }
    },
    callInfo: async (options) => {
      const path = '/v1/pbx/callinfo/'
      return read(path, callInfoAnswer, await client.get(path, {}, options))
    },
    setCallInfoUrl: async (url, options) => {
      await client.post('/v1/pbx/callinfo/url/', { url }, options)
    },
    setNotifications: async (notifications, options) => {
      const words = Object.entries(notifications).map(([name, isOn]) => [name, isOn ? 'true' : 'false'])
      await client.post('/v1/pbx/callinfo/notifications/', Object.fromEntries(words), options)
    },
    requestCallback: async ({ from, to, sip }, options) => {
      const path = '/v1/request/callback/'
      const body = await client.get(path, { from, to, sip }, { ...options, isRepeatable: false, isUrgent: true })
      const { time } = read(path, callbackAnswer, body)
      return { time: time === null ? null : time * 1_000 }
    },
  }
}

const NOT_FOUND = /file not found/i

function read<Output>(path: string, schema: z.ZodType<Output>, body: unknown): Output {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const faults = result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')
  throw new ZadarmaError('bad_answer', `Zadarma's answer to ${path} cannot be read: ${faults}.`)
}

import type { CountryCode } from 'libphonenumber-js'
import type { Actor } from '../audit/actor.ts'
import { createOrUpdateCall } from '../calls/report.ts'
import type { ZadarmaConfig } from '../config.ts'
import type { ReadMessage } from '../inbox/inbox.ts'
import type { Message } from '../inbox/message.ts'
import type { Instant } from '../time.ts'
import { readForm } from './form.ts'
import { type Notification, readNotification } from './notification.ts'

export interface DoorOptions {
  zadarma: ZadarmaConfig
  /** The country of numbers without a prefix. */
  country: CountryCode
  /** Who changes what a message tells. */
  actorOf: (message: Message) => Actor
  log: { warn: (fields: object, message: string) => void }
}

/** Makes of a notification, as it is stored, the change of a call that it tells of. */
export function zadarmaMessages({ zadarma, country, actorOf, log }: DoorOptions): ReadMessage {
  const settings = { zone: zadarma.timezone, country, ownNumbers: zadarma.ownNumbers }
  let warnedAt = Number.NEGATIVE_INFINITY
  return async (message) => {
    const fields = message.form ?? (await readForm(message.headers['content-type'] ?? '', message.body))
    if (fields === null) return { result: 'kept', reason: 'unreadable', callId: null }
    const notification = readNotification(fields, { ...settings, receivedAt: message.receivedAt })
    if (notification.kind === 'kept') return { result: 'kept', reason: notification.reason, callId: null }
    const { report, zoneOffByMinutes } = notification
    const stale = staleness(notification, message.receivedAt, zadarma.maxAgeHours)
    if (stale !== null) return { result: 'kept', reason: stale, callId: null }
    if (zoneOffByMinutes !== null && performance.now() - warnedAt > WARN_EVERY_MS) {
      warnedAt = performance.now()
      log.warn(
        { zone: zadarma.timezone, offByMinutes: zoneOffByMinutes, callId: report.provider_call_id },
        'the times of the PBX do not fit ZADARMA_TIMEZONE; see `first-call zadarma check`',
      )
    }
    return createOrUpdateCall(report, actorOf(message), message)
  }
}

const WARN_EVERY_MS = 600_000

/**
 * S3: a signature has no time of its own, so that an old one can be sent again. Where a window is set, a call must have
 * begun within it before the message came; one that waited in the inbox has not grown old. What shows no start could be
 * of any age; only a recording has none to show.
 */
function staleness({ event, report }: NewsOfCall, receivedAt: Instant, hours: number | null): string | null {
  if (hours === null || event === 'NOTIFY_RECORD') return null
  const { started_at } = report.fields
  if (started_at == null) return 'no_start'
  return receivedAt - started_at > hours * HOUR_MS ? 'too_old' : null
}

type NewsOfCall = Extract<Notification, { kind: 'call' }>

const HOUR_MS = 3_600_000

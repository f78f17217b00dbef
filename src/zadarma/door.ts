import type { CountryCode } from 'libphonenumber-js'
import { createOrUpdateCall } from '../calls/report.ts'
import type { ZadarmaConfig } from '../config.ts'
import type { ReadMessage } from '../inbox/inbox.ts'
import { readForm } from './form.ts'
import { readNotification } from './notification.ts'

export interface DoorOptions {
  zadarma: ZadarmaConfig
  /** The country of numbers without a prefix. */
  country: CountryCode
  log: { warn: (fields: object, message: string) => void }
}

/** Makes of a notification, as it is stored, the change of a call that it tells of. */
export function zadarmaMessages({ zadarma, country, log }: DoorOptions): ReadMessage {
  const settings = { zone: zadarma.timezone, country, ownNumbers: zadarma.ownNumbers }
  let warnedAt = Number.NEGATIVE_INFINITY
  return async (message) => {
    const fields = await readForm(message.headers['content-type'] ?? '', message.body)
    if (fields === null) return { result: 'kept', reason: 'unreadable', callId: null }
    const notification = readNotification(fields, { ...settings, receivedAt: message.receivedAt })
    if (notification.kind === 'kept') return { result: 'kept', reason: notification.reason, callId: null }
    const { report, zoneOffByMinutes } = notification
    if (zoneOffByMinutes !== null && performance.now() - warnedAt > WARN_EVERY_MS) {
      warnedAt = performance.now()
      log.warn(
        { zone: zadarma.timezone, offByMinutes: zoneOffByMinutes, callId: report.provider_call_id },
        'the times of the PBX do not fit ZADARMA_TIMEZONE; see `first-call zadarma check`',
      )
    }
    return createOrUpdateCall(report, message)
  }
}

const WARN_EVERY_MS = 600_000

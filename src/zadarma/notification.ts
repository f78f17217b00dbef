import { withoutEmpty } from '../attempts/attempt.ts'
import type { CallChanges, CallFields } from '../calls/call.ts'
import type { CallReport } from '../calls/report.ts'
import type { Instant } from '../time.ts'
import { readAccountTime } from './account-time.ts'
import { epochOf, isRecordingId, PROVIDER, pbxCallOf } from './call-ids.ts'
import { isAnswered, resultOf } from './disposition.ts'
import { wholeSeconds } from './fields.ts'
import { clientNumber, extensionOf, type NumberSettings } from './phones.ts'
import { zoneOffByMinutes } from './zone-check.ts'

/** The fields of a notification's form, as they came. */
export type NotificationFields = Readonly<Record<string, string>>

export interface NotificationSettings extends NumberSettings {
  /** The account's zone, of the IANA list. */
  zone: string
  receivedAt: Instant
}

/** What a notification is to us: news of a call, or something that is only kept. */
export type Notification =
  | {
      kind: 'call'
      event: string
      report: CallReport
      /** How far the configured zone seems to be behind the account's (before it: less than 0); null where it fits. */
      zoneOffByMinutes: number | null
    }
  | { kind: 'kept'; event: string; reason: 'unknown_event' | 'no_call_id' }

const MACHINES: ReadonlyMap<string, CallReport['machine']> = new Map([
  ['NOTIFY_START', 'start'],
  ['NOTIFY_INTERNAL', 'start'],
  ['NOTIFY_OUT_START', 'start'],
  ['NOTIFY_RECORD', 'start'],
  ['NOTIFY_ANSWER', 'answer'],
  ['NOTIFY_END', 'end'],
  ['NOTIFY_OUT_END', 'end'],
])

/** Reads a notification whose sender is known. `calltype` is not looked at: calls of every type are calls. */
export function readNotification(fields: NotificationFields, settings: NotificationSettings): Notification {
  const { event = '', pbx_call_id = '', call_id_with_rec = '' } = fields
  const machine = MACHINES.get(event)
  if (machine === undefined) return { kind: 'kept', event, reason: 'unknown_event' }
  const call = pbxCallOf(pbx_call_id)
  if (call === null) return { kind: 'kept', event, reason: 'no_call_id' }
  const { direction } = call
  const end = machine === 'end' ? endOf(fields) : {}
  const duration = end.duration_seconds ?? 0
  const epoch = epochOf(call_id_with_rec)
  const started_at = readAccountTime(
    fields.call_start ?? '',
    settings.zone,
    epoch ?? settings.receivedAt - duration * 1_000,
  )
  return {
    kind: 'call',
    event,
    report: {
      provider: PROVIDER,
      provider_call_id: call.id,
      machine,
      fields: { direction, ...withoutEmpty({ ...partiesOf(fields, direction, settings), started_at, ...end }) },
      recordingIds: isRecordingId(call_id_with_rec) ? [call_id_with_rec] : [],
      isRecorded: event === 'NOTIFY_RECORD' || isRecorded(fields),
    },
    zoneOffByMinutes: started_at === null || epoch === null ? null : zoneOffByMinutes(started_at, epoch, duration),
  }
}

/** It comes as `1`; whether as another word is not known. */
const isRecorded = ({ is_recorded = '' }: NotificationFields): boolean =>
  ['1', 'true'].includes(is_recorded.trim().toLowerCase())

/**
 * Who spoke: the client's number is the far one, whichever way the call went. Of a call that comes in, several extensions
 * ring at once; only the one that took it counts.
 */
function partiesOf(
  { event, destination = '', caller_id = '', internal = '', last_internal = '', disposition = '' }: NotificationFields,
  direction: CallFields['direction'],
  settings: NumberSettings,
): CallChanges {
  const isTaken = direction === 'outbound' || event === 'NOTIFY_ANSWER' || isAnswered(disposition)
  return {
    phone_number: clientNumber(direction === 'outbound' ? destination : caller_id, settings),
    extension: isTaken ? (extensionOf(internal) ?? extensionOf(last_internal)) : null,
  }
}

/** What only an end can tell. */
function endOf({ disposition = '', duration = '' }: NotificationFields): CallChanges {
  return { ...resultOf(disposition), duration_seconds: wholeSeconds(duration) }
}

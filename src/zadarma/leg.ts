import type { Instant } from '../time.ts'
import { readAccountTime } from './account-time.ts'
import { epochOf, isRecordingId } from './call-ids.ts'

type Value = string | number | null | undefined

/** A row of the PBX's statistics in version 2: one leg of a call. */
export interface StatisticsRow {
  pbx_call_id?: string | null | undefined
  /** `<unix seconds>.<n>`; as a number it may have lost zeros at its end. */
  call_id?: Value
  callstart?: string | null | undefined
  clid?: Value
  sip?: Value
  destination?: Value
  disposition?: string | null | undefined
  seconds?: Value
  is_recorded?: boolean | string | null | undefined
}

/** A row with its values as text, and what can be read of it by itself. */
export interface Leg {
  callId: string
  /** Null where the row names no time. */
  startedAt: Instant | null
  clid: string
  sip: string
  destination: string
  disposition: string
  seconds: string
  isRecorded: boolean
  recordingId: string | null
}

/** @param zone the account's zone, of the IANA list */
export function readLeg(row: StatisticsRow, zone: string): Leg {
  const callId = textOf(row.call_id)
  const isRecorded = textOf(row.is_recorded).trim().toLowerCase() === 'true'
  return {
    callId,
    startedAt: readAccountTime(row.callstart ?? '', zone, epochOf(callId)),
    clid: textOf(row.clid),
    sip: textOf(row.sip),
    destination: textOf(row.destination),
    disposition: row.disposition ?? '',
    seconds: textOf(row.seconds),
    isRecorded,
    recordingId: isRecorded && isRecordingId(callId) ? callId : null,
  }
}

const textOf = (value: Value | boolean): string => String(value ?? '')

/** Legs as they began, in the same order however the rows came. */
export function inOrder(legs: readonly Leg[]): Leg[] {
  return legs
    .map((leg) => ({ leg, begin: leg.startedAt ?? epochOf(leg.callId) ?? Number.MAX_VALUE, place: placeOf(leg) }))
    .sort(
      (a, b) => a.begin - b.begin || a.place - b.place || compareTexts(JSON.stringify(a.leg), JSON.stringify(b.leg)),
    )
    .map(({ leg }) => leg)
}

/** Of legs that began in the same second, the PBX counts on: the number after the point. */
function placeOf({ callId }: Leg): number {
  return isRecordingId(callId) ? Number(callId.split('.')[1]) : 0
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

import type { CallFields } from '../calls/call.ts'
import type { Instant } from '../time.ts'

/** `provider` of the calls that the PBX tells of (B12). */
export const PROVIDER = 'zadarma'

const PBX_CALL_ID = /^(in|out)_[0-9a-f]{40}$/i
const RECORDING_ID = /^\d+\.\d+$/
const LONGEST_RECORDING_ID = 100

/** Eleven digits of seconds reach beyond the year 5000. More are no time. */
const EPOCH = /^(\d{1,11})\.\d+$/

/** A call of the PBX by its own name. */
export interface PbxCall {
  /** In lower case: it is a number in hexadecimal digits, and in capitals the same one. */
  id: string
  /** Who called whom, as the prefix tells. */
  direction: CallFields['direction']
}

/** The call that a `pbx_call_id` names; null where the text is no such id. */
export function pbxCallOf(text: string): PbxCall | null {
  if (!PBX_CALL_ID.test(text)) return null
  const id = text.toLowerCase()
  return { id, direction: id.startsWith('in_') ? 'inbound' : 'outbound' }
}

/** Whether the text is the name of a recording: `<unix seconds>.<n>`. It stays text, as trailing zeros count. */
export function isRecordingId(text: string): boolean {
  return text.length <= LONGEST_RECORDING_ID && RECORDING_ID.test(text)
}

/** The moment that the id of a recording or of a leg begins with, which is a true one whatever the account's zone. */
export function epochOf(id: string): Instant | null {
  const seconds = EPOCH.exec(id)?.[1]
  return seconds === undefined ? null : Number(seconds) * 1_000
}

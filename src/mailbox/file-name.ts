import { epochOf, isRecordingId, pbxCallOf } from '../zadarma/call-ids.ts'

/** What the name of a recording's file tells. */
export interface RecordingName {
  /** In lower case. */
  pbxCallId: string | null
  /** As text: trailing zeros count. */
  recordingId: string | null
  /** What stands between the recording's id and its time: an extension or a number, as it is written. */
  party: string | null
  /** `YYYY-MM-DD HH:MM:SS` on the account's clock. */
  localTime: string | null
  /** The name without ids, time and ending, to be read as a text: a blank for `_`, a tab for `-`. */
  rest: string
}

/** A name with where it stands: `file name` of an audio part, or `text`. */
export interface NamedFile {
  from: string
  name: RecordingName
}

const LONGEST_NAME = 1_000

const ENDING = /\.[a-z0-9]{2,5}$/i

const PBX_CALL_ID = /(?<![a-z0-9])(?:in|out)_[0-9a-f]{40}(?![a-z0-9])/gi
const RECORDING_ID = /(?<![\d.])\d{9,11}\.\d{1,20}(?![\d])/g

/** `2026-03-02-101500`, and with other borders, or none, between its parts. */
const TIME = /(?<!\d)([12]\d{3})([-._]?)(\d\d)\2(\d\d)[-_ T]{1,3}(\d\d)([-:._h ]?)(\d\d)\6(\d\d)(?!\d)/

/** A name by the documented pattern, `<pbx>-<call_id_with_rec>-<extension or number>-<YYYY-MM-DD>-<HHMMSS>`. */
const DOCUMENTED =
  /(?<![\d-])\d{3,8}[-_ ]\d{9,11}\.\d{1,20}[-_ ]\+?\d{1,20}[-_ ][12]\d{3}-\d\d-\d\d[-_ ]\d{6}(?!\d)(?:\.[a-z0-9]{2,5})?/gi

/** A call of the PBX begins after it was founded, and not in the next century. */
const EARLIEST = Date.parse('2000-01-01T00:00:00Z')
const LATEST = Date.parse('2100-01-01T00:00:00Z')

/**
 * Reads the name of a recording's file: by the documented pattern with any ending and with blanks or underscores as
 * borders, and whatever of it another name has.
 */
export function readFileName(name: string): RecordingName {
  const last = name.slice(-LONGEST_NAME).split(/[\\/]/).at(-1) ?? ''
  const stem = last.trim().replace(ENDING, '')
  const pbxCallId = findPbxCallIds(stem)[0] ?? null
  const withoutCall = blank(stem, PBX_CALL_ID)
  const [recordingId = null] = findRecordingIds(withoutCall)
  const time = TIME.exec(withoutCall)
  const [, year, , month, day, hour, , minute, second] = time ?? []
  const rest = blank(blank(withoutCall, RECORDING_ID), TIME)
  return {
    pbxCallId,
    recordingId,
    party: recordingId === null || time === null ? null : between(withoutCall, recordingId, time.index),
    localTime: time === null ? null : `${year}-${month}-${day} ${hour}:${minute}:${second}`,
    rest: rest.replace(/_/g, ' ').replace(/-/g, '\t').trim(),
  }
}

/** The different `pbx_call_id`s in a text, in lower case. */
export function findPbxCallIds(text: string): string[] {
  const ids = text.match(PBX_CALL_ID) ?? []
  return [...new Set(ids.flatMap((id) => pbxCallOf(id)?.id ?? []))]
}

/** The different ids of recordings in a text. */
export function findRecordingIds(text: string): string[] {
  const ids = text.match(RECORDING_ID) ?? []
  return [...new Set(ids)].filter((id) => {
    const epoch = epochOf(id) ?? 0
    return isRecordingId(id) && epoch >= EARLIEST && epoch < LATEST
  })
}

/** The names by the documented pattern that a text mentions, as in a link to the recording. */
export function findFileNames(text: string): string[] {
  return text.match(DOCUMENTED) ?? []
}

/** A text of the same length in which neither ids nor names of recordings stand. */
export function withoutIds(text: string): string {
  return [DOCUMENTED, PBX_CALL_ID, RECORDING_ID].reduce(blank, text)
}

const blank = (text: string, pattern: RegExp): string => text.replace(pattern, (found) => '|'.repeat(found.length))

function between(stem: string, recordingId: string, end: number): string | null {
  const begin = stem.indexOf(recordingId) + recordingId.length
  const party = stem.slice(begin, end).replace(/^[-_ |]+|[-_ |]+$/g, '')
  return party === '' || party.length > 60 ? null : party
}

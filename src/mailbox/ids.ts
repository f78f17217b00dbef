import type { CallFields } from '../calls/call.ts'
import { pbxCallOf } from '../zadarma/call-ids.ts'
import { findPbxCallIds, findRecordingIds, type NamedFile } from './file-name.ts'
import type { MailAudio } from './mail.ts'
import type { Passage } from './passages.ts'
import { type Fact, settle } from './settle.ts'

/** The PBX's own names of a mail's call and recordings. */
export interface Ids {
  pbxCallId: Fact<string> | null
  /** As the prefix of the call's id tells. */
  direction: Fact<CallFields['direction']> | null
  recordings: readonly { audioId: string; recordingId: Fact<string> | null }[]
  otherRecordingIds: readonly Fact<string>[]
  doubts: readonly string[]
}

/**
 * Finds the ids, which are known by their form wherever they stand.
 *
 * @param attached the names of the audio parts, in their order
 */
export function readIds(
  audio: readonly MailAudio[],
  attached: readonly NamedFile[],
  passages: readonly Passage[],
): Ids {
  const call = settle('ids of the call', [
    ...attached.flatMap(({ from, name }) => (name.pbxCallId === null ? [] : [{ value: name.pbxCallId, from }])),
    ...passages.flatMap(({ from, text }) => findPbxCallIds(text).map((value) => ({ value, from }))),
  ])
  const byName = attached.map(({ from, name }) =>
    name.recordingId === null ? null : { value: name.recordingId, from },
  )
  const others = unnamedBy(byName, passages)
  const { recordings, left, doubts } = shareOut(byName, others)
  return {
    pbxCallId: call.fact,
    direction: call.fact === null ? null : directionOf(call.fact),
    recordings: audio.map(({ id }, place) => ({ audioId: id, recordingId: recordings[place] ?? null })),
    otherRecordingIds: left,
    doubts: [...call.doubts, ...doubts],
  }
}

function directionOf({ value, from }: Fact<string>): Fact<CallFields['direction']> | null {
  const call = pbxCallOf(value)
  return call === null ? null : { value: call.direction, from }
}

/** The ids of recordings in subject and text that no file's name has, each once. */
function unnamedBy(byName: readonly (Fact<string> | null)[], passages: readonly Passage[]): Fact<string>[] {
  const named = new Set(byName.map((fact) => fact?.value))
  const found = passages.flatMap(({ from, text }) => findRecordingIds(text).map((value) => ({ value, from })))
  return found.filter(({ value }) => {
    const isNew = !named.has(value)
    named.add(value)
    return isNew
  })
}

/** One id and one recording without a name belong together. Of more, nobody says which is whose. */
function shareOut(
  byName: readonly (Fact<string> | null)[],
  others: readonly Fact<string>[],
): { recordings: readonly (Fact<string> | null)[]; left: readonly Fact<string>[]; doubts: readonly string[] } {
  const nameless = byName.filter((fact) => fact === null).length
  const [only = null] = others
  if (only === null) return { recordings: byName, left: [], doubts: [] }
  if (nameless === 1 && others.length === 1)
    return { recordings: byName.map((fact) => fact ?? only), left: [], doubts: [] }
  const list = others.map(({ value, from }) => `${value} (${from})`).join(', ')
  const doubts = byName.length === 0 ? [] : [`It names recordings of which is not told which file they are: ${list}.`]
  return { recordings: byName, left: others, doubts }
}

import type { Recording } from './call.ts'

/* What becomes of audio that comes to a call which may have it already, or wait for it. Pure. */

/** A call's recordings with audio that came, and what of it the call had already. */
export interface WithAudio {
  recordings: readonly Recording[]
  duplicates: readonly Recording[]
}

/**
 * Adds audio that came by e-mail, piece by piece. A recording that is there already, by its name or its content, is a
 * duplicate; one that is waited for is it, and keeps its id; any other is a further one.
 */
export function withAudio(own: readonly Recording[], audio: readonly Recording[]): WithAudio {
  let recordings = own
  const duplicates: Recording[] = []
  for (const piece of audio) {
    const place = placeOf(recordings, piece)
    const there = recordings[place]
    if (there === undefined) recordings = [...recordings, piece]
    else if (there.status !== 'available') recordings = recordings.with(place, filled(there, piece))
    else {
      // Handled again, it finds itself.
      if (there.file_name !== piece.file_name) duplicates.push(piece)
      if (there.provider_recording_id === null && piece.provider_recording_id !== null) {
        recordings = recordings.with(place, { ...there, provider_recording_id: piece.provider_recording_id })
      }
    }
  }
  return { recordings, duplicates }
}

/** Which recording the audio is; none (-1) where it is a further one. */
function placeOf(recordings: readonly Recording[], piece: Recording): number {
  const { provider_recording_id: name } = piece
  const isThere = (one: Recording): boolean => one.status === 'available'
  const find = (isIt: (one: Recording) => boolean): number => recordings.findIndex(isIt)
  const sure = [
    find((one) => isThere(one) && one.file_name === piece.file_name),
    name === null ? -1 : find((one) => one.provider === piece.provider && one.provider_recording_id === name),
    find((one) => isThere(one) && one.sha256 === piece.sha256 && haveNotTwoNames(one, piece)),
  ].find((place) => place >= 0)
  if (sure !== undefined) return sure
  for (const status of ['expected', 'missing'] as const) {
    const isWaited = (one: Recording): boolean =>
      one.status === status && (name === null || one.provider_recording_id === null)
    const waited = recordings.filter(isWaited)
    // Audio without a name may be any of several; with one it is the first of those that have none.
    if (waited.length === 1 || (waited.length > 1 && name !== null)) return find(isWaited)
  }
  return -1
}

const haveNotTwoNames = (a: Recording, b: Recording): boolean =>
  a.provider_recording_id === null ||
  b.provider_recording_id === null ||
  a.provider_recording_id === b.provider_recording_id

/** A recording that was waited for, with the audio that came. */
function filled(waited: Recording, piece: Recording): Recording {
  return { ...piece, id: waited.id, provider_recording_id: waited.provider_recording_id ?? piece.provider_recording_id }
}

/**
 * The recordings of a call that turned out to be another one too (B17). Audio of the other that this one waits for is
 * one recording: the one with the provider's name stays, of two without one that which has the audio. Audio that both
 * have stays with both.
 */
export function withRecordingsOf(own: readonly Recording[], others: readonly Recording[]): readonly Recording[] {
  let recordings = own
  for (const other of others) {
    const place = other.status === 'available' ? placeOf(recordings, other) : -1
    const there = recordings[place]
    if (there === undefined || there.status === 'available') recordings = [...recordings, other]
    else if (there.provider_recording_id === null) recordings = recordings.with(place, other)
    else recordings = recordings.with(place, filled(there, other))
  }
  return recordings
}

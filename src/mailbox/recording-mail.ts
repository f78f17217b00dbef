import type { CountryCode } from 'libphonenumber-js'
import type { CallFields } from '../calls/call.ts'
import type { Instant } from '../time.ts'
import { epochOf } from '../zadarma/call-ids.ts'
import { columnText } from '../zadarma/fields.ts'
import type { NumberSettings } from '../zadarma/phones.ts'
import { makeDurationReader } from './durations.ts'
import { inside, outside, settleEnds } from './ends.ts'
import { findFileNames, type NamedFile, readFileName } from './file-name.ts'
import { readIds } from './ids.ts'
import type { ParsedMail } from './mail.ts'
import { findNumbers, readExtension, readParty } from './parties.ts'
import { readBody, tidied } from './passages.ts'
import { placeOf, valuesIn } from './places.ts'
import { type Fact, settle } from './settle.ts'
import { checkedStart, readStart } from './starts.ts'
import { makeTimeFinder } from './times.ts'
import type { ValueName, Wording } from './wording.ts'

export type { Fact } from './settle.ts'

/** What a mail tells of the call whose recordings it brings. */
export interface RecordingMail {
  /** In lower case. */
  pbxCallId: Fact<string> | null
  direction: Fact<CallFields['direction']> | null
  /** The far side's. */
  phoneNumber: Fact<string> | null
  extension: Fact<string> | null
  startedAt: Fact<Instant> | null
  durationSeconds: Fact<number> | null
  summary: Fact<string> | null
  /** One for each audio part, in order. */
  recordings: readonly { audioId: string; recordingId: Fact<string> | null }[]
  /** Ids of recordings that subject or text name, and that are no audio part's. */
  otherRecordingIds: readonly Fact<string>[]
  /** What was found and contradicts itself, as sentences. */
  doubts: readonly string[]
}

export interface ReadMailSettings {
  /** Of the account, of the IANA list. */
  zone: string
  country: CountryCode
  /** The account's own numbers, in any writing. */
  ownNumbers: readonly string[]
  wording: Wording
}

const MOST_SECONDS = 2_147_483_647
const LONGEST_SUMMARY = 20_000

/**
 * Reads a mail that brings recordings: the names of its files, its text and its subject. What a label or the documented
 * name tells counts before what only looks like a number or a time; where two values contradict each other, there is a
 * doubt and no value.
 */
export function readRecordingMail(mail: ParsedMail, settings: ReadMailSettings): RecordingMail {
  const { wording, zone, country } = settings
  const body = readBody(mail.text, wording)
  const attached = mail.audio.map(({ name }) => ({ from: 'file name', name: readFileName(name.normalize('NFC')) }))
  const mentioned = findFileNames(body.text).map((name) => ({ from: 'text', name: readFileName(name) }))
  const files = [...attached, ...mentioned]
  const written = [
    { from: 'text', text: body.text },
    { from: 'subject', text: tidied(mail.subject ?? '') },
  ]
  const ids = readIds(mail.audio, attached, written)
  const recordingIds = [...ids.recordings.flatMap(({ recordingId }) => recordingId ?? []), ...ids.otherRecordingIds]

  const findTimes = makeTimeFinder(wording)
  const durations = makeDurationReader(wording)
  const passages = [
    ...attached.map(({ from, name }) => ({ from, text: name.party === null ? name.rest : '' })),
    ...written,
  ]
  const places = passages.map((passage) => placeOf(passage, wording, findTimes, durations))
  const valuesOf = <Value>(of: 'text' | 'numbers', name: ValueName, read: (text: string) => Value | null) =>
    places.flatMap((place) => valuesIn(place, of, name, wording, read))

  const duration = settle(
    'durations',
    valuesOf('text', 'duration', (text) => atMost(durations.read(text))),
  )
  const near = epochOf(recordingIds[0]?.value ?? '') ?? mail.date
  const start = checkedStart(
    readStart({ files, places, wording, findTimes, settings: { zone, country, near } }),
    recordingIds,
    duration.fact?.value ?? 0,
  )

  const ownNumbers = valuesOf('numbers', 'own_number', (text) => numberOf(text, { country, ownNumbers: [] }))
  const numbers = { country, ownNumbers: [...settings.ownNumbers, ...ownNumbers.map(({ value }) => value)] }
  const parties = partiesOf(files, numbers)
  const ends = settleEnds({
    ofPbxCall: ids.direction,
    directions: valuesOf('text', 'direction', (text) => directionIn(text, wording)),
    numbers: [...parties.numbers, ...valuesOf('numbers', 'phone_number', (text) => numberOf(text, numbers))],
    extensions: [...parties.extensions, ...valuesOf('numbers', 'extension', readExtension)],
    callers: valuesOf('numbers', 'caller', (text) => readParty(text, numbers)),
    callees: valuesOf('numbers', 'callee', (text) => readParty(text, numbers)),
    unnamedNumbers: () =>
      places.flatMap(({ from, unnamed }) => findNumbers(unnamed, numbers).map((value) => ({ value, from }))),
  })

  return {
    pbxCallId: ids.pbxCallId,
    direction: ends.direction,
    phoneNumber: ends.phoneNumber,
    extension: ends.extension,
    startedAt: start.fact,
    durationSeconds: duration.fact,
    summary: storable(body.summary),
    recordings: ids.recordings,
    otherRecordingIds: ids.otherRecordingIds,
    doubts: [...ids.doubts, ...ends.doubts, ...start.doubts, ...duration.doubts],
  }
}

/** What the documented names tell of the ends of the call: an extension or a number. */
function partiesOf(
  files: readonly NamedFile[],
  settings: NumberSettings,
): { numbers: Fact<string>[]; extensions: Fact<string>[] } {
  const parties = files.flatMap(({ from, name }) => {
    const value = readParty(name.party ?? '', settings)
    return value === null ? [] : [{ value, from }]
  })
  return { numbers: outside(parties), extensions: inside(parties) }
}

function numberOf(text: string, settings: NumberSettings): string | null {
  const party = readParty(text, settings)
  return party?.side === 'outside' ? party.number : null
}

/** The first word of a direction among the first ones: `Outgoing call`, `Llamada saliente`. */
function directionIn(text: string, { directions }: Wording): CallFields['direction'] | null {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? []
  return words.slice(0, 3).flatMap((word) => directions.get(word) ?? [])[0] ?? null
}

const atMost = (seconds: number | null): number | null => (seconds !== null && seconds <= MOST_SECONDS ? seconds : null)

function storable(summary: Fact<string> | null): Fact<string> | null {
  const value = columnText(summary?.value ?? '', LONGEST_SUMMARY)
  return summary === null || value === null ? null : { value, from: summary.from }
}

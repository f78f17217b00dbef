import type { Instant } from '../time.ts'
import { readAccountTime } from '../zadarma/account-time.ts'
import { epochOf } from '../zadarma/call-ids.ts'
import { zoneOffByMinutes } from '../zadarma/zone-check.ts'
import type { NamedFile } from './file-name.ts'
import { type Place, valuesIn } from './places.ts'
import { type Fact, type Settled, settleStart } from './settle.ts'
import { momentOf, type ReadTime, type TimeFinder, type TimeSettings, type WrittenTime } from './times.ts'
import type { Wording } from './wording.ts'

/** A date stands so near behind its label: behind `Monday, ` at most. */
const FARTHEST_BEHIND_LABEL = 20

/** A text with more is no mail of one call, and reading a time is dear. */
const MOST_TIMES = 100

const ONE_MOMENT_MS = 60_000
const DAY_MS = 24 * 60 * 60_000

/** What is searched for the start of a call, and how. */
export interface StartSearch {
  files: readonly NamedFile[]
  places: readonly Place[]
  wording: Wording
  findTimes: TimeFinder
  settings: TimeSettings
}

/** When the call of a mail began: by the names of its files and by labels, else by the only date with a time in it. */
export function readStart({ files, places, wording, findTimes, settings }: StartSearch): Settled<Instant> {
  const named = files.flatMap(({ from, name }) => {
    const near = epochOf(name.recordingId ?? '') ?? settings.near
    const instant = name.localTime === null ? null : readAccountTime(name.localTime, settings.zone, near)
    return instant === null ? [] : [{ value: { instant, isToTheSecond: true }, from }]
  })
  const labelled = places.flatMap((place) => labelledIn(place, wording, findTimes, settings))
  const told = [...named.sort((a, b) => a.value.instant - b.value.instant), ...labelled]
  if (told.length > 0) return settleStart(told)
  return settleStart(
    places.flatMap(({ from, times }) =>
      times.slice(0, MOST_TIMES).flatMap((time) => {
        const value = momentOf(time, settings)
        return value === null ? [] : [{ value, from }]
      }),
    ),
  )
}

/** What labels tell of the start, at once or as a date and a time of day apart. */
function labelledIn(place: Place, wording: Wording, findTimes: TimeFinder, settings: TimeSettings): Fact<ReadTime>[] {
  const read = (value: string): WrittenTime | null =>
    findTimes(value).find(({ index }) => index <= FARTHEST_BEHIND_LABEL) ?? null
  const written = (['started_at', 'time'] as const).flatMap((name) => valuesIn(place, 'text', name, wording, read))
  const whole = written.flatMap(({ value, from }) => {
    const moment = momentOf(value, settings)
    return moment === null ? [] : [{ value: moment, from }]
  })
  if (whole.length > 0) return whole
  const [day, ...otherDays] = different(written.filter(({ value }) => value.clock === null))
  const [clock, ...otherClocks] = different(written.filter(({ value }) => value.days.length === 0))
  if (day === undefined || clock === undefined || otherDays.length > 0 || otherClocks.length > 0) return []
  const moment = momentOf({ ...day.value, clock: clock.value.clock }, settings)
  return moment === null ? [] : [{ value: moment, from: day.from }]
}

function different(written: readonly Fact<WrittenTime>[]): Fact<WrittenTime>[] {
  const meant = ({ value: { days, clock } }: Fact<WrittenTime>): string => JSON.stringify({ days, clock })
  return [...new Map(written.map((fact) => [meant(fact), fact])).values()]
}

/**
 * Compares the start with the moments that the recordings' ids begin with. Those are true ones: they are the start where
 * no other is told, and where the other cannot be, as with a zone of the account that is configured wrongly.
 */
export function checkedStart(
  { fact, doubts }: Settled<Instant>,
  recordingIds: readonly Fact<string>[],
  durationSeconds: number,
): Settled<Instant> {
  const epochs = recordingIds.flatMap(({ value }) => epochOf(value) ?? [])
  const earliest = Math.min(...epochs)
  const isOneCall = epochs.length > 0 && Math.max(...epochs) - earliest <= ONE_MOMENT_MS
  const byId = isOneCall ? { value: earliest, from: 'recording id' } : null
  if (fact === null) return { fact: doubts.length > 0 ? null : byId, doubts }
  const isFitting = epochs.some(
    (epoch) => Math.abs(fact.value - epoch) <= DAY_MS && zoneOffByMinutes(fact.value, epoch, durationSeconds) === null,
  )
  if (epochs.length === 0 || isFitting) return { fact, doubts }
  const sentence = `The start in it, ${new Date(fact.value).toISOString()} (${fact.from}), is not that of the recording's id, ${new Date(earliest).toISOString()}: is the account's time zone configured rightly?`
  return { fact: byId, doubts: [...doubts, sentence] }
}

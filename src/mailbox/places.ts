import type { DurationReader } from './durations.ts'
import { withoutIds } from './file-name.ts'
import { findValues, type Passage, withPairs } from './passages.ts'
import type { Fact } from './settle.ts'
import type { TimeFinder, WrittenTime } from './times.ts'
import type { ValueName, Wording } from './wording.ts'

/** A passage as it is searched. */
export interface Place {
  from: string
  /** With its pairs, without ids. */
  text: string
  /** The same without anything whose digits could be taken for a number: ids, dates, times, durations with units. */
  numbers: string
  /** Of the passage itself; what follows are its pairs, which say nothing new where there is no label. */
  length: number
  /** What is written of dates and times in the passage itself. */
  times: readonly WrittenTime[]
}

export function placeOf({ from, text }: Passage, findTimes: TimeFinder, durations: DurationReader): Place {
  const whole = withoutIds(withPairs(text))
  const times = findTimes(whole)
  return {
    from,
    text: whole,
    numbers: durations.without(withoutTimes(whole, times)),
    length: text.length,
    times: times.filter(({ end }) => end <= text.length),
  }
}

/** What the patterns of one kind find in a place. */
export function valuesIn<Value>(
  place: Place,
  of: 'text' | 'numbers',
  name: ValueName,
  { patterns }: Wording,
  read: (value: string) => Value | null,
): Fact<Value>[] {
  return findValues(place.from, place[of], patterns[name], read)
}

function withoutTimes(text: string, times: readonly WrittenTime[]): string {
  const parts: string[] = []
  let done = 0
  for (const { index, end } of times) {
    parts.push(text.slice(done, index), '|'.repeat(Math.max(0, end - Math.max(index, done))))
    done = Math.max(done, end)
  }
  return parts.join('') + text.slice(done)
}

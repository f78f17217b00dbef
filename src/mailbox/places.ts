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
  /** What may hold a number that nothing names: all but the lines of a text that are not about the call. */
  unnamed: string
  /** What is written of dates and times in the passage itself. */
  times: readonly WrittenTime[]
}

export function placeOf(
  { from, text }: Passage,
  wording: Wording,
  findTimes: TimeFinder,
  durations: DurationReader,
): Place {
  const whole = withoutIds(withPairs(text))
  const times = findTimes(whole)
  const numbers = durations.without(withoutTimes(whole, times))
  return {
    from,
    text: whole,
    numbers,
    unnamed: from === 'text' ? aboutTheCall(numbers.slice(0, text.length), wording) : numbers.slice(0, text.length),
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

/** A line of nothing but digits and borders, such as a number by itself or beside its time. */
const DIGITS_ONLY = /^[^\p{L}]*$/u

/** The lines that a word, or a time taken out of them, shows to be about the call. Others may be of a signature. */
function aboutTheCall(numbers: string, { callWords }: Wording): string {
  const lines = numbers.split('\n').filter((line) => {
    if (line.includes('|') || DIGITS_ONLY.test(line)) return true
    return (line.toLowerCase().match(/\p{L}+/gu) ?? []).some((word) => callWords.has(word))
  })
  return lines.join('\n')
}

import type { CountryCode } from 'libphonenumber-js'
import type { Instant } from '../time.ts'
import { readAccountTime } from '../zadarma/account-time.ts'
import type { Wording } from './wording.ts'

/** A date, a time of day or both together, as a text has them. */
export interface WrittenTime {
  index: number
  end: number
  /** Two where the day and the month could each be the other; none for a time of day alone. */
  days: readonly Day[]
  clock: Clock | null
}

interface Day {
  year: number
  month: number
  day: number
}

interface Clock {
  hour: number
  minute: number
  /** Null where none is written. */
  second: number | null
  /** Where the text names one. */
  offsetMinutes: number | null
}

/** A moment, and whether its text told the second. */
export interface ReadTime {
  instant: Instant
  isToTheSecond: boolean
}

export interface TimeSettings {
  /** The account's, of the IANA list. */
  zone: string
  /** Of the account: it tells whether the day or the month of `02/03/2026` comes first. */
  country: CountryCode
  /** A moment soon after which the text was written, or before: it decides where two moments can be meant. */
  near: Instant | null
}

/** Where the month is written before the day. */
const MONTH_FIRST: ReadonlySet<string> = new Set(['US', 'PH', 'FM', 'MH', 'PW'])

const DAY_MS = 24 * 60 * 60_000

/** A mail with a recording is sent, and at times forwarded, so soon after the call. */
const SOON_MS = 3 * DAY_MS

const ISO_DATE = /(?<![\d./-])([12]\d{3})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)/g
const NUMERIC_DATE = /(?<![\d./-])(\d{1,2})([-/.])(\d{1,2})\2([12]\d{3}|\d{2}(?=[^\d./-]|$))(?!\d)/g

const CLOCK = /(?<![\d:.,])(\d{1,2})(?:[:h](\d\d)(?::(\d\d)(?:[.,]\d{1,6})?)?|\.(\d\d)(?= ?h(?![a-z])))(?![\d:])/giu
const HOURS_WORD = / ?(?:h|hs|hrs|horas)(?!\p{L})\.?/iuy
const NAMED_ZONE = / ?\(?(?:Z|(?:UTC|GMT)(?: ?([+-]\d{1,2})(?::?(\d\d))?)?)(?![\p{L}\d])\)?/uy
const OFFSET = / ?([+-]\d\d):?(\d\d)(?![\d:])/y

/** A date and its time stand at most so many characters apart. */
const LONGEST_BETWEEN = 40

/** Finds what is written of dates and times in a text, in its order. */
export type TimeFinder = (text: string) => WrittenTime[]

/** @param wording its names of months, parts of the day and what stands between a date and its time */
export function makeTimeFinder({ months, dayParts, betweenDateAndTime }: Wording): TimeFinder {
  const month = alternatives([...months.keys()])
  const year = String.raw`[12]\d{3}(?!\d)`
  const dayFirst = new RegExp(
    String.raw`(?<![\d\p{L}])(\d{1,2})(?:st|nd|rd|th|[.ºª°])?[ -](?:de |of )?(${month})(?!\p{L})[.,]{0,2}[ -](?:de |del )?(${year})`,
    'giu',
  )
  const monthFirst = new RegExp(
    String.raw`(?<!\p{L})(${month})(?!\p{L})\.? (\d{1,2})(?:st|nd|rd|th)?,? (${year})`,
    'giu',
  )
  const dayPart = new RegExp(String.raw`[ ,]{0,2}(${alternatives([...dayParts.keys()])})(?!\p{L})`, 'iuy')
  const between = new RegExp(`^[ ,;·|()–-]{0,3}(?:(?:${alternatives(betweenDateAndTime)})[ ,:)]{1,3}){0,3}$`, 'iu')

  const monthOf = (name: string | undefined): number => months.get((name ?? '').toLowerCase()) ?? 0

  function datesIn(text: string): WrittenTime[] {
    const found = [
      ...matchesOf(text, ISO_DATE, ([, y, , m, d]) => [{ year: Number(y), month: Number(m), day: Number(d) }]),
      ...matchesOf(text, NUMERIC_DATE, ([, first, border, second, y = '']) => {
        if (y.length === 2 && border !== '/') return []
        const year = y.length === 2 ? 2_000 + Number(y) : Number(y)
        const [one, other] = [Number(first), Number(second)]
        const days = [{ year, month: other, day: one }]
        return one === other ? days : [...days, { year, month: one, day: other }]
      }),
      ...matchesOf(text, dayFirst, ([, d, m, y]) => [{ year: Number(y), month: monthOf(m), day: Number(d) }]),
      ...matchesOf(text, monthFirst, ([, m, d, y]) => [{ year: Number(y), month: monthOf(m), day: Number(d) }]),
    ]
    return found.sort((a, b) => a.index - b.index)
  }

  function clocksIn(text: string): (WrittenTime & { clock: Clock })[] {
    let done = 0
    return [...text.matchAll(CLOCK)].flatMap((match) => {
      const [whole, hourText, minuteText, secondText, dottedMinute] = match
      // The digits of an offset look like a time of day.
      if (match.index < done) return []
      let end = match.index + whole.length
      const skip = (pattern: RegExp): RegExpExecArray | null => {
        pattern.lastIndex = end
        const found = pattern.exec(text)
        if (found !== null) end = pattern.lastIndex
        return found
      }
      skip(HOURS_WORD)
      const part = dayParts.get((skip(dayPart)?.[1] ?? '').toLowerCase())
      const zone = skip(NAMED_ZONE) ?? (secondText === undefined ? null : skip(OFFSET))
      done = end
      const hour = hourOf(Number(hourText), part)
      const minute = Number(minuteText ?? dottedMinute)
      const second = secondText === undefined ? null : Number(secondText)
      if (hour === null || minute > 59 || (second ?? 0) > 59) return []
      const offsetMinutes = zone === null ? null : offsetOf(zone[1], zone[2])
      return [{ index: match.index, end, days: [], clock: { hour, minute, second, offsetMinutes } }]
    })
  }

  return (text) => {
    const dates = datesIn(text)
    const clocks = apart(clocksIn(text), dates)
    return joined(dates, clocks, (begin, end) => end - begin <= LONGEST_BETWEEN && isBetween(text.slice(begin, end)))
  }

  function isBetween(text: string): boolean {
    return /^ ?T$/.test(text) || between.test(text)
  }
}

/** Those that are no part of a date; both are in the order of the text. */
function apart<Time extends WrittenTime>(clocks: readonly Time[], dates: readonly WrittenTime[]): Time[] {
  let next = 0
  return clocks.filter(({ index, end }) => {
    while ((dates[next]?.end ?? Number.POSITIVE_INFINITY) <= index) next++
    return (dates[next]?.index ?? end) >= end
  })
}

/** Dates with the time of day that belongs to each, and the times of day that are left. */
function joined(
  dates: readonly WrittenTime[],
  clocks: readonly (WrittenTime & { clock: Clock })[],
  isBetween: (begin: number, end: number) => boolean,
): WrittenTime[] {
  const found: WrittenTime[] = []
  const left = new Set(clocks)
  let next = 0
  for (const date of dates) {
    while (next < clocks.length && (clocks[next]?.index ?? 0) < date.end) next++
    const after = clocks[next]
    const before = clocks[next - 1]
    if (after !== undefined && isBetween(date.end, after.index)) {
      left.delete(after)
      found.push({ ...date, end: after.end, clock: after.clock })
    } else if (
      before !== undefined &&
      left.has(before) &&
      before.end <= date.index &&
      isBetween(before.end, date.index)
    ) {
      left.delete(before)
      found.push({ ...date, index: before.index, clock: before.clock })
    } else {
      found.push(date)
    }
  }
  return [...found, ...left].sort((a, b) => a.index - b.index)
}

/**
 * The moment that a date with a time of day means.
 *
 * @returns null where it is not both, or there is no such day
 */
export function momentOf({ days, clock }: WrittenTime, settings: TimeSettings): ReadTime | null {
  if (clock === null) return null
  const moments = inOrder(days, settings).flatMap((day) => instantOf(day, clock, settings) ?? [])
  const { near } = settings
  const nearOnes = moments.filter((moment) => near !== null && Math.abs(moment - near) <= SOON_MS)
  const instant = nearOnes.length === 1 ? nearOnes[0] : moments[0]
  return instant === undefined ? null : { instant, isToTheSecond: clock.second !== null }
}

/** The likelier reading first. */
function inOrder(days: readonly Day[], { country }: TimeSettings): readonly Day[] {
  return MONTH_FIRST.has(country) ? days.toReversed() : days
}

function instantOf({ year, month, day }: Day, clock: Clock, { zone, near }: TimeSettings): Instant | null {
  const { hour, minute, second, offsetMinutes } = clock
  const date = [String(year), two(month), two(day)].join('-')
  const text = `${date} ${[hour, minute, second ?? 0].map(two).join(':')}`
  return offsetMinutes === null
    ? readAccountTime(text, zone, near)
    : inOffset(readAccountTime(text, 'UTC'), offsetMinutes)
}

const inOffset = (instant: Instant | null, minutes: number): Instant | null =>
  instant === null ? null : instant - minutes * 60_000

const two = (value: number): string => String(value).padStart(2, '0')

function hourOf(hour: number, part: 'am' | 'pm' | undefined): number | null {
  if (part === undefined || hour > 12) return hour > 23 ? null : hour
  return (hour % 12) + (part === 'pm' ? 12 : 0)
}

function offsetOf(hours: string | undefined, minutes: string | undefined): number {
  const whole = Number(hours ?? 0)
  return whole * 60 + (hours?.startsWith('-') ? -1 : 1) * Number(minutes ?? 0)
}

function matchesOf(text: string, pattern: RegExp, read: (match: RegExpExecArray) => readonly Day[]): WrittenTime[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const days = read(match).filter(({ month, day }) => month >= 1 && month <= 12 && day >= 1 && day <= 31)
    return days.length === 0 ? [] : [{ index: match.index, end: match.index + match[0].length, days, clock: null }]
  })
}

/** The longest first, so that no word is taken for the beginning of another. */
export function alternatives(words: readonly string[]): string {
  const escaped = words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`))
  return escaped.sort((a, b) => b.length - a.length).join('|')
}

import { type Instant, parseInstant } from '../time.ts'
import { readAccountTime } from '../zadarma/account-time.ts'

const CLOCK = String.raw`(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?: ?([ap])\.? ?m\.?)?`
/** `29/01/2025 10:00`, with dots or dashes alike; the time may be left out. */
const DAY_FIRST = new RegExp(String.raw`^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:,? ${CLOCK})?$`, 'i')
/** `2025-01-29 10:00:00+00`, as databases write it; time and offset may be left out. */
const YEAR_FIRST = new RegExp(
  String.raw`^(\d{4})([/-])(\d{1,2})\2(\d{1,2})(?:[ T]${CLOCK} ?(Z|[+-]\d\d(?::?\d\d)?)?)?$`,
  'i',
)
/** The time in a column before the day's. */
const CLOCK_BEFORE_DAY = new RegExp(String.raw`^(${CLOCK}) (\S+)$`, 'i')

/**
 * Reads a time as databases and Spanish spreadsheets write it: the day before the month. A day alone begins at midnight.
 *
 * @param zone of times without an offset, of the IANA list
 * @returns null where it is none
 */
export function readTime(text: string, zone: string): Instant | null {
  const exact = parseInstant(text)
  if (exact !== null) return exact
  const given = text.replace(/\s+/g, ' ')
  const dayFirst = DAY_FIRST.exec(given)
  if (dayFirst !== null) {
    const [, day, , month, year, ...clock] = dayFirst
    return momentOf({ day, month, year, clock }, undefined, zone)
  }
  const yearFirst = YEAR_FIRST.exec(given)
  if (yearFirst !== null) {
    const [, year, , month, day, ...clock] = yearFirst
    return momentOf({ day, month, year, clock: clock.slice(0, 5) }, clock[5], zone)
  }
  const swapped = CLOCK_BEFORE_DAY.exec(given)
  return swapped === null ? null : readTime(`${swapped[7]} ${swapped[1]}`, zone)
}

type Part = string | undefined

const pad = (part: Part | number, length = 2): string => String(part ?? 0).padStart(length, '0')

function momentOf(
  { day, month, year, clock }: { day: Part; month: Part; year: Part; clock: readonly Part[] },
  offset: Part,
  zone: string,
): Instant | null {
  const [hourText = '0', minute, second, fraction = '', half] = clock
  const hour = hourOf(Number(hourText), half?.toLowerCase())
  if (hour === null) return null
  const date = `${pad(year, 4)}-${pad(month)}-${pad(day)}`
  const time = `${pad(hour)}:${pad(minute)}:${pad(second)}`
  if (offset !== undefined) {
    const [, sign = '', hours = '', minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(offset) ?? []
    return parseInstant(`${date}T${time}.${fraction || '0'}${sign === '' ? 'Z' : `${sign}${hours}:${minutes}`}`)
  }
  const moment = readAccountTime(`${date} ${time}`, zone)
  return moment === null ? null : moment + Number(fraction.slice(0, 3).padEnd(3, '0'))
}

function hourOf(hour: number, half: Part): number | null {
  if (half === undefined) return hour
  if (hour < 1 || hour > 12) return null
  return (hour % 12) + (half === 'p' ? 12 : 0)
}

/** Whether a text is a date with the month first, which it shows by a day above twelve in the second place. */
export function isMonthFirst(text: string): boolean {
  const given = text.trim().replace(/\s+/g, ' ')
  const [, first, , second] = DAY_FIRST.exec(CLOCK_BEFORE_DAY.exec(given)?.[7] ?? given) ?? []
  return Number(first) <= 12 && Number(second) > 12 && Number(second) <= 31
}

import { expect, it } from 'vitest'
import { formatInstant } from '../attempts/attempt.ts'
import { isMonthFirst, readTime } from './times.ts'

const read = (text: string, zone = 'Europe/Madrid'): string | null => {
  const moment = readTime(text, zone)
  return moment === null ? null : formatInstant(moment)
}

it.each([
  ['RFC 3339', '2025-01-29T10:00:00+01:00', '2025-01-29T09:00:00Z'],
  ['a database, with a zone', '2025-01-29 10:00:00.123456+00', '2025-01-29T10:00:00.123Z'],
  ['a database, with half an hour', '2025-01-29 10:00:00+05:30', '2025-01-29T04:30:00Z'],
  ['a database, without a zone', '2025-01-29 10:00:00', '2025-01-29T09:00:00Z'],
  ['Python, without a zone', '2025-07-29T10:00:00.5', '2025-07-29T08:00:00.500Z'],
  ['Spain', '29/01/2025 10:00', '2025-01-29T09:00:00Z'],
  ['Spain, with seconds', '9/7/2025 9:05:07', '2025-07-09T07:05:07Z'],
  ['either day: the day comes first', '02/01/2025 10:00', '2025-01-02T09:00:00Z'],
  ['dashes', '29-01-2025 10:00', '2025-01-29T09:00:00Z'],
  ['dots and a comma', '29.01.2025, 10:00', '2025-01-29T09:00:00Z'],
  ['half days', '29/01/2025 1:30 p. m.', '2025-01-29T12:30:00Z'],
  ['midnight in half days', '29/01/2025 12:05 AM', '2025-01-28T23:05:00Z'],
  ['a day alone', '29/01/2025', '2025-01-28T23:00:00Z'],
  ['a day alone, the year first', '2025-01-29', '2025-01-28T23:00:00Z'],
  ['the time before the day', '10:00 29/01/2025', '2025-01-29T09:00:00Z'],
  ['more blanks', '29/01/2025   10:00', '2025-01-29T09:00:00Z'],
])('reads a time as written by %s', (_, text, expected) => {
  expect(read(text)).toBe(expected)
})

it.each([
  '',
  'ayer',
  '29/01/25 10:00',
  '31/02/2025 10:00',
  '01/29/2025 10:00',
  '29/01/2025 25:00',
  '45686,41667',
  '29/01-2025',
])('does not take %j for a time', (text) => {
  expect(read(text)).toBeNull()
})

it('an hour that a change of clocks repeats is the first of the two, one that it skips an hour later', () => {
  expect(read('26/10/2025 02:30')).toBe('2025-10-26T00:30:00Z')
  expect(read('30/03/2025 02:30')).toBe('2025-03-30T01:30:00Z')
})

it('only a day above twelve shows that the month comes first', () => {
  expect(['01/29/2025', '1/13/2025 10:00', '10:00 AM 1/13/2025'].map(isMonthFirst)).toEqual([true, true, true])
  expect(['29/01/2025', '02/01/2025', '2025-01-29', '13/13/2025', 'x'].map(isMonthFirst)).toEqual(Array(5).fill(false))
})

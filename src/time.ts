/** A moment: milliseconds since 1970-01-01T00:00:00Z, between the years 1 and 9999. */
export type Instant = number

const FIRST_INSTANT: Instant = Date.parse('0001-01-01T00:00:00Z')
const LAST_INSTANT: Instant = Date.parse('9999-12-31T23:59:59.999Z')

const MOMENT =
  /^(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):[0-5]\d:)([0-5]\d|60)(?:\.(\d+))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d|)$/

/** Where a month may have a leap second: just before the first of the next one, in UTC. */
const FIRST_OF_MONTH = /-01T00:00:00/

/**
 * Reads an RFC 3339 time. Digits below a millisecond are cut (A12). A leap second, which we have no name for, is the one
 * after it.
 *
 * @param zone what a time without an offset means: refused, or taken as UTC (B7)
 * @returns null where the text is no time, names a day that its month does not have, or lies outside the years 1 to 9999
 */
export function parseInstant(text: string, zone: 'required' | 'utc' = 'required'): Instant | null {
  const match = MOMENT.exec(text)
  if (match === null) return null
  const [, day = '', minute = '', second = '', fraction = '', offset = ''] = match
  if (offset === '' && zone === 'required') return null
  const midnight = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return null
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0')
  const isLeap = second === '60'
  const time = `${minute}${isLeap ? '59' : second}.${milliseconds}`
  const instant = Date.parse(`${day}T${time}${offset === '' ? 'Z' : offset.toUpperCase()}`) + (isLeap ? 1_000 : 0)
  if (isLeap && !FIRST_OF_MONTH.test(new Date(instant).toISOString())) return null
  return instant >= FIRST_INSTANT && instant <= LAST_INSTANT ? instant : null
}

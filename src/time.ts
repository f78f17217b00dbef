/** A moment: milliseconds since 1970-01-01T00:00:00Z, between the years 1 and 9999. */
export type Instant = number

const FIRST_INSTANT: Instant = Date.parse('0001-01-01T00:00:00Z')
const LAST_INSTANT: Instant = Date.parse('9999-12-31T23:59:59.999Z')

const MOMENT =
  /^(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d|)$/

/**
 * Reads an RFC 3339 time. Digits below a millisecond are cut (A12).
 *
 * @param zone what a time without an offset means: refused, or taken as UTC (B7)
 * @returns null where the text is no time, names a day that its month does not have, or lies outside the years 1 to 9999
 */
export function parseInstant(text: string, zone: 'required' | 'utc' = 'required'): Instant | null {
  const match = MOMENT.exec(text)
  if (match === null) return null
  const [, day = '', time = '', fraction = '', offset = ''] = match
  if (offset === '' && zone === 'required') return null
  const midnight = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return null
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0')
  const instant = Date.parse(`${day}T${time}.${milliseconds}${offset === '' ? 'Z' : offset.toUpperCase()}`)
  return instant >= FIRST_INSTANT && instant <= LAST_INSTANT ? instant : null
}

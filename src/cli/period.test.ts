import { describe, expect, it } from 'vitest'
import { readMoment, readPeriod, readWholePeriod } from './period.ts'
import { UsageError } from './usage.ts'

const MADRID = 'Europe/Madrid'

describe('a moment is read in the account’s zone unless it has an offset', () => {
  it.each([
    ['2026-03-01', MADRID, '2026-02-28T23:00:00.000Z'],
    ['2026-07-01', MADRID, '2026-06-30T22:00:00.000Z'],
    [' 2026-03-01 ', 'UTC', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T10:15', MADRID, '2026-03-01T09:15:00.000Z'],
    ['2026-03-01 10:15:30', MADRID, '2026-03-01T09:15:30.000Z'],
    ['2026-03-01T10:15:30Z', MADRID, '2026-03-01T10:15:30.000Z'],
    ['2026-03-01t10:15:30.25-05:00', MADRID, '2026-03-01T15:15:30.250Z'],
    // Midnight is skipped there.
    ['2026-04-24', 'Africa/Cairo', '2026-04-23T22:00:00.000Z'],
  ])('%j in %s is %s', (text, zone, expected) => {
    expect(new Date(readMoment(text, zone) ?? Number.NaN).toISOString()).toBe(expected)
  })

  it.each(['', 'yesterday', '2026-02-30', '2026-3-1', '2026-03-01T25:00', '2026-03-01T10:15:30+1', '1772323200'])(
    '%j is none',
    (text) => expect(readMoment(text, MADRID)).toBeNull(),
  )
})

describe('a period', () => {
  it('of two days is all that lies between their beginnings', () => {
    const march = { from: Date.parse('2026-02-28T23:00:00Z'), to: Date.parse('2026-03-31T22:00:00Z') }
    expect(readPeriod({ from: '2026-03-01', to: '2026-04-01' }, MADRID)).toEqual(march)
    expect(readWholePeriod({ from: '2026-03-01', to: '2026-04-01' }, MADRID)).toEqual(march)
  })

  it('may be open at either end', () => {
    expect(readPeriod({}, MADRID)).toEqual({})
    expect(readPeriod({ to: '2026-03-01T00:00:00Z' }, MADRID)).toEqual({ to: Date.parse('2026-03-01T00:00:00Z') })
  })

  it.each([
    [{ from: '1st of March' }, /^--from must be a day such as/],
    [{ to: '2026-13-01' }, /^--to must be a day such as/],
    [{ from: '2026-03-01', to: '2026-03-01' }, /^--to must be later than --from/],
    [{ from: '2026-03-01T00:00:00Z', to: '2026-03-01' }, /^--to must be later than --from/],
  ])('%j is wrong usage', (given, message) => {
    const read = () => readPeriod(given, MADRID)
    expect(read).toThrow(UsageError)
    expect(read).toThrow(message)
  })
})

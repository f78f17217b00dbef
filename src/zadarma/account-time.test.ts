import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatAccountTime, readAccountTime } from './account-time.ts'

const read = (text: string, zone: string, near?: string): string | null => {
  const instant = readAccountTime(text, zone, near === undefined ? null : Date.parse(near))
  return instant === null ? null : new Date(instant).toISOString()
}

describe('B15: a time without a zone is in the account’s', () => {
  it.each([
    ['2026-01-15 10:00:00', 'Europe/Madrid', '2026-01-15T09:00:00.000Z'],
    ['2026-07-15 10:00:00', 'Europe/Madrid', '2026-07-15T08:00:00.000Z'],
    [' 2026-07-15 10:00:00\n', 'Europe/Madrid', '2026-07-15T08:00:00.000Z'],
    ['2026-01-15 20:00:00', 'America/New_York', '2026-01-16T01:00:00.000Z'],
    ['2026-07-15 10:00:00', 'Asia/Kolkata', '2026-07-15T04:30:00.000Z'],
    ['2026-07-15 10:00:00', 'UTC', '2026-07-15T10:00:00.000Z'],
    ['2024-02-29 00:00:00', 'Europe/Madrid', '2024-02-28T23:00:00.000Z'],
  ])('%s in %s is %s', (text, zone, instant) => expect(read(text, zone)).toBe(instant))

  it.each([
    [''],
    ['0'],
    ['0000-00-00 00:00:00'],
    ['2025-02-29 10:00:00'],
    ['2025-13-01 10:00:00'],
    ['2025-01-01 24:00:00'],
    ['2025-01-01 10:60:00'],
    ['2025-01-01 10:00:60'],
    ['2025-01-01 10:00'],
    ['2025-01-01T10:00:00'],
    ['2025-01-01 10:00:00Z'],
    ['2025-01-01 10:00:00.5'],
    ['1735725600'],
  ])('%j is no time', (text) => expect(read(text, 'Europe/Madrid')).toBeNull())
})

describe('an hour that a clock change skips is read as if the clock had not been moved yet', () => {
  it.each([
    ['Europe/Madrid', '2026-03-29 01:59:59', '2026-03-29T00:59:59.000Z'],
    ['Europe/Madrid', '2026-03-29 02:00:00', '2026-03-29T01:00:00.000Z'],
    ['Europe/Madrid', '2026-03-29 02:30:00', '2026-03-29T01:30:00.000Z'],
    ['Europe/Madrid', '2026-03-29 03:00:00', '2026-03-29T01:00:00.000Z'],
    ['America/New_York', '2026-03-08 01:59:59', '2026-03-08T06:59:59.000Z'],
    ['America/New_York', '2026-03-08 02:30:00', '2026-03-08T07:30:00.000Z'],
    ['America/New_York', '2026-03-08 03:00:00', '2026-03-08T07:00:00.000Z'],
    ['Asia/Kolkata', '2026-03-29 02:30:00', '2026-03-28T21:00:00.000Z'],
  ])('in %s, %s is %s', (zone, text, instant) => {
    expect(read(text, zone)).toBe(instant)
    expect(read(text, zone, '2026-12-01T00:00:00Z')).toBe(instant)
  })

  it('02:30 is written 03:30', () => {
    const instant = readAccountTime('2026-03-29 02:30:00', 'Europe/Madrid') ?? Number.NaN
    expect(formatAccountTime(instant, 'Europe/Madrid')).toBe('2026-03-29 03:30:00')
  })
})

describe('an hour that a clock change repeats is the one that is near, else the first', () => {
  it.each([
    ['Europe/Madrid', '2026-10-25 02:30:00', undefined, '2026-10-25T00:30:00.000Z'],
    ['Europe/Madrid', '2026-10-25 02:30:00', '2026-10-25T00:31:00Z', '2026-10-25T00:30:00.000Z'],
    ['Europe/Madrid', '2026-10-25 02:30:00', '2026-10-25T01:00:00Z', '2026-10-25T00:30:00.000Z'],
    ['Europe/Madrid', '2026-10-25 02:30:00', '2026-10-25T01:31:00Z', '2026-10-25T01:30:00.000Z'],
    ['Europe/Madrid', '2026-10-25 01:59:59', '2026-10-25T01:31:00Z', '2026-10-24T23:59:59.000Z'],
    ['Europe/Madrid', '2026-10-25 03:00:00', '2026-10-25T00:31:00Z', '2026-10-25T02:00:00.000Z'],
    ['America/New_York', '2026-11-01 01:30:00', undefined, '2026-11-01T05:30:00.000Z'],
    ['America/New_York', '2026-11-01 01:30:00', '2026-11-01T05:20:00Z', '2026-11-01T05:30:00.000Z'],
    ['America/New_York', '2026-11-01 01:30:00', '2026-11-01T06:40:00Z', '2026-11-01T06:30:00.000Z'],
    ['Asia/Kolkata', '2026-10-25 02:30:00', '2026-10-25T01:31:00Z', '2026-10-24T21:00:00.000Z'],
  ])('in %s, %s near %s is %s', (zone, text, near, instant) => expect(read(text, zone, near)).toBe(instant))
})

describe('a moment is written as the account’s clock shows it', () => {
  it('cuts what is below a second', () => {
    expect(formatAccountTime(Date.parse('2026-07-15T08:00:00.999Z'), 'Europe/Madrid')).toBe('2026-07-15 10:00:00')
  })

  it('is read back as the same moment, with itself as the near one', () => {
    const second = fc.integer({ min: Date.parse('1990-01-01') / 1_000, max: Date.parse('2040-01-01') / 1_000 })
    const zone = fc.constantFrom('Europe/Madrid', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata')
    fc.assert(
      fc.property(second, zone, (seconds, zone) => {
        const instant = seconds * 1_000
        expect(readAccountTime(formatAccountTime(instant, zone), zone, instant)).toBe(instant)
      }),
    )
  })
})

import { describe, expect, it } from 'vitest'
import { makeTimeFinder, momentOf, type TimeSettings } from './times.ts'
import { loadWording } from './wording.ts'

const find = makeTimeFinder(loadWording(null))
const settings: TimeSettings = { zone: 'Europe/Madrid', country: 'ES', near: null }

const read = (text: string, changes: Partial<TimeSettings> = {}): (string | null)[] =>
  find(text).map((time) => {
    const moment = momentOf(time, { ...settings, ...changes })
    return moment === null ? null : new Date(moment.instant).toISOString().replace('.000Z', 'Z')
  })

describe('a date with its time is one moment of the account’s clock', () => {
  it.each([
    '2026-03-02 10:15',
    '2026-03-02 10:15:00',
    '2026-03-02T10:15:00',
    '2026-03-02T09:15:00Z',
    '2026-03-02 10:15:00+01:00',
    '2026-03-02 08:15:00 -0100',
    '2026/03/02, 10:15 h',
    '2026.3.2 10:15:00.250',
    '02/03/2026 10:15',
    '2/3/2026 a las 10:15h',
    '02-03-2026 10:15:00',
    '02.03.2026 10.15 h',
    '02/03/26 10:15',
    '2 de marzo de 2026 a las 10:15',
    '2 de marzo del 2026, a las 10:15 de la mañana',
    'lunes, 2 de Marzo de 2026 10:15',
    '2 mar. 2026, 10:15',
    '2-mar-2026 10:15',
    'March 2, 2026 10:15 AM',
    'March 2nd, 2026 at 10:15 a.m.',
    'Mar 2 2026, 10:15',
    '2 March 2026 10:15',
    'Mon, 02 Mar 2026 10:15:00 +0100',
    'Mon, 02 Mar 2026 09:15:00 GMT',
    '2026-03-02 10:15:00 (UTC+1)',
    '2026-03-02 14:45:00 UTC+5:30',
    '10:15 02/03/2026',
    '10:15 del 2 de marzo de 2026',
    '10:15 on Monday, March 2, 2026',
    '2026-03-02 10h15',
  ])('%s', (text) => expect(read(text)).toStrictEqual(['2026-03-02T09:15:00Z']))

  it.each([
    ['12:05 AM', '00:05'],
    ['12:05 PM', '12:05'],
    ['1:05 p. m.', '13:05'],
    ['9:05 de la noche', '21:05'],
    ['13:05 PM', '13:05'],
  ])('%s is %s', (text, time) => expect(read(`2026-03-02 ${text} UTC`)).toStrictEqual([`2026-03-02T${time}:00Z`]))
})

describe('what is no moment', () => {
  it.each([
    ['2026-02-30 10:15'],
    ['31/04/2026 10:15'],
    ['2026-03-02'],
    ['10:15'],
    ['2026-03-02, duration 1:23'],
    ['2026-03-02\t1:23'],
    ['2026-03-02\n10:15'],
  ])('%j gives none', (text) => expect(read(text).filter((moment) => moment !== null)).toStrictEqual([]))

  it.each(['2026-03-02x', '24:00', '10:60', '1.2.3.4', '45/45/2026', '100:15', '10:15:00:00', 'marzo 2026', '1:2'])(
    '%j is not found at all, or only its date',
    (text) => expect(find(text).filter(({ clock }) => clock !== null)).toStrictEqual([]),
  )
})

describe('where the day and the month could each be the other', () => {
  const text = '03/06/2026 10:30'

  it('the account’s country decides', () => {
    expect(read(text)).toStrictEqual(['2026-06-03T08:30:00Z'])
    expect(read(text, { country: 'US' })).toStrictEqual(['2026-03-06T09:30:00Z'])
  })

  it('but for a mail that was sent soon after the other one', () => {
    const sent = (day: string): Partial<TimeSettings> => ({ near: Date.parse(day) })
    expect(read(text, sent('2026-03-06T09:40:00Z'))).toStrictEqual(['2026-03-06T09:30:00Z'])
    expect(read(text, sent('2026-06-03T09:40:00Z'))).toStrictEqual(['2026-06-03T08:30:00Z'])
    expect(read(text, sent('2026-11-03T09:40:00Z'))).toStrictEqual(['2026-06-03T08:30:00Z'])
  })

  it.each(['13/06/2026 10:30', '06/13/2026 10:30'])('of %s there is one reading', (only) => {
    expect(read(only)).toStrictEqual(['2026-06-13T08:30:00Z'])
    expect(read(only, { country: 'US' })).toStrictEqual(['2026-06-13T08:30:00Z'])
  })
})

it('several times of a text are found in their order, each with its place', () => {
  const text = 'From 10:15 of 2026-03-02 10:20:30 to March 3, 2026.'
  expect(find(text).map(({ index, end }) => text.slice(index, end))).toStrictEqual([
    '10:15',
    '2026-03-02 10:20:30',
    'March 3, 2026',
  ])
})

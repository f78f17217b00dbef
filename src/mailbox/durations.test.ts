import { describe, expect, it } from 'vitest'
import { makeDurationReader } from './durations.ts'
import { loadWording } from './wording.ts'

const { read, without } = makeDurationReader(loadWording(null))

describe('83 seconds', () => {
  it.each([
    '1:23',
    '01:23',
    '00:01:23',
    '0:01:23',
    '1:23 min',
    '83',
    ' 83 ',
    '83.',
    '83 s',
    '83s',
    '83 seg.',
    '83 segundos',
    '83 Seconds',
    '1 min 23 s',
    '1m23s',
    '1 min. 23 seg.',
    '1 minuto y 23 segundos',
    '1 minute and 23 seconds',
    '1 minute, 23 seconds',
    "1'23''",
    '1′ 23″',
  ])('are written %j', (text) => expect(read(text)).toBe(83))
})

it.each([
  ['1:02:03', 3_723],
  ['1:02 h', 3_720],
  ['1 h 2 min 3 s', 3_723],
  ['1h 02m 03s', 3_723],
  ['2 horas', 7_200],
  ['5 min', 300],
  ['0', 0],
  ['0:00', 0],
])('%j are %i seconds', (text, seconds) => expect(read(text)).toBe(seconds))

it.each(['', 'about 5', '83 days', '83 días', '1:99', '1:2:3:4', '+34600111222', '1.5 min', '600 111 222', 'min'])(
  '%j is no duration',
  (text) => expect(read(text)).toBeNull(),
)

it('a text keeps its length where a duration with units is taken out', () => {
  expect(without('llamada de 1 min 23 s a 101')).toBe('llamada de |||||||||| a 101')
  expect(without('tel. +34 600 111 222, 101')).toBe('tel. +34 600 111 222, 101')
})

import { describe, expect, it } from 'vitest'
import { findFileNames, findRecordingIds, type RecordingName, readFileName, withoutIds } from './file-name.ts'

const CALL = 'out_dcb22bcd4e78fa4b627aa2e0c67d0191cd0a5068'

const whole: Omit<RecordingName, 'rest'> = {
  pbxCallId: null,
  recordingId: '1772442900.123450',
  party: '101',
  localTime: '2026-03-02 10:15:00',
}

const read = (name: string): Omit<RecordingName, 'rest'> => {
  const { rest: _, ...told } = readFileName(name)
  return told
}

describe('a name by the documented pattern', () => {
  it.each([
    '12345-1772442900.123450-101-2026-03-02-101500.mp3',
    '12345-1772442900.123450-101-2026-03-02-101500.ogg',
    '12345-1772442900.123450-101-2026-03-02-101500.WAV',
    '12345-1772442900.123450-101-2026-03-02-101500',
    '12345_1772442900.123450_101_2026-03-02_101500.mp3',
    '12345 1772442900.123450 101 2026-03-02 101500.mp3',
    '12345 - 1772442900.123450 - 101 - 2026-03-02 - 101500.mp3',
    '12345-1772442900.123450-101-20260302-10-15-00.mp3',
    '12345-1772442900.123450-101-2026.03.02-10.15.00.mp3',
    'Grabación 12345-1772442900.123450-101-2026-03-02-101500 (1).mp3',
    '/var/spool/12345-1772442900.123450-101-2026-03-02-101500.mp3',
    'C:\\rec\\12345-1772442900.123450-101-2026-03-02-101500.mp3',
    '1772442900.123450-101-2026-03-02-101500.mp3',
  ])('%s is read whole', (name) => expect(read(name)).toStrictEqual(whole))

  it.each([
    ['34600111222', '34600111222'],
    ['+34600111222', '+34600111222'],
    ['+34 600 111 222', '+34 600 111 222'],
    ['12345-101', '12345-101'],
  ])('may have %s in place of an extension', (written, party) => {
    const name = `12345-1772442900.123450-${written}-2026-03-02-101500.mp3`
    expect(read(name)).toStrictEqual({ ...whole, party })
  })

  it.each([
    `12345-${CALL}-1772442900.123450-101-2026-03-02-101500.mp3`,
    `12345-1772442900.123450-${CALL}-101-2026-03-02-101500.mp3`,
    `${CALL.toUpperCase()}_1772442900.123450_101_2026-03-02_101500.mp3`,
  ])('may have the id of the call in it: %s', (name) => {
    expect(read(name)).toStrictEqual({ ...whole, pbxCallId: CALL })
  })
})

it('the zeros at the end of a recording’s id count', () => {
  const ids = ['1772442900.1', '1772442900.10', '1772442900.100']
  expect(ids.map((id) => readFileName(`${id}.mp3`).recordingId)).toStrictEqual(ids)
  expect(findRecordingIds(ids.join(' '))).toStrictEqual(ids)
})

describe('of another name', () => {
  it.each([
    ['call.mp3', { recordingId: null, party: null, localTime: null, rest: 'call' }],
    ['', { recordingId: null, party: null, localTime: null, rest: '' }],
    [
      '+34600111222_20260302_101500.mp3',
      { recordingId: null, party: null, localTime: '2026-03-02 10:15:00', rest: '+34600111222 |||||||||||||||' },
    ],
    [
      'Llamada_a_Ana-2026-03-02 10-15-00.mp3',
      { recordingId: null, party: null, localTime: '2026-03-02 10:15:00', rest: 'Llamada a Ana\t|||||||||||||||||||' },
    ],
    ['rec 1772442900.7.mp3', { recordingId: '1772442900.7', party: null, localTime: null, rest: 'rec ||||||||||||' }],
  ])('%j what there is is read', (name, told) => expect(readFileName(name)).toStrictEqual({ pbxCallId: null, ...told }))

  it.each(['1234567890123.5.mp3', '123.45.mp3', '192.168.10.1.mp3', '9999999999.1.mp3', 'price 1772442900,50.mp3'])(
    '%s is no id',
    (name) => expect(readFileName(name).recordingId).toBeNull(),
  )

  it.each([`x${CALL}.mp3`, `${CALL}0.mp3`, `${CALL.slice(0, -1)}.mp3`, `by_${CALL.slice(4)}.mp3`])(
    '%s is no id of a call',
    (name) => expect(readFileName(name).pbxCallId).toBeNull(),
  )
})

it('documented names are found in a text, and ids are taken out of it', () => {
  const name = '12345-1772442900.1-101-2026-03-02-101500.mp3'
  const text = `See https://example.com/${name}?x=1 and ${CALL}, 1772442901.20.`
  expect(findFileNames(text)).toStrictEqual([name])
  const left = withoutIds(text)
  expect(left.replace(/\|+/g, '|')).toBe('See https://example.com/|?x=1 and |, |.')
  expect(left).toHaveLength(text.length)
})

import { expect, it } from 'vitest'
import { readCell } from './cells.ts'
import { FIELDS, type Field } from './fields.ts'

const read = (cell: unknown, field: Field) => readCell(cell, field, 'Europe/Madrid')
const of = (shape: Field['shape']): Field => ({ shape, synonyms: [] })

it.each([
  ['95', 95],
  ['95,4', 95],
  ['95.9', 95],
  ['1.234,5', 1_234],
  ['1,234.5', 1_234],
  ['1.234.567', 1_234_567],
  ['0:01:35', 95],
])('%s is so many seconds: %d', (text, value) => {
  expect(read(text, of('seconds'))).toEqual({ value })
})

it.each([
  ['1.234', 'could be 1234 or 1 and a bit; write 1234 or leave the fraction out'],
  ['1,234', 'could be 1234 or 1 and a bit; write 1234 or leave the fraction out'],
  ['1:35', 'is not a number of seconds such as 95, or a time such as 0:01:35'],
  ['-5', 'is not a number of seconds such as 95, or a time such as 0:01:35'],
  ['3,5E+10', 'is not a number of seconds such as 95, or a time such as 0:01:35'],
])('%s is refused as seconds', (text, fault) => {
  expect(read(text, of('seconds'))).toEqual({ fault })
})

it('a number that Excel has shortened is refused wherever its digits matter', () => {
  for (const shape of ['id', 'phone', 'phones', 'code', 'contact id'] as const) {
    expect(read('3,46123E+10', of(shape))).toMatchObject({ fault: expect.stringContaining('Excel has shortened') })
  }
  expect(read('612345678; 3,5E+10', of('phones'))).toHaveProperty('fault')
  expect(read('3,5E+10', of('text'))).toEqual({ value: '3,5E+10' })
  expect(read('12E5', of('id'))).toEqual({ value: '12E5' })
})

it('what Excel keeps as text by a formula is that text', () => {
  expect(read('="0034612345678"', of('phone'))).toEqual({ value: '0034612345678' })
  expect(read('="dijo ""no"""', of('text'))).toEqual({ value: 'dijo "no"' })
})

it.each([
  ['612 345 678; +34 699 111 222', ['612 345 678', '+34 699 111 222']],
  ['{+34612345678,"+34 699"}', ['+34612345678', '+34 699']],
  ['["612345678"]', ['612345678']],
  ['612345678', ['612345678']],
])('the numbers of %s', (text, value) => {
  expect(read(text, of('phones'))).toEqual({ value })
})

it('yes and no in Spanish, English and as databases write them', () => {
  expect(['Sí', 'si', 'yes', 't', 'VERDADERO', '1', 1, true].map((cell) => read(cell, of('yes or no')))).toEqual(
    Array(8).fill({ value: true }),
  )
  expect(['No', 'f', 'falso', '0', 0, false].map((cell) => read(cell, of('yes or no')))).toEqual(
    Array(6).fill({ value: false }),
  )
  expect(read('quizás', of('yes or no'))).toHaveProperty('fault')
})

it('words of Spanish spreadsheets become ours; others stay as they are', () => {
  const status = FIELDS.calls.call_status as Field
  expect(['No contesta', 'OCUPADO', 'Contestada', 'buzón'].map((cell) => read(cell, status))).toEqual([
    { value: 'no_answer' },
    { value: 'busy' },
    { value: 'answered' },
    { value: 'buzón' },
  ])
})

it('attempts name calls by the ids that these have here', () => {
  const attempts = { 1: { status: 'orange', call_id: 17, attempted_at: '2025-01-29T10:00:00' }, __proto__x: 1 }
  const [fromText, fromObject] = [JSON.stringify(attempts), attempts].map((cell) => read(cell, of('attempts')))
  expect(fromText).toEqual(fromObject)
  expect(fromText).toMatchObject({ value: { 1: { call_id: expect.stringMatching(/^[0-9a-f]{8}-.*-5/) } } })
  expect(read('{"1": ', of('attempts'))).toHaveProperty('fault')
  expect(read('null', of('attempts'))).toEqual({ value: undefined })
})

it('a number of JSON that JSON cannot keep is refused, any other is text', () => {
  expect(read(2 ** 60, of('id'))).toHaveProperty('fault')
  expect(read(17, of('id'))).toEqual({ value: '17' })
})

it('an empty cell says nothing', () => {
  for (const cell of ['', '  ', null, undefined, '=""']) expect(read(cell, of('text'))).toEqual({ value: undefined })
})

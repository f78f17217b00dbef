import { describe, expect, it } from 'vitest'
import { findNumbers, readExtension, readParty } from './parties.ts'

const settings = { country: 'ES', ownNumbers: ['+34 911 234 567'] } as const

describe('somebody outside', () => {
  it.each([
    '+34 600 111 222',
    '+34600111222',
    '0034 600 11 12 22',
    '34600111222',
    '600 111 222',
    '600.111.222',
    '600-111-222',
    '(+34) 600 111 222',
    ' "600 111 222"',
    '600 111 222 (101)',
    '600 111 222 - 101',
    '600 111 222, extensión 101',
    '600 111 222 por la mañana',
    'tel:+34600111222',
    'sip:+34600111222@pbx.zadarma.com',
    'María López (600 111 222)',
    'María López <+34600111222>',
    'María, la de Soria 2 (600111222)',
    'María López +34 600 111 222',
  ])('is %s', (text) => expect(readParty(text, settings)).toStrictEqual({ side: 'outside', number: '+34600111222' }))
})

describe('somebody of ours', () => {
  it.each([
    ['101', '101'],
    ['101 (Paulina)', '101'],
    ['Paulina (101)', '101'],
    ['Paulina 101', '101'],
    ['"Paulina 101" (101)', '101'],
    ['12345-101', '101'],
    ['sip:12345-101@pbx.zadarma.com', '101'],
    ['+34 911 234 567', null],
    ['911234567', null],
  ])('is %s', (text, extension) => expect(readParty(text, settings)).toStrictEqual({ side: 'inside', extension }))
})

it.each([
  '',
  '0',
  '000',
  'anonymous',
  'María López',
  'Juan a las 10',
  'Ana a María +34 600 111 222',
  'el cliente 600 111 222',
  '101x',
  '600111222@example.com',
  'Zadarma <noreply@zadarma.com>',
  '123456789012345678901234',
])('%j is nobody', (text) => expect(readParty(text, settings)).toBeNull())

it.each([
  ['101', '101'],
  ['12345-101', '101'],
  ['Paulina 101', '101'],
  ['"Paulina" <101>', '101'],
  ['Paulina (101), Ventas', '101'],
  ['7', '7'],
  ['Paulina', null],
  ['600 111 222', null],
  ['', null],
])('the extension of %j is %j', (text, extension) => expect(readExtension(text)).toBe(extension))

describe('numbers that nothing names', () => {
  it.each([
    ['Juan 600 111 222 o 655-666-777', ['+34600111222', '+34655666777']],
    ['101 34600111222', ['+34600111222']],
    ['desde Londres: +44 20 7946 0018', ['+442079460018']],
    ['el nuestro, 911 234 567', []],
    ['pedido 123456789, factura 2026/000417, 192.168.100.200', []],
    ['B60011122, 600111222€uros_1, a600111222, 600111222@example.com', ['+34600111222']],
    ['https://example.com/600111222', []],
    ['101, 1001, 12345', []],
  ])('in %j are %j', (text, numbers) => expect(findNumbers(text, settings)).toStrictEqual(numbers))
})

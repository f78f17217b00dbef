import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientNumber, extensionOf } from './phones.ts'

const settings = { country: 'ES', ownNumbers: ['+34 911 234 567', '0044 20 7946 0000', '12345'] } as const

describe('the client’s number', () => {
  it.each([
    ['+380989897908', '+380989897908'],
    ['380989897908', '+380989897908'],
    ['00380989897908', '+380989897908'],
    ['+34600111222', '+34600111222'],
    ['34600111222', '+34600111222'],
    ['600111222', '+34600111222'],
    [' 600 111 222 ', '+34600111222'],
    ['600-111-222', '+34600111222'],
    ['anonymous', 'anonymous'],
    [' Anonymous ', 'Anonymous'],
    ['ano\u0000ny\ud800mous', 'anonymous'],
    ['x'.repeat(61), 'x'.repeat(60)],
    ['😀'.repeat(61), '😀'.repeat(60)],
  ])('%j is %j', (text, number) => expect(clientNumber(text, settings)).toBe(number))

  it.each([
    ['nothing', ['', ' ', '\u0000', '0', '00', '000']],
    ['an extension', ['1', '101', ' 101 ', '1001', '123456']],
    ['a line of the PBX', ['12345-101', '123456-101', '1234567-1001', '12345-6']],
    ['a number of ours', ['+34911234567', '34911234567', '911234567', '0034 911 234 567', '442079460000', '12345']],
  ])('%s is nobody’s', (_, texts) => {
    for (const text of texts) expect(clientNumber(text, settings), text).toBeNull()
  })

  it.each([['101'], ['1001'], ['123456-101'], ['12345-101']])(
    '%s is nobody’s either where so few digits could be a number',
    (text) => expect(clientNumber(text, { country: 'DE', ownNumbers: [] })).toBeNull(),
  )
})

describe('an extension', () => {
  it.each([
    ['101', '101'],
    [' 101 ', '101'],
    ['12345-101', '101'],
    ['123456-1001', '1001'],
    ['"Paulina 101 (101)"', '101'],
    ['Paulina 101 (101)', '101'],
    ['"Paulina" <101>', '101'],
    ['Paulina (12345-101)', '101'],
    ['"101"', '101'],
    ['', null],
    ['0', null],
    ['Paulina', null],
    ['Paulina 101', null],
    ['+34600111222', null],
    ['34600111222', null],
    ['Ana (34600111222)', null],
    ['1-1-1', null],
  ])('in %j is %j', (text, extension) => expect(extensionOf(text)).toBe(extension))
})

it('no text makes either of them throw, or longer than its column', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), numberLike), (text) => {
      const number = clientNumber(text, settings)
      expect(number === null || (number.isWellFormed() && [...number].length <= 60 && number.trim() !== '')).toBe(true)
      expect(extensionOf(text)?.length ?? 0).toBeLessThanOrEqual(40)
    }),
  )
})

const numberLike = fc.string({ unit: fc.constantFrom(...'0123456789+-() <>"'), maxLength: 70 })

it('an extension, alone or behind the PBX’s number, is never taken for the client’s', () => {
  const extension = fc.integer({ min: 1, max: 9_999 })
  const pbx = fc.integer({ min: 1_000, max: 9_999_999 })
  fc.assert(
    fc.property(extension, pbx, fc.constantFrom('ES', 'DE', 'US', 'AT'), (extension, pbx, country) => {
      for (const text of [`${extension}`, `${pbx}-${extension}`]) {
        expect(clientNumber(text, { country, ownNumbers: [] })).toBeNull()
        expect(extensionOf(text)).toBe(`${extension}`)
      }
    }),
  )
})

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BodyHash } from './body-hash.ts'

function hashOf(text: string, cuts: readonly number[] = []): string {
  const bytes = Buffer.from(text)
  const hash = new BodyHash()
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  for (const [index, place] of places.entries()) hash.update(bytes.subarray(place, places[index + 1] ?? bytes.length))
  return hash.digest()
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

describe('the hash of a body', () => {
  it('is that of what follows the header, without carriage returns and the line breaks at its end', () => {
    expect(hashOf('From: a\r\nSubject: b\r\n\r\none\r\n\r\ntwo\r\n\r\n\r\n')).toBe(sha256('one\n\ntwo'))
    expect(hashOf('\nbody')).toBe(sha256('body'))
    expect(hashOf('From: a\n\n')).toBe(sha256(''))
  })

  it('is that of the whole where there is no body', () => {
    expect(hashOf('From: a\r\nSubject: b')).toBe(sha256('From: a\nSubject: b'))
  })

  const lines = fc.array(fc.constantFrom('', 'a', 'From: b', '--x', ' '), { maxLength: 12 })

  it('does not depend on the pieces in which the message comes', () => {
    fc.assert(
      fc.property(lines, fc.array(fc.nat(200)), fc.constantFrom('\n', '\r\n'), (some, cuts, end) => {
        const text = some.join(end)
        expect(hashOf(text, cuts)).toBe(hashOf(text))
      }),
    )
  })

  it('is the same for both ways of ending lines, and however many end it', () => {
    fc.assert(
      fc.property(lines, fc.nat(3), (some, more) => {
        const body = some.join('\n').replace(/\n+$/, '')
        const copies = [`x: y\n\n${body}`, `x: y\n\n${body}${'\n'.repeat(more)}`]
        const hashes = copies.flatMap((copy) => [hashOf(copy), hashOf(copy.replaceAll('\n', '\r\n'))])
        expect(new Set(hashes).size).toBe(1)
      }),
    )
  })
})

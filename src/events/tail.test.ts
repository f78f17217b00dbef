import fc from 'fast-check'
import { expect, it } from 'vitest'
import { advance, LATE_MS, settledUpTo, type Tail } from './tail.ts'

const START: Tail = { last: 10, missing: new Map() }

it('numbers without a gap are settled', () => {
  const tail = advance(START, [11, 12, 13], 0)
  expect(tail).toEqual({ last: 13, missing: new Map() })
  expect(settledUpTo(tail)).toBe(13)
})

it('one that was left out is missed until it comes, and settles nothing above it', () => {
  const first = advance(START, [11, 13, 14], 0)
  expect(first).toEqual({ last: 14, missing: new Map([[12, 0]]) })
  expect(settledUpTo(first)).toBe(11)
  const second = advance(first, [12, 15], 500)
  expect(second).toEqual({ last: 15, missing: new Map() })
  expect(settledUpTo(second)).toBe(15)
})

it('one that never comes is given up after as long as a write can take', () => {
  const missed = advance(START, [12], 0)
  expect(settledUpTo(advance(missed, [], LATE_MS - 1))).toBe(10)
  expect(settledUpTo(advance(missed, [], LATE_MS))).toBe(12)
})

it('in whatever order numbers come to be seen, each is seen once it is there', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 5 }), { maxLength: 40 }), (delays) => {
      // The number 11 + place is there from the look `delays[place] + place` on.
      let tail = START
      const told: number[] = []
      for (let look = 0; look < delays.length + 7; look++) {
        const there = delays.flatMap((delay, place) => (place + delay <= look ? [11 + place] : []))
        const found = there.filter((id) => id > tail.last || tail.missing.has(id))
        told.push(...found)
        tail = advance(tail, found, look)
      }
      expect(told.toSorted((a, b) => a - b)).toEqual(delays.map((_, place) => 11 + place))
      expect(settledUpTo(tail)).toBe(10 + delays.length)
    }),
  )
})

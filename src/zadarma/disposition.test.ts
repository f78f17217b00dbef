import { describe, expect, it } from 'vitest'
import { isAnswered, resultOf } from './disposition.ts'

describe('the result that a disposition tells', () => {
  it.each([
    ['answered', 'answered'],
    ['busy', 'busy'],
    ['no answer', 'no_answer'],
    ['cancel', 'no_answer'],
    ['failed', 'failed'],
    ['call failed', 'failed'],
    ['unallocated number', 'failed'],
    [' Answered\n', 'answered'],
    ['NO   Answer', 'no_answer'],
    ['answered\u0000', 'answered'],
  ])('%j is %s', (disposition, call_status) => expect(resultOf(disposition)).toEqual({ call_status }))

  it.each([['no money'], ['no limit'], ['no day limit'], ['line limit'], ['no money, no limit'], ['No  Money']])(
    '%j is the account’s fault: failed, and the word is kept, in one writing',
    (disposition) =>
      expect(resultOf(disposition)).toEqual({
        call_status: 'failed',
        call_result: disposition.trim().toLowerCase().replace(/ +/g, ' '),
      }),
  )

  it.each([
    ['teleported', 'teleported'],
    [' Not  Found ', 'Not  Found'],
    ['__proto__', '__proto__'],
    ['bad\u0000\udc00 word', 'bad word'],
    ['x'.repeat(20_001), 'x'.repeat(20_000)],
  ])('a word that nobody knows is no status', (disposition, call_result) =>
    expect(resultOf(disposition)).toEqual({ call_status: null, call_result }),
  )

  it.each([[''], ['  '], ['\u0000']])('%j tells nothing', (disposition) =>
    expect(resultOf(disposition)).toEqual({ call_status: null, call_result: null }),
  )

  it('only `answered` is answered', () => {
    expect(isAnswered(' Answered ')).toBe(true)
    expect(isAnswered('not answered')).toBe(false)
    expect(isAnswered('')).toBe(false)
  })
})

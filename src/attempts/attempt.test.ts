import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Call, NO_FIELDS, type Source } from '../calls/call.ts'
import { broughtInAgain, changedByPerson, colourOf, formatInstant, reportedByMachine, withFieldsOf } from './attempt.ts'

const call = (fields: Partial<Call> = {}): Call => ({
  id: '00000000-0000-4000-8000-000000000001',
  ...NO_FIELDS,
  direction: 'outbound',
  provider: null,
  provider_call_id: null,
  sources: {},
  link: null,
  isErased: false,
  recordings: [],
  outcome: 'not_a_contact',
  opportunity_id: null,
  pending: null,
  revision: 1,
  created_at: 0,
  updated_at: 0,
  ...fields,
})

describe('A3: the colour of a status', () => {
  it.each([
    ['completed', 'green'],
    ['answered', 'green'],
    [' Answered\t', 'green'],
    ['rejected', 'red'],
    ['REJECTED', 'red'],
    ['failed', 'orange'],
    ['no_answer', 'orange'],
    ['busy', 'orange'],
    ['ringing', 'orange'],
    ['', 'orange'],
    [null, 'orange'],
  ])('%j is %s', (status, colour) => expect(colourOf(status)).toBe(colour))
})

describe('A12: the time of an attempt', () => {
  it.each([
    ['2025-01-29T10:00:00.000Z', '2025-01-29T10:00:00Z'],
    ['2025-01-29T10:00:00.120Z', '2025-01-29T10:00:00.120Z'],
    ['0001-01-01T00:00:00.000Z', '0001-01-01T00:00:00Z'],
  ])('%s is written %s', (time, written) => expect(formatInstant(Date.parse(time))).toBe(written))

  it('is written as Date writes it, whatever comes before', () => {
    const last = Date.parse('9999-12-31T23:59:59.999Z')
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800_000, max: last }), (instant) => {
        expect(formatInstant(instant)).toBe(new Date(instant).toISOString().replace('.000Z', 'Z'))
      }),
    )
  })
})

describe('B10: a person’s word stands', () => {
  it('no machine changes what a person wrote', () => {
    const written = changedByPerson(call(), { call_status: 'busy', phone_number: '+34600000001' })
    const reported = reportedByMachine(written, { call_status: 'answered', phone_number: '+34600000002' }, 'statistics')
    expect(reported).toEqual(written)
  })

  it('a status that A3 does not name is no result, and any result replaces it', () => {
    const written = changedByPerson(call(), { call_status: 'ringing' })
    expect(reportedByMachine(written, { call_status: 'busy' }, 'email')).toMatchObject({
      call_status: 'busy',
      sources: { call_status: 'email' },
    })
  })

  it('a field that a person cleared is empty, and a machine may fill it', () => {
    const cleared = changedByPerson(call({ call_result: 'x', sources: { call_result: 'person' } }), {
      call_result: null,
    })
    expect(cleared.sources).toEqual({})
    expect(reportedByMachine(cleared, { call_result: 'busy' }, 'email').call_result).toBe('busy')
  })

  it('a link that a person cleared stays cleared', () => {
    const cleared = changedByPerson(call({ entity_type: 'contacts', entity_id: 'a' }), { entity_id: null })
    expect(reportedByMachine(cleared, { entity_id: 'b' }, 'statistics').entity_id).toBeNull()
  })

  it('what a person wrote stands against a file, which may be older; but no result gives way to one', () => {
    const machine = reportedByMachine(call(), { call_status: 'busy', entity_type: 'contacts', entity_id: 'a' }, 'end')
    const file = { call_status: 'failed', entity_type: 'contacts', entity_id: 'b', extension: '7' }
    expect(broughtInAgain(machine, file)).toMatchObject(file)
    const moved = changedByPerson(machine, { call_status: 'answered', entity_id: 'c' })
    expect(broughtInAgain(moved, file)).toMatchObject({ ...file, call_status: 'answered', entity_id: 'c' })
    expect(broughtInAgain(moved, { entity_type: 'companies' }).entity_type).toBe('contacts')
    expect(broughtInAgain(changedByPerson(machine, { call_status: 'calling' }), file).call_status).toBe('failed')
    const again = broughtInAgain(broughtInAgain(machine, file), file)
    expect(again).toEqual(broughtInAgain(machine, file))
  })

  const machines = ['email', 'start', 'answer', 'end', 'statistics'] as const satisfies readonly Source[]
  it.each(machines.flatMap((first, low) => machines.map((second, high) => [first, second, high > low] as const)))(
    'among machines: %s, then %s: the second one replaces it: %s',
    (first, second, replaces) => {
      const reported = reportedByMachine(call(), { call_status: 'busy', extension: '101' }, first)
      const again = reportedByMachine(reported, { call_status: 'answered', extension: '102' }, second)
      expect(again).toMatchObject(
        replaces ? { call_status: 'answered', extension: '102' } : { call_status: 'busy', extension: '101' },
      )
    },
  )
})

describe('B10: why a machine linked a call', () => {
  const link = { how: 'number', candidates: ['a'] } as const
  it('is told no more once a person has spoken of its contact, and until then it is', () => {
    expect(changedByPerson(call({ link }), { entity_id: 'b' }).link).toBeNull()
    expect(changedByPerson(call({ link }), { entity_type: null }).link).toBeNull()
    expect(changedByPerson(call({ link }), { call_status: 'busy' }).link).toBe(link)
  })
})

describe('B17: a call that is another one too', () => {
  const link = { how: 'number', candidates: ['a'] } as const
  const CASES: [string, Partial<Call>, Partial<Call>, Partial<Call>][] = [
    ['takes what it lacks', {}, { extension: '1', sources: { extension: 'start' } }, { extension: '1' }],
    [
      'keeps what is told by the same kind of machine',
      { call_status: 'busy', sources: { call_status: 'end' } },
      { call_status: 'answered', sources: { call_status: 'end' } },
      { call_status: 'busy' },
    ],
    [
      'takes what a higher machine told',
      { call_status: 'busy', sources: { call_status: 'end' } },
      { call_status: 'answered', sources: { call_status: 'statistics' } },
      { call_status: 'answered', sources: { call_status: 'statistics' } },
    ],
    [
      'takes a person’s word before any machine’s',
      { extension: '1', sources: { extension: 'statistics' } },
      { extension: '2', sources: { extension: 'person' } },
      { extension: '2', sources: { extension: 'person' } },
    ],
    [
      'keeps a person’s word before another person’s',
      { extension: '1', sources: { extension: 'person' } },
      { extension: '2', sources: { extension: 'person' } },
      { extension: '1' },
    ],
    [
      'takes a result instead of a person’s word that is none',
      { call_status: 'ringing', sources: { call_status: 'person' } },
      { call_status: 'busy', sources: { call_status: 'end' } },
      { call_status: 'busy' },
    ],
    [
      'takes a contact whole, with why it was found',
      {},
      { entity_type: 'contacts', entity_id: 'a', link, sources: { entity_type: 'start', entity_id: 'start' } },
      { entity_type: 'contacts', entity_id: 'a', link },
    ],
    [
      'has no contact where a person cleared it',
      { sources: { entity_id: 'person' } },
      { entity_type: 'contacts', entity_id: 'a', sources: { entity_type: 'start', entity_id: 'start' } },
      { entity_id: null },
    ],
    [
      'goes the way that its own id tells',
      { direction: 'outbound', sources: { direction: 'start' } },
      { direction: 'inbound', sources: { direction: 'end' } },
      { direction: 'outbound' },
    ],
    [
      'has no contact where a person cleared that of the other one',
      { entity_type: 'contacts', entity_id: 'a', sources: { entity_type: 'start', entity_id: 'start' } },
      { sources: { entity_type: 'person', entity_id: 'person' } },
      { entity_type: null, entity_id: null, link: null, sources: { entity_id: 'person' } },
    ],
  ]

  it.each(CASES)('%s', (_, own, others, both) => {
    expect(withFieldsOf(call(own), call({ id: 'other', ...others }))).toMatchObject({ id: call().id, ...both })
  })
})

describe('B11: a late event never erases', () => {
  it.each([null, '', '  '])('%j keeps the value that is there', (empty) => {
    const reported = reportedByMachine(call(), { extension: '101' }, 'start')
    expect(reportedByMachine(reported, { extension: empty }, 'statistics')).toEqual(reported)
  })
})

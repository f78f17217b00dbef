import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallReport } from '../calls/report.ts'
import type { StatisticsRow } from './leg.ts'
import { readStatistics, type StatisticsSettings } from './statistics.ts'

const IN = 'in_b9ece52e1505a214e6ba05f93430ec60bd5213bf'
const OUT = 'out_dcb22bcd4e78fa4b627aa2e0c67d0191cd0a5068'

const settings: StatisticsSettings = { zone: 'Europe/Madrid', country: 'ES', ownNumbers: ['+34911234567'] }

const outLeg = (row: StatisticsRow = {}): StatisticsRow => ({
  pbx_call_id: OUT,
  call_id: '1585916807.92850',
  callstart: '2020-04-03 14:26:47',
  clid: '"Paulina 101 (101)"',
  sip: '12345-101',
  destination: 380989897908,
  disposition: 'answered',
  seconds: 35,
  is_recorded: 'true',
  ...row,
})

/** As the PBX rings one extension of several. */
const inLeg = (row: StatisticsRow = {}): StatisticsRow => ({
  ...outLeg(),
  pbx_call_id: IN,
  clid: '+380989897908',
  sip: '',
  destination: '101',
  ...row,
})

const agentLeg = outLeg({
  call_id: '1585916800.92849',
  callstart: '2020-04-03 14:26:40',
  clid: '34911234567',
  sip: '34911234567',
  destination: '101',
  seconds: 42,
  is_recorded: false,
})

const report = (fields: Partial<CallReport['fields']> = {}, recordingIds = ['1585916807.92850']): CallReport => ({
  provider: 'zadarma',
  provider_call_id: OUT,
  machine: 'statistics',
  fields: {
    direction: 'outbound',
    call_status: 'answered',
    phone_number: '+380989897908',
    extension: '101',
    started_at: Date.parse('2020-04-03T12:26:47Z'),
    duration_seconds: 35,
    ...fields,
  },
  recordingIds,
  isRecorded: recordingIds.length > 0,
})

const read = (...rows: StatisticsRow[]) => readStatistics(rows, settings).reports

describe('an outgoing call', () => {
  it('of one leg is reported whole', () => {
    expect(readStatistics([outLeg()], settings)).toStrictEqual({ reports: [report()], withoutId: 0 })
  })

  it.each([
    ['no answer', 'no_answer'],
    ['busy', 'busy'],
  ])('that the agent answered and the client met with %j is %s', (disposition, call_status) => {
    expect(read(agentLeg, outLeg({ disposition, seconds: 0, is_recorded: false, clid: '34911234567' }))).toStrictEqual([
      report({ call_status, duration_seconds: 0, started_at: Date.parse('2020-04-03T12:26:40Z') }, []),
    ])
  })

  it('that client and agent answered is answered, as long as the client’s leg', () => {
    expect(read(agentLeg, outLeg())).toStrictEqual([report({ started_at: Date.parse('2020-04-03T12:26:40Z') })])
  })

  it('knows the agent whom only the first leg names', () => {
    const nameless = outLeg({ clid: '34911234567', sip: null })
    expect(read(agentLeg, nameless)[0]?.fields.extension).toBe('101')
  })

  it.each(['101', '12345-101', '34911234567', '0', '', null])(
    'whose one leg goes to %j has no number, and that leg’s result',
    (destination) => {
      const { phone_number, ...fields } = report({ call_status: 'busy' }).fields
      expect(read(outLeg({ destination, disposition: 'busy' }))).toStrictEqual([{ ...report(), fields }])
    },
  )

  it('that was busy and then answered is answered, with what that leg has', () => {
    const busy = outLeg({ disposition: 'busy', callstart: '2020-04-03 14:26:00', call_id: '1.1', seconds: 1 })
    expect(read(outLeg(), busy)[0]?.fields).toMatchObject({ call_status: 'answered', duration_seconds: 35 })
  })

  it('that was answered by the client and then put through to somebody is the client’s', () => {
    const later = outLeg({ destination: '34600999888', callstart: '2020-04-03 14:27:30', seconds: 99 })
    expect(read(later, outLeg())[0]?.fields).toMatchObject({ phone_number: '+380989897908', duration_seconds: 35 })
  })

  it('that nobody answered has the last leg’s result', () => {
    const first = outLeg({ disposition: 'busy' })
    const last = outLeg({ disposition: 'call failed', callstart: '2020-04-03 14:27:30', is_recorded: false })
    expect(read(last, first)).toStrictEqual([report({ call_status: 'failed' })])
  })
})

describe('an incoming call', () => {
  const incoming = report({ direction: 'inbound' })
  it('that one of several extensions answered is answered by that one', () => {
    const ringing = [100, 102].map((destination) =>
      inLeg({
        destination,
        disposition: 'cancel',
        seconds: 9,
        is_recorded: false,
        call_id: `1585916808.${destination}`,
      }),
    )
    for (const legs of [
      [...ringing, inLeg()],
      [inLeg(), ...ringing],
    ]) {
      expect(read(...legs)).toStrictEqual([{ ...incoming, provider_call_id: IN }])
    }
  })

  it('that went through a menu is answered by the extension after it', () => {
    const menu = inLeg({
      destination: '34911234567',
      callstart: '2020-04-03 14:26:00',
      seconds: 80,
      is_recorded: false,
    })
    expect(read(menu, inLeg())[0]?.fields).toMatchObject({ extension: '101', duration_seconds: 35 })
  })

  it('that nobody answered has no extension', () => {
    const fields = read(inLeg({ disposition: 'no answer' }))[0]?.fields
    expect(fields).toMatchObject({ call_status: 'no_answer', phone_number: '+380989897908' })
    expect(fields).not.toHaveProperty('extension')
  })

  it.each([
    ['"Ana (34600111222)"', '+34600111222'],
    ['"Ana" <34600111222>', '+34600111222'],
    [34600111222, '+34600111222'],
    ['"34600111222"', '+34600111222'],
    ['anonymous', 'anonymous'],
    ['"Paulina 101 (101)"', undefined],
    ['34911234567', undefined],
    ['0', undefined],
  ])('from %j is from %j', (clid, number) => expect(read(inLeg({ clid }))[0]?.fields.phone_number).toBe(number))
})

describe('the fields of a leg', () => {
  it.each([
    [true, ['1585916807.92850']],
    ['true', ['1585916807.92850']],
    [false, []],
    ['false', []],
    [null, []],
    [undefined, []],
  ])('a recording where is_recorded is %j: %j', (is_recorded, ids) =>
    expect(read(outLeg({ is_recorded }))[0]?.recordingIds).toEqual(ids),
  )

  it('each recorded leg has a recording', () => {
    const second = outLeg({ call_id: '1585916900.100', callstart: '2020-04-03 14:28:20' })
    expect(read(second, outLeg())[0]?.recordingIds).toEqual(['1585916807.92850', '1585916900.100'])
  })

  it.each([
    [35, 35],
    ['35', 35],
    [0, 0],
    [1.5, undefined],
    [-1, undefined],
    [3e9, undefined],
    [null, undefined],
  ])('%j seconds are %j', (seconds, expected) =>
    expect(read(outLeg({ seconds }))[0]?.fields.duration_seconds).toBe(expected),
  )

  it.each(['', null, 'soon', '2020-02-30 00:00:00'])('%j is no start', (callstart) => {
    const fields = read(outLeg({ callstart }))[0]?.fields
    expect(fields).toMatchObject({ call_status: 'answered' })
    expect(fields).not.toHaveProperty('started_at')
  })

  it.each([
    ['1792888200.1', '2026-10-25T00:30:00.000Z'],
    ['1792891800.1', '2026-10-25T01:30:00.000Z'],
    ['x', '2026-10-25T00:30:00.000Z'],
  ])('B15: 02:30 in an hour that comes twice, with the id %s, is %s', (call_id, started) => {
    const startedAt = read(outLeg({ call_id, callstart: '2026-10-25 02:30:00' }))[0]?.fields.started_at
    expect(new Date(startedAt ?? 0).toISOString()).toBe(started)
  })
})

it.each([null, undefined, '', 'out_1', 'x'])('a row with the id %j makes no call, and is counted', (pbx_call_id) =>
  expect(readStatistics([outLeg({ pbx_call_id }), outLeg(), outLeg({ pbx_call_id })], settings)).toStrictEqual({
    reports: [report()],
    withoutId: 2,
  }),
)

describe('whatever rows come', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 70 }), fc.constantFrom('', '0', '101', '34911234567'))
  const value = fc.oneof(text, fc.double(), fc.constantFrom(null, undefined, 380989897908, '34600111222'))
  const row: fc.Arbitrary<StatisticsRow> = fc.record({
    pbx_call_id: fc.constantFrom(IN, OUT, OUT.replace('d', 'e'), null),
    call_id: fc.oneof(value, fc.constantFrom('1585916807.92850', '1585916807.92849', '1792891800.1')),
    callstart: fc.oneof(text, fc.constantFrom('2020-04-03 14:26:47', '2020-04-03 14:26:48', '2026-10-25 02:30:00')),
    clid: value,
    sip: value,
    destination: value,
    disposition: fc.oneof(text, fc.constantFrom('answered', 'busy', 'cancel')),
    seconds: value,
    is_recorded: fc.oneof(fc.boolean(), fc.constantFrom('true', 'false', null)),
  })
  const rows = fc.array(row, { maxLength: 12 })

  it('their order changes nothing, nor does a row that is there twice', () => {
    const shuffled = rows.chain((rows) =>
      fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
    )
    fc.assert(
      fc.property(shuffled, ([rows, others]) => {
        const read = readStatistics(rows, settings)
        expect(readStatistics(others, settings)).toStrictEqual(read)
        expect(readStatistics([...others, ...rows], settings).reports).toStrictEqual(read.reports)
      }),
    )
  })

  it('each row is counted or in one report, nothing in it is empty, and all of it fits its column', () => {
    const longest: Record<string, number> = { call_status: 40, call_result: 20_000, phone_number: 60, extension: 40 }
    fc.assert(
      fc.property(rows, (rows) => {
        const { reports, withoutId } = readStatistics(rows, settings)
        const ids = rows.flatMap(({ pbx_call_id }) => pbx_call_id ?? [])
        expect(withoutId).toBe(rows.length - ids.length)
        expect(reports.map(({ provider_call_id }) => provider_call_id).sort()).toEqual([...new Set(ids)].sort())
        for (const [name, value] of reports.flatMap(({ fields }) => Object.entries(fields))) {
          expect(value, name).not.toBeNull()
          if (typeof value !== 'string') continue
          expect(value.trim(), name).not.toBe('')
          expect(value.includes('\u0000') || !value.isWellFormed(), name).toBe(false)
          expect([...value].length, name).toBeLessThanOrEqual(longest[name] ?? 8)
        }
      }),
    )
  })
})

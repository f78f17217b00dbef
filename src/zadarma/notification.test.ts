import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallChanges } from '../calls/call.ts'
import type { CallReport } from '../calls/report.ts'
import { type NotificationFields, type NotificationSettings, readNotification } from './notification.ts'

const IN = 'in_b9ece52e1505a214e6ba05f93430ec60bd5213bf'
const OUT = 'out_dcb22bcd4e78fa4b627aa2e0c67d0191cd0a5068'
const RECORDING = '1585916807.92850'

const settings: NotificationSettings = {
  zone: 'Europe/Madrid',
  country: 'ES',
  ownNumbers: ['+380947102794', '34911234567'],
  receivedAt: Date.parse('2020-04-03T12:30:00Z'),
}

const read = (fields: NotificationFields, changed: Partial<NotificationSettings> = {}) =>
  readNotification(fields, { ...settings, ...changed })

/** The report in a notification that tells of a call. */
function reportOf(fields: NotificationFields, changed: Partial<NotificationSettings> = {}): CallReport {
  const notification = read(fields, changed)
  if (notification.kind !== 'call') throw new Error(notification.reason)
  return notification.report
}

const fieldsOf = (fields: NotificationFields): CallChanges => reportOf(fields).fields

const outEnd = (fields: NotificationFields = {}): NotificationFields => ({
  event: 'NOTIFY_OUT_END',
  call_start: '2020-04-03 14:26:47',
  pbx_call_id: OUT,
  caller_id: '34911234567',
  destination: '+380989897908',
  internal: '100',
  duration: '35',
  disposition: 'answered',
  status_code: '16',
  is_recorded: '1',
  call_id_with_rec: RECORDING,
  calltype: 'normal',
  ...fields,
})

describe('each event of a call makes a report', () => {
  const incoming = { call_start: '2020-04-03 14:07:26', caller_id: '+380989897908', called_did: '380947102794' }
  const outgoing = { call_start: '2020-04-03 14:26:47', destination: '380989897908', internal: '100' }
  const inFields = {
    direction: 'inbound',
    phone_number: '+380989897908',
    started_at: Date.parse('2020-04-03T12:07:26Z'),
  }
  const outFields = {
    direction: 'outbound',
    phone_number: '+380989897908',
    extension: '100',
    started_at: Date.parse('2020-04-03T12:26:47Z'),
  }
  it.each<[string, NotificationFields, CallReport['machine'], object, string[]]>([
    ['NOTIFY_START', { ...incoming, pbx_call_id: IN }, 'start', inFields, []],
    ['NOTIFY_INTERNAL', { ...incoming, pbx_call_id: IN, internal: '100' }, 'start', inFields, []],
    [
      'NOTIFY_ANSWER',
      { ...incoming, pbx_call_id: IN, destination: '100', internal: '100' },
      'answer',
      { ...inFields, extension: '100' },
      [],
    ],
    ['NOTIFY_ANSWER', { ...outgoing, pbx_call_id: OUT, caller_id: '34911234567' }, 'answer', outFields, []],
    [
      'NOTIFY_END',
      {
        ...incoming,
        pbx_call_id: IN,
        last_internal: '12345-101',
        duration: '35',
        disposition: 'answered',
        status_code: '16',
        is_recorded: '1',
        call_id_with_rec: '1585915650.10',
      },
      'end',
      { ...inFields, extension: '101', call_status: 'answered', duration_seconds: 35 },
      ['1585915650.10'],
    ],
    ['NOTIFY_OUT_START', { ...outgoing, pbx_call_id: OUT, caller_id: '0' }, 'start', outFields, []],
    [
      'NOTIFY_OUT_END',
      outEnd(),
      'end',
      { ...outFields, call_status: 'answered', duration_seconds: 35 },
      ['1585916807.92850'],
    ],
    [
      'NOTIFY_RECORD',
      { pbx_call_id: OUT, call_id_with_rec: RECORDING },
      'start',
      { direction: 'outbound' },
      [RECORDING],
    ],
  ])('%s', (event, fields, machine, expected, recordingIds) =>
    expect(read({ ...fields, event })).toStrictEqual({
      kind: 'call',
      event,
      report: {
        provider: 'zadarma',
        provider_call_id: fields.pbx_call_id,
        machine,
        fields: expected,
        recordingIds,
        isRecorded: recordingIds.length > 0,
      },
      zoneOffByMinutes: null,
    }),
  )
})

it('of a call that comes in and that nobody takes, no extension is the one that spoke', () => {
  const end = {
    caller_id: '34911234567',
    called_did: '34910123456',
    call_start: '2020-04-03 14:27:40',
    event: 'NOTIFY_END',
    pbx_call_id: IN,
    last_internal: '101',
    disposition: 'no answer',
  }
  expect(reportOf(end).fields.extension).toBeUndefined()
  expect(reportOf({ ...end, disposition: 'answered' }).fields.extension).toBe('101')
})

describe('the provider’s own examples', () => {
  it.each<[string, string, CallReport]>([
    [
      'a call arrives',
      'event=NOTIFY_START&call_start=2020-04-03+14%3A07%3A26&pbx_call_id=in_b9ece52e1505a214e6ba05f93430ec60bd5213bf&caller_id=%2B380989897908&called_did=380947102794',
      {
        provider: 'zadarma',
        provider_call_id: IN,
        machine: 'start',
        fields: {
          direction: 'inbound',
          phone_number: '+380989897908',
          started_at: Date.parse('2020-04-03T12:07:26Z'),
        },
        recordingIds: [],
        isRecorded: false,
      },
    ],
    [
      'an extension rings',
      'event=NOTIFY_INTERNAL&call_start=2020-04-03+14%3A07%3A30&pbx_call_id=in_b9ece52e1505a214e6ba05f93430ec60bd5213bf&caller_id=%2B380989897908&called_did=380947102794&internal=100',
      {
        provider: 'zadarma',
        provider_call_id: IN,
        machine: 'start',
        fields: {
          direction: 'inbound',
          phone_number: '+380989897908',
          started_at: Date.parse('2020-04-03T12:07:30Z'),
        },
        recordingIds: [],
        isRecorded: false,
      },
    ],
    [
      'a caller hangs up',
      'event=NOTIFY_END&call_start=2020-04-03+13%3A53%3A27&pbx_call_id=in_ebfde719b6137eac462cb8506d977e3bb21bdc6a&caller_id=%2B380989897908&called_did=380947102794&duration=0&disposition=cancel&status_code=16&is_recorded=0',
      {
        provider: 'zadarma',
        provider_call_id: 'in_ebfde719b6137eac462cb8506d977e3bb21bdc6a',
        machine: 'end',
        fields: {
          direction: 'inbound',
          phone_number: '+380989897908',
          call_status: 'no_answer',
          duration_seconds: 0,
          started_at: Date.parse('2020-04-03T11:53:27Z'),
        },
        recordingIds: [],
        isRecorded: false,
      },
    ],
    [
      'an agent calls',
      'event=NOTIFY_OUT_START&call_start=2020-04-03+14%3A26%3A47&pbx_call_id=out_dcb22bcd4e78fa4b627aa2e0c67d0191cd0a5068&caller_id=0&internal=100&destination=%2B380989897908',
      {
        provider: 'zadarma',
        provider_call_id: OUT,
        machine: 'start',
        fields: {
          direction: 'outbound',
          phone_number: '+380989897908',
          extension: '100',
          started_at: Date.parse('2020-04-03T12:26:47Z'),
        },
        recordingIds: [],
        isRecorded: false,
      },
    ],
    [
      'a recording is there',
      'event=NOTIFY_RECORD&pbx_call_id=in_394b269d3ae9043550ea60e0fa826ff689beac13&call_id_with_rec=1585918082.92858',
      {
        provider: 'zadarma',
        provider_call_id: 'in_394b269d3ae9043550ea60e0fa826ff689beac13',
        machine: 'start',
        fields: { direction: 'inbound' },
        recordingIds: ['1585918082.92858'],
        isRecorded: true,
      },
    ],
  ])('%s', (_, body, report) => expect(reportOf(Object.fromEntries(new URLSearchParams(body)))).toStrictEqual(report))

  it('a text message is only kept', () =>
    expect(read({ event: 'SMS', result: '{"caller_id":"48123123123","text":"OK"}' })).toStrictEqual({
      kind: 'kept',
      event: 'SMS',
      reason: 'unknown_event',
    }))
})

describe('what makes no call is kept', () => {
  it.each([
    'NOTIFY_IVR',
    'NOTIFY_INTERNAL_END',
    'SPEECH_RECOGNITION',
    'DOCUMENT',
    'NUMBER_LOOKUP',
    'notify_start',
    'constructor',
    '',
  ])('the event %j', (event) =>
    expect(read({ ...outEnd(), event })).toStrictEqual({ kind: 'kept', event, reason: 'unknown_event' }),
  )

  it('what has no event', () =>
    expect(read({ pbx_call_id: OUT })).toStrictEqual({ kind: 'kept', event: '', reason: 'unknown_event' }))

  it.each([
    ['', 'no id'],
    [OUT.slice(0, -1), 'an id that is too short'],
    [`${OUT}0`, 'an id that is too long'],
    [` ${OUT}`, 'an id with a blank'],
    [`${OUT}\n`, 'an id with a line break'],
    [OUT.replace('out_', 'up_'), 'an id with another prefix'],
    [OUT.replace('d', 'g'), 'an id with another letter'],
  ])('%j: %s', (pbx_call_id) =>
    expect(read(outEnd({ pbx_call_id }))).toStrictEqual({
      kind: 'kept',
      event: 'NOTIFY_OUT_END',
      reason: 'no_call_id',
    }),
  )
})

describe('the direction is what the id says', () => {
  it.each([
    [OUT, 'outbound', '+380989897908'],
    [OUT.toUpperCase(), 'outbound', '+380989897908'],
    [IN, 'inbound', '+34600111222'],
    [IN.toUpperCase(), 'inbound', '+34600111222'],
  ])('%s in an event of either direction is %s', (pbx_call_id, direction, phone_number) => {
    for (const event of ['NOTIFY_ANSWER', 'NOTIFY_END', 'NOTIFY_OUT_END', 'NOTIFY_OUT_START']) {
      const report = reportOf(outEnd({ event, pbx_call_id, caller_id: '34600111222' }))
      expect(report).toMatchObject({ provider_call_id: pbx_call_id.toLowerCase(), fields: { direction, phone_number } })
    }
  })
})

it.each(['normal', 'callback_leg2', 'callback_leg1', '', 'x'])('the call type %j changes nothing', (calltype) =>
  expect(read(outEnd({ calltype }))).toStrictEqual(read(outEnd())),
)

describe('only an end tells a result and a length', () => {
  it.each(['NOTIFY_START', 'NOTIFY_INTERNAL', 'NOTIFY_ANSWER', 'NOTIFY_OUT_START', 'NOTIFY_RECORD'])('%s', (event) => {
    const fields = fieldsOf(outEnd({ event }))
    expect(fields).not.toHaveProperty('call_status')
    expect(fields).not.toHaveProperty('call_result')
    expect(fields).not.toHaveProperty('duration_seconds')
  })

  it.each([
    ['busy', { call_status: 'busy' }],
    [' No  Answer ', { call_status: 'no_answer' }],
    ['no money, no limit', { call_status: 'failed', call_result: 'no money, no limit' }],
    ['teleported', { call_result: 'teleported' }],
    ['', {}],
  ])('%j, whatever length, code and recording say', (disposition, result) =>
    expect(fieldsOf(outEnd({ disposition }))).toStrictEqual({
      direction: 'outbound',
      phone_number: '+380989897908',
      extension: '100',
      started_at: Date.parse('2020-04-03T12:26:47Z'),
      duration_seconds: 35,
      ...result,
    }),
  )

  it.each([
    ['0', 0],
    [' 12 ', 12],
    ['2147483647', 2_147_483_647],
    ['2147483648', undefined],
    ['9'.repeat(400), undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['', undefined],
  ])('a length of %j seconds is %j', (duration, seconds) =>
    expect(fieldsOf(outEnd({ duration })).duration_seconds).toBe(seconds),
  )
})

describe('nobody of ours is taken for the client', () => {
  it.each(['', '0', '100', '12345-100', '+34911234567', '911234567', '380947102794'])('%j', (number) => {
    expect(fieldsOf(outEnd({ destination: number }))).not.toHaveProperty('phone_number')
    expect(fieldsOf(outEnd({ pbx_call_id: IN, caller_id: number }))).not.toHaveProperty('phone_number')
  })

  it('a caller without a number is kept as the PBX calls it', () =>
    expect(fieldsOf(outEnd({ pbx_call_id: IN, caller_id: 'anonymous' })).phone_number).toBe('anonymous'))
})

describe('the extension', () => {
  it.each([
    [{ internal: '101', last_internal: '102' }, '101'],
    [{ internal: '', last_internal: '102' }, '102'],
    [{ internal: '0', last_internal: '12345-102' }, '102'],
    [{ internal: '', last_internal: '' }, undefined],
  ])('of %j is %j', (fields, extension) => expect(fieldsOf(outEnd(fields)).extension).toBe(extension))
})

describe('the recording', () => {
  it.each([
    ['1585916807.92850', ['1585916807.92850']],
    ['1585916807.0', ['1585916807.0']],
    ['01585916807.100', ['01585916807.100']],
    ['1585916807', []],
    ['1585916807.', []],
    [' 1585916807.1', []],
    ['1.5e9', []],
    [`1.${'0'.repeat(100)}`, []],
    ['', []],
  ])('%j is named %j', (call_id_with_rec, ids) =>
    expect(reportOf(outEnd({ call_id_with_rec })).recordingIds).toEqual(ids),
  )
})

describe('B15: the start in an hour that comes twice', () => {
  const first = Date.parse('2026-10-25T00:30:00Z')
  const second = Date.parse('2026-10-25T01:30:00Z')
  const asked = { call_start: '2026-10-25 02:30:00', duration: '60' }
  it.each([
    ['the recording’s id says the first', `${first / 1_000 + 9}.1`, second + 70_000, first],
    ['the recording’s id says the second', `${second / 1_000 + 9}.1`, first + 70_000, second],
    ['it arrives after the first', '', first + 70_000, first],
    ['it arrives after the second', '', second + 70_000, second],
  ])('%s', (_, call_id_with_rec, receivedAt, started_at) =>
    expect(reportOf(outEnd({ ...asked, call_id_with_rec }), { receivedAt }).fields.started_at).toBe(started_at),
  )

  it('a long call that ends in the second began in the first, if so long ago', () => {
    const fields = outEnd({ ...asked, duration: '3600', call_id_with_rec: '' })
    expect(reportOf(fields, { receivedAt: second + 5_000 }).fields.started_at).toBe(first)
  })
})

it.each(['', 'yesterday', '2026-02-30 10:00:00', '0000-00-00 00:00:00'])('%j is no start', (call_start) =>
  expect(read(outEnd({ call_start }))).toMatchObject({
    report: { fields: expect.not.objectContaining({ started_at: expect.anything() }) },
    zoneOffByMinutes: null,
  }),
)

describe('B15: a zone that is configured wrongly shows', () => {
  it.each([
    ['Europe/Madrid', '35', null],
    ['UTC', '35', 120],
    ['Europe/London', '35', 60],
    ['Europe/Kyiv', '35', -60],
    ['Asia/Kolkata', '35', -210],
    ['America/New_York', '35', 360],
    // The recording may begin as late as the call ends.
    ['Europe/Kyiv', '3600', null],
  ])('%s with a call of %s s is off by %j minutes', (zone, duration, minutes) =>
    expect(read(outEnd({ duration }), { zone })).toMatchObject({ zoneOffByMinutes: minutes }),
  )

  const start = Date.parse('2020-04-03T12:26:47Z') / 1_000
  it.each([
    [-26 * 3_600 - 1, null],
    [-900, 15],
    [-899, null],
    [0, null],
    [934, null],
    [935, -15],
    [26 * 3_600 + 1, null],
  ])('a recording that begins %j s after the start of a call of 35 s: %j minutes', (seconds, minutes) =>
    expect(read(outEnd({ call_id_with_rec: `${start + seconds}.1` }))).toMatchObject({ zoneOffByMinutes: minutes }),
  )

  it('says nothing without a recording', () =>
    expect(read(outEnd({ call_id_with_rec: '' }), { zone: 'UTC' })).toMatchObject({ zoneOffByMinutes: null }))
})

describe('whatever comes', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ unit: fc.constantFrom('\u0000', '\ud83d', '\ude00', ' ', '1', 'x'), maxLength: 80 }),
    fc.constantFrom('', ' ', '0', '101', '12345-101', '+34600111222', '34600111222', 'anonymous', 'no  answer'),
    fc.constantFrom('2026-10-25 02:30:00', '2026-03-29 02:30:00', '9999-12-31 23:59:59', '0001-01-01 00:00:00'),
    fc.constantFrom(RECORDING, `${'9'.repeat(40)}.1`, '0.0', '9'.repeat(400), IN),
  )
  const NAMES = [
    'call_start',
    'caller_id',
    'called_did',
    'destination',
    'internal',
    'last_internal',
    'duration',
    'disposition',
    'status_code',
    'is_recorded',
    'call_id_with_rec',
    'calltype',
  ]
  const event = fc.constantFrom('NOTIFY_START', 'NOTIFY_ANSWER', 'NOTIFY_END', 'NOTIFY_OUT_END', 'NOTIFY_RECORD')
  const ofCall = fc
    .tuple(event, fc.constantFrom(IN, OUT), fc.dictionary(fc.constantFrom(...NAMES), value))
    .map(([event, pbx_call_id, fields]): NotificationFields => ({ ...fields, event, pbx_call_id }))
  const zone = fc.constantFrom('Europe/Madrid', 'America/New_York', 'Pacific/Kiritimati', 'UTC')

  it('nothing throws', () => {
    const name = fc.oneof(fc.string(), fc.constantFrom('event', 'pbx_call_id', '__proto__', ...NAMES))
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(name, value), ofCall), zone, (fields, zone) => {
        expect(['call', 'kept']).toContain(read(fields, { zone }).kind)
      }),
    )
  })

  it('each field fits its column, and none is empty (B11)', () => {
    const longest: Record<string, number> = { call_status: 40, call_result: 20_000, phone_number: 60, extension: 40 }
    fc.assert(
      fc.property(ofCall, zone, (given, zone) => {
        const { fields, recordingIds } = reportOf(given, { zone })
        for (const [name, value] of Object.entries(fields)) {
          expect(value, name).not.toBeNull()
          if (typeof value === 'number') expect(Number.isSafeInteger(value), name).toBe(true)
          if (typeof value !== 'string') continue
          expect(value.trim(), name).not.toBe('')
          expect(value.includes('\u0000') || !value.isWellFormed(), name).toBe(false)
          expect([...value].length, name).toBeLessThanOrEqual(longest[name] ?? 8)
        }
        expect(fields.duration_seconds ?? 0).toBeLessThanOrEqual(2_147_483_647)
        expect(new Date(fields.started_at ?? 0).toISOString()).toMatch(/^\d{4}-/)
        for (const id of recordingIds) expect(id).toBe(given.call_id_with_rec)
      }),
    )
  })

  it('the order of the fields changes nothing', () => {
    const shuffled = ofCall.chain((fields) =>
      fc.tuple(
        fc.constant(fields),
        fc.shuffledSubarray(Object.entries(fields), { minLength: Object.keys(fields).length }),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([fields, entries]) => {
        expect(read(Object.fromEntries(entries))).toStrictEqual(read(fields))
      }),
    )
  })

  it('B11: an empty field is the same as a missing one', () => {
    fc.assert(
      fc.property(ofCall, fc.subarray(NAMES), fc.constantFrom('', ' ', '\u0000'), (fields, names, empty) => {
        const missing = Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))
        const emptied = { ...fields, ...Object.fromEntries(names.map((name) => [name, empty])) }
        expect(read(emptied)).toStrictEqual(read(missing))
      }),
    )
  })
})

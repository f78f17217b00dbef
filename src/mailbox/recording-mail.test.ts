import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ACCOUNT, CALLS, type KnownCall } from '../../test/mails/calls.ts'
import { type Belonging, type MadeUpMail, messageIdOf, parsedOf, type Understood } from '../../test/mails/message.ts'
import { MESSAGES } from '../../test/mails/messages.ts'
import type { ParsedMail } from './mail.ts'
import { type ReadMailSettings, type RecordingMail, readRecordingMail } from './recording-mail.ts'
import { loadWording, type Wording } from './wording.ts'

const wording = loadWording(null)
const settings: ReadMailSettings = { ...ACCOUNT, wording }

const readMadeUp = (mail: MadeUpMail): RecordingMail => readRecordingMail(parsedOf(mail), settings)

function understoodOf(mail: RecordingMail): Understood {
  return {
    pbxCallId: mail.pbxCallId?.value ?? null,
    direction: mail.direction?.value ?? null,
    phoneNumber: mail.phoneNumber?.value ?? null,
    extension: mail.extension?.value ?? null,
    startedAt: mail.startedAt?.value ?? null,
    durationSeconds: mail.durationSeconds?.value ?? null,
    summary: mail.summary?.value ?? null,
    recordingIds: mail.recordings.map(({ recordingId }) => recordingId?.value ?? null),
  }
}

describe('of the made-up mails', () => {
  it.each(MESSAGES.map((mail) => [mail.language, mail.title, mail] as const))('%s: %s', (_language, _title, mail) => {
    const read = readMadeUp(mail)
    expect(understoodOf(read), JSON.stringify(read, null, 1)).toStrictEqual(mail.understood)
    expect(belongingOf(read)).toStrictEqual(mail.belongsTo)
  })
})

it('there are forty of them, of all layouts, and few that no known call is found for', () => {
  expect(MESSAGES).toHaveLength(40)
  expect(new Set(MESSAGES.map(messageIdOf)).size).toBe(40)
  expect(new Set(MESSAGES.map(({ layout }) => layout)).size).toBe(9)
  expect(MESSAGES.filter(({ language }) => language === 'en').length).toBeGreaterThanOrEqual(15)
  expect(MESSAGES.filter(({ belongsTo }) => typeof belongsTo === 'string')).toHaveLength(6)
})

const MINUTE = 60_000

/** To which call a mail belongs, by the naive reading of the order of matching. */
function belongingOf(mail: RecordingMail): Belonging {
  const { pbxCallId, phoneNumber, extension, startedAt, direction } = mail
  const start = startedAt?.value ?? Number.NaN
  const ids = mail.recordings.flatMap(({ recordingId }) => recordingId?.value ?? [])
  const distance = (call: KnownCall): number => Math.abs(call.startedAt - start)
  const ofNumber = CALLS.filter((call) => phoneNumber !== null && call.phoneNumber === phoneNumber.value)
  const steps: readonly (readonly [Exclude<Belonging, string>['by'], readonly KnownCall[]])[] = [
    ['pbx_call_id', CALLS.filter((call) => call.pbxCallId === pbxCallId?.value)],
    ['recording_id', CALLS.filter((call) => call.recordingIds.some((id) => ids.includes(id)))],
    [
      'number_extension_start',
      nearest(ofNumber.filter((call) => call.extension === extension?.value && distance(call) <= MINUTE)),
    ],
    ['number_start', nearest(ofNumber.filter((call) => !call.isHeard && distance(call) <= 10 * MINUTE))],
  ]
  for (const [by, [call, ...others]] of steps) {
    if (call !== undefined) return others.length === 0 ? { call: call.name, by } : 'a person decides'
  }
  return direction !== null && phoneNumber !== null ? 'a new call' : 'a person decides'

  function nearest(calls: readonly KnownCall[]): KnownCall[] {
    const least = Math.min(...calls.map(distance))
    return calls.filter((call) => distance(call) === least)
  }
}

interface Written {
  subject?: string
  text?: string
  names?: readonly string[]
  date?: string
}

const parsed = ({ subject = '', text = '', names = [], date }: Written): ParsedMail => ({
  from: 'noreply@zadarma.com',
  subject,
  date: date === undefined ? null : Date.parse(date),
  messageId: null,
  text,
  audio: names.map((name, place) => ({
    id: `audio ${place}`,
    name,
    fileName: `2026-03/${place}.mp3`,
    contentType: 'audio/mpeg',
    sizeBytes: 417,
    sha256: '',
  })),
  remarks: [],
})

const read = (written: Written, changes: Partial<ReadMailSettings> = {}): RecordingMail =>
  readRecordingMail(parsed(written), { ...settings, ...changes })

const CALL = 'out_dcb22bcd4e78fa4b627aa2e0c67d0191cd0a5068'
const TEN_FIFTEEN = Date.parse('2026-03-02T09:15:00Z')

describe('each fact is told with where it stands', () => {
  it('in the name of a file', () => {
    expect(read({ names: [`12345-1772442900.10-600111222-2026-03-02-101500.mp3`] })).toStrictEqual({
      pbxCallId: null,
      direction: null,
      phoneNumber: { value: '+34600111222', from: 'file name' },
      extension: null,
      startedAt: { value: TEN_FIFTEEN, from: 'file name' },
      durationSeconds: null,
      summary: null,
      recordings: [{ audioId: 'audio 0', recordingId: { value: '1772442900.10', from: 'file name' } }],
      otherRecordingIds: [],
      doubts: [],
    })
  })

  it('in the text, with its label, and in the subject', () => {
    const text = 'Número marcado: 600 111 222\nExt.: 101\nDuración (s): 83\nResumen: Llamar otra vez.'
    expect(read({ subject: `Grabación de ${CALL}, 02/03/2026 10:15`, text })).toStrictEqual({
      pbxCallId: { value: CALL, from: 'subject' },
      direction: { value: 'outbound', from: 'subject' },
      phoneNumber: { value: '+34600111222', from: 'text: "Número marcado"' },
      extension: { value: '101', from: 'text: "Ext."' },
      startedAt: { value: TEN_FIFTEEN, from: 'subject' },
      durationSeconds: { value: 83, from: 'text: "Duración (s)"' },
      summary: { value: 'Llamar otra vez.', from: 'text: "Resumen"' },
      recordings: [],
      otherRecordingIds: [],
      doubts: [],
    })
  })

  it('in the id of a recording, where no start is written', () => {
    const mail = read({ text: 'Grabación 1772442900.7' })
    expect(mail.startedAt).toStrictEqual({ value: TEN_FIFTEEN, from: 'recording id' })
    expect(mail.otherRecordingIds).toStrictEqual([{ value: '1772442900.7', from: 'text' }])
  })

  it('never in the Date header', () => {
    expect(read({ text: 'Número: 600 111 222', date: '2026-03-02T09:20:00Z' }).startedAt).toBeNull()
  })
})

describe('what contradicts itself is a doubt and no value', () => {
  it('two numbers', () => {
    const mail = read({ text: 'Número: 600 111 222\nTeléfono: 600 111 333' })
    expect(mail.phoneNumber).toBeNull()
    expect(mail.doubts).toStrictEqual([
      'The phone numbers in it differ: +34600111222 (text: "Número"), +34600111333 (text: "Teléfono").',
    ])
  })

  it('the number of the name and that of the text', () => {
    const mail = read({ text: 'Número: 600111333', names: ['12345-1772442900.1-600111222-2026-03-02-101500.mp3'] })
    expect(mail.phoneNumber).toBeNull()
    expect(mail.doubts).toHaveLength(1)
  })

  it.each(['911 234 567', '101', '12345-101'])('but not where that of the text is %s, which is ours', (ours) => {
    const mail = read({ text: `Número: ${ours}`, names: ['12345-1772442900.1-600111222-2026-03-02-101500.mp3'] })
    expect(mail.phoneNumber).toStrictEqual({ value: '+34600111222', from: 'file name' })
    expect(mail.doubts).toStrictEqual([])
  })

  it.each([
    ['extensions', 'Extensión: 101\nAgente: Ana (102)', 'extension'],
    ['durations', 'Duración: 1:23\nDuración de la llamada: 84 s', 'durationSeconds'],
    ['directions', 'Llamada entrante\nTipo: saliente', 'direction'],
    ['starts', 'Fecha: 2026-03-02 10:15:00\nInicio: 2026-03-02 10:16:01', 'startedAt'],
    ['ids of the call', `${CALL} in_${CALL.slice(4)}`, 'pbxCallId'],
  ] as const)('two %s', (what, text, fact) => {
    const mail = read({ text })
    expect(mail[fact]).toBeNull()
    expect(mail.doubts).toStrictEqual([expect.stringContaining(`The ${what} in it differ: `)])
  })

  it('two recordings, of which is not told which is whose', () => {
    const mail = read({ text: 'Grabaciones 1772442900.1 y 1772442900.2', names: ['1.mp3', '2.mp3'] })
    expect(mail.recordings.map(({ recordingId }) => recordingId)).toStrictEqual([null, null])
    expect(mail.otherRecordingIds.map(({ value }) => value)).toStrictEqual(['1772442900.1', '1772442900.2'])
    expect(mail.doubts).toHaveLength(1)
  })

  it('the id of the call has the last word on the direction', () => {
    const mail = read({ text: `Llamada entrante ${CALL}` })
    expect(mail.direction).toStrictEqual({ value: 'outbound', from: 'text' })
    expect(mail.doubts).toHaveLength(1)
  })

  it('the id of a recording has the last word on the start, as the zone may be configured wrongly', () => {
    const names = ['12345-1772442900.1-101-2026-03-02-101500.mp3']
    const mail = read({ names }, { zone: 'America/New_York' })
    expect(mail.startedAt).toStrictEqual({ value: TEN_FIFTEEN, from: 'recording id' })
    expect(mail.doubts).toStrictEqual([expect.stringContaining('time zone')])
  })
})

describe('what agrees is no contradiction', () => {
  it('of two starts within a minute, the one that tells the second is the start', () => {
    const mail = read({ text: 'Fecha: 02/03/2026 10:15', names: ['Llamada 2026-03-02 10-15-42.mp3'] })
    expect(mail.startedAt).toStrictEqual({ value: TEN_FIFTEEN + 42_000, from: 'file name' })
    expect(mail.doubts).toStrictEqual([])
  })

  it('one number in several writings', () => {
    const mail = read({ subject: 'Llamada a 600 11 12 22', text: 'Número: +34 600-111-222\nCliente: 0034600111222' })
    expect(mail.phoneNumber).toStrictEqual({ value: '+34600111222', from: 'text: "Número"' })
    expect(mail.doubts).toStrictEqual([])
  })

  it('a number beside a label counts before others that stand somewhere', () => {
    const mail = read({ text: 'Número: 600 111 222\nZadarma, Londres, +44 20 7946 0018\nMi móvil: 655 666 777' })
    expect(mail.phoneNumber?.value).toBe('+34600111222')
  })
})

describe('a number that nothing names', () => {
  it.each([
    { subject: 'Llamada saliente con 600 111 222' },
    { names: ['+34600111222.mp3'] },
    { text: 'La conversación con Ana, 600 111 222' },
    { text: 'Le enviamos lo grabado con\n+34 600 111 222' },
    { text: '2026-03-02 10:15 · Ana · 600 111 222' },
  ])('counts where it can only be the call’s: %j', (written) => {
    expect(read(written).phoneNumber?.value).toBe('+34600111222')
  })

  it.each([
    'Laura Gil · Ventas · 600 111 222',
    'Pedido 600111222',
    'Zadarma, Londres, +44 20 7946 0018',
    'Soporte: +44 20 7946 0018',
  ])('does not count in %j', (text) => {
    expect(read({ subject: 'Grabación de llamada saliente', text }).phoneNumber).toBeNull()
  })
})

describe('which of two numbers is the client’s', () => {
  it.each([
    ['Origen: 101\nDestino: 600 111 222', 'outbound', '+34600111222', '101'],
    ['Origen: 911 234 567\nDestino: 600 111 222', 'outbound', '+34600111222', null],
    ['Origen: 600 111 222\nDestino: 911 234 567\nAtendida por: extensión 101', 'inbound', '+34600111222', '101'],
    ['Origen: 600 111 222\nDestino: 101', 'inbound', '+34600111222', '101'],
    ['Origen: 101\nDestino: 102', 'internal', null, '101'],
    ['Llamada saliente\nOrigen: 911 999 999\nDestino: 600 111 222', 'outbound', '+34600111222', null],
    ['Llamada entrante\nOrigen: 600 111 222\nDestino: 911 999 999', 'inbound', '+34600111222', null],
    ['Número virtual: 911 999 999\nOrigen: 911 999 999\nDestino: 600 111 222', 'outbound', '+34600111222', null],
    ['Cliente: 600 111 222\nOrigen: 911 999 999\nDestino: 600 111 222', 'outbound', '+34600111222', null],
    ['Cliente: 600 111 222\nOrigen: 600 111 222\nDestino: 911 999 999', 'inbound', '+34600111222', null],
    ['Origen: 911 999 999\nDestino: 600 111 222', null, null, null],
    ['A: 600 111 222\nDe: Paulina 101', 'outbound', '+34600111222', '101'],
    ['From number: 101\nTo number: 600111222', 'outbound', '+34600111222', '101'],
    ['Llamada: saliente\nTeléfono cliente: 600111222\nComercial: Paulina (101)', 'outbound', '+34600111222', '101'],
    ['Grabación de la llamada entre 101 y 600 111 222', null, '+34600111222', '101'],
    ['Conversation between +34 600 111 222 and 101', null, '+34600111222', '101'],
    ['101 -> 600 111 222', 'outbound', '+34600111222', '101'],
    ['600 111 222 llamó a la extensión 101', 'inbound', '+34600111222', '101'],
    ['Call from extension 101 to extension 102', 'internal', null, '101'],
  ])('%j', (text, direction, phoneNumber, extension) => {
    expect(understoodOf(read({ text }))).toMatchObject({ direction, phoneNumber, extension })
  })
})

describe('what a user adds', () => {
  const own: Wording = {
    ...wording,
    patterns: {
      ...wording.patterns,
      phone_number: [[/Kunde: (?<value>.+)/dgiu], ...wording.patterns.phone_number],
    },
  }

  it('is found', () => {
    expect(read({ text: 'Kunde: 600 111 222' }, { wording: own }).phoneNumber?.value).toBe('+34600111222')
  })

  it('counts before what is shipped, in one place', () => {
    const text = 'Número: 655 666 777\nKunde: 600 111 222'
    expect(read({ text }, { wording: own }).phoneNumber).toStrictEqual({ value: '+34600111222', from: 'text: "Kunde"' })
  })

  it('changes nothing where it finds nothing readable', () => {
    const text = 'Número: 655 666 777\nKunde: Ana'
    expect(read({ text }, { wording: own }).phoneNumber?.value).toBe('+34655666777')
  })
})

it('the same mail is read alike again, whatever was read before', () => {
  const first = MESSAGES.map(readMadeUp)
  expect(MESSAGES.toReversed().map(readMadeUp).toReversed()).toStrictEqual(first)
})

it('no mail makes it throw, and what it gives can be stored', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'Número: ',
      'Fecha: ',
      'llamada de ',
      'Resumen:\n',
      '\n',
      '\t',
      ' ',
      '10:15',
      '2026-03-02',
      '101',
      CALL,
    ),
    fc.constantFrom(
      '1772442900.10',
      '-',
      '_',
      '|',
      '+34600111222',
      '600 111 222',
      '1 min',
      'de marzo de 2026',
      '(',
      '@',
    ),
    fc.string({ unit: 'binary', maxLength: 10 }),
  )
  const written = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(written, written, fc.array(written, { maxLength: 2 }), (subject, text, names) => {
      const mail = read({ subject, text, names })
      expect(mail.recordings).toHaveLength(names.length)
      expect(mail.phoneNumber?.value ?? '+').toMatch(/^\+\d*$/)
      expect(mail.extension?.value ?? '0').toMatch(/^\d{1,6}$/)
      expect((mail.summary?.value ?? '').isWellFormed()).toBe(true)
    }),
    { numRuns: 50 },
  )
})

describe('a hostile text is read in moments', () => {
  const SIZE = 64 * 1024
  /** Of the processor's time. A pattern whose work grows with the square of the text took 4 s, ours take 0.1 s. */
  const BOUND_MS = 2_000
  const units = [
    ...['a', ' ', '\n', '\t', '1', '1 ', '1.', '((1', '> ', '|', '\u200b', 'e\u0301', 'x@'],
    ...['2026-03-02 10:15:00 ', '12:34:56 ', '2 de marzo de 2026 a las 10:15 ', '1 min 2 s ', '10:15 p.m. '],
    ...['+34 612 345 678\n', 'Número: 612345678\n', 'número ', 'llamada de la extensión 1 ', 'from (1', 'de 1 a '],
    ...['resumen:\nx\n', 'De: a@b\n', 'a\tb\n', 'válido hasta ', '12345-1772442900.1-101-2026-03-02-101500 '],
  ]

  it.each(units)('%j again and again', (unit) => {
    const text = unit.repeat(SIZE / unit.length)
    const begin = process.cpuUsage()
    read({ text, subject: text.slice(0, 1_000), names: [text.slice(0, 10_000)] })
    const { user, system } = process.cpuUsage(begin)
    expect((user + system) / 1_000).toBeLessThan(BOUND_MS)
  })
})

import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import vectors from '../../test/zadarma-vectors.json' with { type: 'json' }
import { isGenuine, requestAuthorization, signatureOf } from './signature.ts'

const { key, secret } = vectors
const fieldsOf = (vector: (typeof vectors.webhooks)[number]): Record<string, string> => ({ ...vector.fields })

describe('a notification’s signature', () => {
  it.each(vectors.webhooks)('$id, $event: the worked one is genuine', (vector) => {
    expect(signatureOf(secret, vector.string)).toBe(vector.signature)
    expect(isGenuine(fieldsOf(vector), vector.signature, secret)).toBe(true)
    expect(isGenuine(Object.fromEntries(new URLSearchParams(vector.body)), vector.signature, secret)).toBe(true)
  })

  it.each(vectors.webhooks)('$id, $event: base64 of the raw digest is refused', (vector) => {
    expect(isGenuine(fieldsOf(vector), vector.raw_digest_base64_must_be_refused, secret)).toBe(false)
  })

  it.each(vectors.webhooks)('$id, $event: the hexadecimal digest and one of another secret are refused', (vector) => {
    expect(isGenuine(fieldsOf(vector), vector.hex, secret)).toBe(false)
    expect(isGenuine(fieldsOf(vector), signatureOf('another secret', vector.string), secret)).toBe(false)
  })

  it('nothing is genuine where no secret is configured', () => {
    for (const vector of vectors.webhooks) {
      expect(isGenuine(fieldsOf(vector), signatureOf('', vector.string), '')).toBe(false)
    }
  })

  it.each(['NOTIFY_RECORD', 'NOTIFY_END', 'SMS', 'SPEECH_RECOGNITION', 'unheard of', ''])(
    'with no field that is signed, the empty text vouches for nothing (%s)',
    (event) => {
      expect(isGenuine({ event }, signatureOf(secret, ''), secret)).toBe(false)
      expect(isGenuine({ event, disposition: 'answered' }, signatureOf(secret, ''), secret)).toBe(false)
    },
  )

  it.each(['SPEECH_RECOGNITION', 'DOCUMENT', 'NOTIFY_INTERNAL_END', '__proto__', 'constructor'])(
    'one of %s, which is not documented, may fit any known text',
    (event) => {
      for (const vector of vectors.webhooks) {
        expect(isGenuine({ ...fieldsOf(vector), event }, vector.signature, secret)).toBe(true)
        expect(isGenuine({ ...fieldsOf(vector), event }, signatureOf(secret, 'something else'), secret)).toBe(false)
      }
    },
  )

  it('a field that is missing is the empty text', () => {
    const fields = { event: 'NOTIFY_OUT_START', destination: '+34612345678', call_start: '2026-09-01 10:00:00' }
    expect(isGenuine(fields, signatureOf(secret, '+346123456782026-09-01 10:00:00'), secret)).toBe(true)
  })

  it('S2: of 20 000 mutants none is accepted', () => {
    fc.assert(
      fc.property(notification, mutation, (fields, mutate) => {
        const signature = signed(fields)
        expect(isGenuine(fields, signature, secret)).toBe(true)
        const mutant = mutate(fields, signature)
        expect(isGenuine(mutant.fields, mutant.signature as string | undefined, secret)).toBe(false)
      }),
      { numRuns: 20_000 },
    )
  })
})

const TEXTS: Record<string, string[]> = {
  NOTIFY_START: ['caller_id', 'called_did', 'call_start'],
  NOTIFY_ANSWER: ['caller_id', 'destination', 'call_start'],
  NOTIFY_OUT_END: ['internal', 'destination', 'call_start'],
  NOTIFY_RECORD: ['pbx_call_id', 'call_id_with_rec'],
  SMS: ['result'],
}
const EVENTS = Object.keys(TEXTS)

type Fields = Record<string, string>

const signed = (fields: Fields): string =>
  signatureOf(secret, (TEXTS[fields.event ?? ''] ?? []).map((name) => fields[name]).join(''))

const digits = (length: number) => fc.stringMatching(new RegExp(`^[1-9][0-9]{${length - 1}}$`))

/** With all fields of all events, no two alike, so that no two events sign the same text. */
const notification: fc.Arbitrary<Fields> = fc.record({
  event: fc.constantFrom(...EVENTS),
  caller_id: digits(11).map((number) => `+${number}`),
  called_did: digits(10),
  destination: digits(9),
  internal: digits(3),
  call_start: digits(8).map((number) => `2026-09-01 ${number}`),
  pbx_call_id: digits(40).map((number) => `in_${number}`),
  call_id_with_rec: digits(6).map((number) => `1585918082.${number}`),
  result: digits(12).map((number) => `{"text":"${number}"}`),
})

interface Mutant {
  fields: Fields
  /** Also what the types forbid. */
  signature: unknown
}

const flipped = (text: string, place: number): string => {
  const at = place % text.length
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
}

const mutation: fc.Arbitrary<(fields: Fields, signature: string) => Mutant> = fc.oneof(
  fc.constantFrom(undefined, null, '').map((signature) => (fields: Fields) => ({ fields, signature })),
  fc.constant((fields: Fields, signature: string) => ({ fields, signature: [signature, signature] })),
  fc.constant((fields: Fields, signature: string) => ({ fields, signature: [signature] })),
  fc.constant((fields: Fields, signature: string) => ({ fields, signature: `${signature}, ${signature}` })),
  fc.nat(55).map((length) => (fields: Fields, signature: string) => ({
    fields,
    signature: signature.slice(0, length),
  })),
  fc.string({ minLength: 1, unit: 'binary' }).map((more) => (fields: Fields, signature: string) => ({
    fields,
    signature: signature + more,
  })),
  fc.string({ minLength: 56, maxLength: 56, unit: 'binary' }).map((signature) => (fields: Fields) => ({
    fields,
    signature,
  })),
  fc.nat().map((place) => (fields: Fields, signature: string) => ({ fields, signature: flipped(signature, place) })),
  // Beyond Latin, with the same lower byte.
  fc.nat(55).map((at) => (fields: Fields, signature: string) => ({
    fields,
    signature: `${signature.slice(0, at)}${String.fromCharCode(0x100 + signature.charCodeAt(at))}${signature.slice(at + 1)}`,
  })),
  fc.tuple(fc.nat(), fc.nat()).map(([which, place]) => (fields: Fields, signature: string) => {
    const names = TEXTS[fields.event ?? ''] ?? []
    const name = names[which % names.length] ?? ''
    return { fields: { ...fields, [name]: flipped(fields[name] ?? '', place) }, signature }
  }),
  fc.nat().map((which) => (fields: Fields, signature: string) => {
    const { [TEXTS[fields.event ?? '']?.[which % (TEXTS[fields.event ?? '']?.length ?? 1)] ?? '']: _, ...rest } = fields
    return { fields: rest, signature }
  }),
  fc.nat().map((which) => (fields: Fields, signature: string) => {
    const others = EVENTS.filter((event) => event !== fields.event)
    return { fields: { ...fields, event: others[which % others.length] ?? '' }, signature }
  }),
)

describe('a request’s signature', () => {
  it.each(vectors.api)('$id, $method: as it was worked', ({ method, params, query, header }) => {
    expect(requestAuthorization(key, secret, method, params as Record<string, string>)).toEqual({
      query,
      authorization: header,
    })
  })

  it.each([
    [' ', '+'],
    ['+', '%2B'],
    ["!'()*~", '%21%27%28%29%2A%7E'],
    ['-_.', '-_.'],
    ['ñ€', '%C3%B1%E2%82%AC'],
    ['%20', '%2520'],
    ['', ''],
  ])('%j is written as PHP writes it', (value, written) => {
    expect(requestAuthorization(key, secret, '/v1/x/', { b: value, a: '1' }).query).toBe(`a=1&b=${written}`)
  })

  it('any parameters come out as they went in, and are signed as they are sent', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), (params) => {
        const { query, authorization } = requestAuthorization(key, secret, '/v1/x/', params)
        expect(Object.fromEntries(new URLSearchParams(query))).toEqual({ ...params })
        expect(query).toMatch(/^[\w.%+=&-]*$/)
        const text = `/v1/x/${query}${createHash('md5').update(query).digest('hex')}`
        const hex = createHmac('sha1', secret).update(text).digest('hex')
        expect(authorization).toBe(`${key}:${Buffer.from(hex).toString('base64')}`)
      }),
    )
  })
})

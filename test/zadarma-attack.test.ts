import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listMessages } from '../src/inbox/store.ts'
import { formatAccountTime } from '../src/zadarma/account-time.ts'
import { ZADARMA } from './doors.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { createRandom } from './zadarma/random.ts'
import * as door from './zadarma-door.ts'
import { type Fields, newNumber, outEnd, outId, outStart } from './zadarma-door.ts'
import { signedNotification } from './zadarma-server.ts'

/* The door of the PBX under attack: without the secret (S2), and with signatures that were true once (S3). */

let database: TestDatabase
let service: TestService

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

const SECRET = ZADARMA.secret ?? ''
const URLENCODED = 'application/x-www-form-urlencoded'

/** What stands at the door: headers and a body. */
interface Knock {
  signature?: string | string[]
  body: string
  contentType?: string
}

async function knock({ signature, body, contentType = URLENCODED }: Knock): Promise<number> {
  const headers = { 'content-type': contentType, ...(signature === undefined ? {} : { signature }) }
  // Node refuses to send some of these headers; they are put into the request as they would arrive.
  const answer = await service.app.inject({ method: 'POST', url: '/api/zadarma/webhook', payload: body, headers })
  return answer.statusCode
}

describe('a signature that is not the true one (S2)', () => {
  const id = outId()
  const forms: Fields[] = [
    outStart(id, newNumber()),
    outEnd(id, newNumber(), 'answered'),
    {
      event: 'NOTIFY_END',
      call_start: '2026-03-02 10:15:00',
      pbx_call_id: id.replace('out', 'in'),
      caller_id: '34600111222',
      called_did: '34911111111',
    },
    {
      event: 'NOTIFY_ANSWER',
      call_start: '2026-03-02 10:15:00',
      pbx_call_id: id,
      caller_id: '101',
      destination: '34600111222',
    },
    { event: 'NOTIFY_RECORD', pbx_call_id: id, call_id_with_rec: '1772442900.1230' },
    { event: 'SMS', result: '{"text":"Hola"}' },
  ]
  const trueOf = (fields: Fields, secret = SECRET): string => signedNotification(fields, secret).headers.signature ?? ''
  const hexOf = (signature: string): string => Buffer.from(signature, 'base64').toString()
  const bodyOf = (fields: Record<string, string>): string => new URLSearchParams(fields).toString()

  /** Every kind of mutant, of one form; `random` gives those of which there are endlessly many. */
  function* mutantsOf(fields: Fields, other: Fields, random: ReturnType<typeof createRandom>): Generator<Knock> {
    const signature = trueOf(fields)
    const body = bodyOf(fields)
    const hex = hexOf(signature)
    const raw = Buffer.from(hex, 'hex')
    // Missing, twice, of another length.
    yield { body }
    yield { body, signature: '' }
    yield { body, signature: [signature, signature] }
    yield { body, signature: [signature, 'x'] }
    yield { body, signature: `${signature}, ${signature}` }
    yield { body, signature: signature + signature }
    for (let length = 1; length < signature.length; length++) yield { body, signature: signature.slice(0, length) }
    for (let length = 1; length < signature.length; length++) yield { body, signature: signature.slice(length) }
    for (const more of ['=', 'A', ' A', '==', '%00', '\u00e9']) yield { body, signature: signature + more }
    // Of the same digest in another writing.
    const writings = [hex, hex.toUpperCase(), raw.toString('base64'), raw.toString('base64url'), raw.toString('latin1')]
    for (const writing of writings) yield { body, signature: writing.replace(/[^\x20-\x7e\x80-\xff]/g, '?') }
    yield { body, signature: Buffer.from(hex.toUpperCase()).toString('base64') }
    yield { body, signature: `sha1=${hex}` }
    yield { body, signature: signature.toLowerCase() }
    yield { body, signature: [...signature].reverse().join('') }
    // Not base64 at all, unicode, huge.
    for (const text of ['null', 'undefined', '[object Object]', '{}', '*'.repeat(56), 'ÿ'.repeat(56)]) {
      yield { body, signature: text }
    }
    yield { body, signature: 'A'.repeat(7_000) }
    // By somebody who does not know the secret.
    for (const secret of ['', 'x', SECRET.toUpperCase(), `${SECRET} `, ZADARMA.key ?? '']) {
      yield { body, signature: trueOf(fields, secret) }
    }
    for (const digest of ['md5', 'sha256', 'sha512']) {
      const digits = createHmac(digest, SECRET).update(body).digest('hex')
      yield { body, signature: Buffer.from(digits).toString('base64') }
    }
    yield { body, signature: Buffer.from(createHmac('sha1', SECRET).update(body).digest('hex')).toString('base64') }
    // True, but of another event's form.
    yield { body: bodyOf(other), signature }
    // Fields as lists, twice, missing, empty, with a blank, in other letters.
    for (const name of Object.keys(fields)) {
      const value = fields[name] ?? ''
      const { [name]: _, ...rest } = fields
      yield { body: `${body}&${name}=${encodeURIComponent(value)}`, signature }
      yield { body: `${body}&${name}=`, signature }
      const isSigned = trueOf({ ...rest, event: fields.event } as Fields) !== signature
      if (!isSigned || name === 'event') continue
      yield { body: bodyOf(rest), signature }
      for (const list of [`${name}[]`, `${name}[0]`, `${name}[a]`, `${name.toUpperCase()}`]) {
        yield { body: bodyOf({ ...rest, [list]: value }), signature }
      }
      for (const changed of [
        '',
        `${value} `,
        ` ${value}`,
        `+${value}`,
        `${value}\u0000`,
        `${value}\u200b`,
        'ñ',
        '9'.repeat(5_000),
      ]) {
        if (changed !== value) yield { body: bodyOf({ ...fields, [name]: changed }), signature }
      }
      for (let place = 0; place < value.length; place++) {
        const digit = value[place] === '7' ? '8' : '7'
        yield { body: bodyOf({ ...fields, [name]: value.slice(0, place) + digit + value.slice(place + 1) }), signature }
      }
    }
    // Bodies that are no such form.
    for (const contentType of [
      'application/json',
      'multipart/form-data',
      'multipart/form-data; boundary=x',
      'text/plain; charset=\u00ff',
      'application/octet-stream',
    ]) {
      yield { body: JSON.stringify(fields), contentType, signature }
    }
    for (const text of [
      '',
      '&&&&',
      '=',
      '%',
      '%zz=%e0%a4',
      '\u0000',
      '__proto__=1&constructor=2',
      body.replaceAll('=', ':'),
    ]) {
      yield { body: text, signature }
    }
    // Each character changed, in some ways.
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= -_.\t~'
    for (let place = 0; place < signature.length; place++) {
      for (let change = 0; change < 22; change++) {
        const letter = random.pick([...letters])
        const mutant = signature.slice(0, place) + letter + signature.slice(place + 1)
        if (mutant.trim() !== signature) yield { body, signature: mutant }
      }
    }
    for (let count = 0; count < 150; count++) {
      yield { body, signature: random.characters(56, letters) }
      yield { body, signature: Buffer.from(random.characters(40, '0123456789abcdef')).toString('base64') }
    }
  }

  it('is refused in every one of ten thousand ways, breaks nothing, and stores nothing', async () => {
    const random = createRandom(2)
    const mutants = forms.flatMap((fields, place) => {
      const other = forms[(place + 2) % forms.length] ?? fields
      return [...mutantsOf(fields, other, random)]
    })
    expect(mutants.length).toBeGreaterThan(10_000)
    const stored = () => service.sql('select (select count(*) from inbox), (select count(*) from calls) as calls')
    const before = await stored()
    const strange: [number, Knock][] = []
    for (let from = 0; from < mutants.length; from += 500) {
      await Promise.all(
        mutants.slice(from, from + 500).map(async (mutant) => {
          const status = await knock(mutant)
          if (status !== 401) strange.push([status, mutant])
        }),
      )
    }
    expect(strange).toEqual([])
    expect(await stored()).toEqual(before)

    // The control: nothing but the signature was wrong.
    for (const fields of forms) expect(await knock({ body: bodyOf(fields), signature: trueOf(fields) })).toBe(200)
    expect(await listMessages(service.database, {}, 100)).toHaveLength(forms.length)
  })
})

describe('a signature that was true once, sent again (S3)', () => {
  const notify = (fields: Fields, signed: Fields = fields) => door.notify(service, fields, signed)
  const callOf = (pbxCallId: string) => door.callOf(service, pbxCallId)

  /** A call of a lead, as its notifications told it: `busy`, 42 seconds. */
  async function honestCall() {
    const number = newNumber()
    const { opportunityId } = await door.lead(service, number)
    const id = outId()
    const [start, end] = [outStart(id, number), outEnd(id, number, 'busy')]
    for (const fields of [start, end]) expect((await notify(fields)).statusCode).toBe(200)
    const call = await callOf(id)
    return { number, opportunityId, id, start, end, call, attempts: await door.attemptsOf(service, opportunityId) }
  }

  const plain = (number: string): string => number.slice(1)

  /** Forged from the true signature of an outgoing call's start or end: what is changed, and what is told of it. */
  const FORGED: [string, (of: { number: string; start: Fields; end: Fields }) => Fields, RegExp][] = [
    ['an answered END', ({ end }) => ({ ...end, disposition: 'answered' }), /call_status.*"busy".*"answered"/],
    [
      'an END without an answer',
      ({ end }) => ({ ...end, disposition: 'no answer' }),
      /call_status.*"busy".*"no_answer"/,
    ],
    [
      'an END with a fault of the account',
      ({ end }) => ({ ...end, disposition: 'no money' }),
      /call_status.*"no money"/,
    ],
    ['an END with an unknown word', ({ end }) => ({ ...end, disposition: 'abducted' }), /call_status.*"abducted"/],
    ['a longer END', ({ end }) => ({ ...end, duration: '3600' }), /duration_seconds.*"42".*"3600"/],
    [
      'an END made of a START',
      ({ start }) => ({ ...start, event: 'NOTIFY_OUT_END', disposition: 'answered', duration: '99' }),
      /call_status.*"busy".*"answered"/,
    ],
    [
      'the END of an incoming call',
      ({ end, number }) => ({
        ...end,
        event: 'NOTIFY_END',
        caller_id: '101',
        called_did: plain(number),
        disposition: 'answered',
      }),
      /call_status.*"busy".*"answered"/,
    ],
    [
      'a shorter extension and a longer number',
      ({ end, number }) => ({ ...end, internal: '10', destination: `1${plain(number)}` }),
      /phone_number/,
    ],
    [
      'a longer extension and a number without its prefix',
      ({ end, number }) => ({ ...end, internal: '10134', destination: plain(number).slice(2) }),
      /extension.*"101".*"10134"/,
    ],
    [
      'a START with a longer extension and a number without its prefix',
      ({ start, number }) => ({ ...start, internal: '10134', destination: plain(number).slice(2) }),
      /extension.*"101".*"10134"/,
    ],
    [
      'a number that lacks its last digits',
      ({ end, number }) => ({
        ...end,
        destination: plain(number).slice(0, -2),
        call_start: `${plain(number).slice(-2)}${end.call_start}`,
      }),
      /phone_number/,
    ],
    [
      'no number at all',
      ({ end, number }) => ({
        ...end,
        destination: '',
        call_start: `${plain(number)}${end.call_start}`,
        disposition: 'answered',
      }),
      /call_status.*"busy".*"answered"/,
    ],
  ]

  it.each(FORGED)('for %s: the first word stays, with one attempt, and a person is told', async (_, forge, told) => {
    const { id, opportunityId, call, attempts, ...honest } = await honestCall()
    const forged = forge(honest)
    expect((await notify(forged, honest.start)).statusCode).toBe(200)
    expect(await callOf(id)).toEqual(call)
    expect(await door.attemptsOf(service, opportunityId)).toEqual(attempts)
    const items = await door.doubtsOf(service, call.id)
    expect(items.map(({ kind }: { kind: string }) => kind)).toContain('contradiction')
    expect(items.map(({ reason }: { reason: string }) => reason).join('\n')).toMatch(told)
    // Told once, however often it is sent.
    await notify(forged, honest.start)
    expect(await door.doubtsOf(service, call.id)).toEqual(items)
  })

  it.each(FORGED)('for %s that comes before the true END: one attempt, and a person is told', async (_, forge) => {
    const number = newNumber()
    const { opportunityId } = await door.lead(service, number)
    const id = outId()
    const [start, end] = [outStart(id, number), outEnd(id, number, 'busy')]
    await notify(start)
    await notify(forge({ number, start, end }), start)
    await notify(end)
    expect(Object.keys(await door.attemptsOf(service, opportunityId))).toEqual(['1'])
    const call = await callOf(id)
    const items = await door.doubtsOf(service, call.id)
    expect(items.map(({ kind }: { kind: string }) => kind)).toContain('contradiction')
  })

  it('for an earlier event of the same call nothing changes', async () => {
    const { id, number, start, call, opportunityId, attempts } = await honestCall()
    const events: Fields[] = [
      start,
      { ...start, event: 'NOTIFY_START', caller_id: '101', called_did: plain(number) },
      { ...start, event: 'NOTIFY_INTERNAL', caller_id: '101', called_did: plain(number) },
      { ...start, event: 'NOTIFY_ANSWER', caller_id: '101' },
      { ...start, event: 'NOTIFY_IVR', caller_id: '101', called_did: plain(number) },
    ]
    for (const fields of events) expect((await notify(fields, start)).statusCode).toBe(200)
    expect(await callOf(id)).toEqual(call)
    expect(await door.attemptsOf(service, opportunityId)).toEqual(attempts)
    expect(await door.doubtsOf(service, call.id)).toEqual([])
  })

  it('for a recording says nothing of another call', async () => {
    const { id, call, opportunityId, attempts } = await honestCall()
    const record: Fields = { event: 'NOTIFY_RECORD', pbx_call_id: outId(), call_id_with_rec: '1772442901.55' }
    const text = `${record.pbx_call_id}${record.call_id_with_rec}`
    const forged: Fields = {
      event: 'NOTIFY_OUT_END',
      internal: text,
      destination: '',
      call_start: '',
      pbx_call_id: id,
      disposition: 'answered',
    }
    expect((await notify(forged, record)).statusCode).toBe(200)
    expect(await callOf(id)).toEqual(call)
    expect(await door.attemptsOf(service, opportunityId)).toEqual(attempts)
    expect(await door.doubtsOf(service, call.id)).toMatchObject([{ kind: 'contradiction' }])
  })

  const ANOTHER_ID: [string, (start: Fields, number: string) => Fields][] = [
    ['as it was', (start) => start],
    ['as an answered END', (start) => ({ ...start, event: 'NOTIFY_OUT_END', disposition: 'answered', duration: '60' })],
    [
      'as an ANSWER, without an extension',
      ({ internal: _, ...start }) => ({ ...start, event: 'NOTIFY_ANSWER', caller_id: '101' }),
    ],
    [
      'as an ANSWER on another extension',
      (start) => ({ ...start, event: 'NOTIFY_ANSWER', caller_id: '101', internal: '202' }),
    ],
    [
      'with a longer extension',
      (start, number) => ({ ...start, internal: '10134', destination: plain(number).slice(2) }),
    ],
  ]

  it.each(ANOTHER_ID)(
    'for another id, %s: it is saved, and a person is asked whether it is the same',
    async (_, forge) => {
      const { number, start, call } = await honestCall()
      const another = outId()
      expect((await notify({ ...forge(start, number), pbx_call_id: another }, start)).statusCode).toBe(200)
      const second = await callOf(another)
      expect(second).toMatchObject({ phone_number: number, started_at: call.started_at })
      const [item] = await door.doubtsOf(service, second.id)
      expect(item).toMatchObject({ kind: 'same_call', candidates: [{ call_id: second.id }, { call_id: call.id }] })
      // One word of a person, and the attempt is gone.
      await service.request('POST', `/api/crm/review/${item.id}`, { action: 'link', call_id: call.id })
      expect(await callOf(another)).toBeNull()
    },
  )

  it('of an incoming call, read as an outgoing one, has no start: it is saved, and a person is told', async () => {
    const number = newNumber()
    await door.lead(service, number)
    const incoming: Fields = {
      event: 'NOTIFY_START',
      caller_id: plain(number),
      called_did: '34911111111',
      call_start: '2026-03-02 10:15:00',
    }
    const another = outId()
    const forged: Fields = {
      event: 'NOTIFY_OUT_END',
      pbx_call_id: another,
      internal: '',
      destination: plain(number),
      call_start: `${incoming.called_did}${incoming.call_start}`,
      disposition: 'answered',
    }
    expect((await notify(forged, incoming)).statusCode).toBe(200)
    const call = await callOf(another)
    expect(call).toMatchObject({ phone_number: number, started_at: null })
    const items = await door.doubtsOf(service, call.id)
    expect(items).toMatchObject([{ kind: 'contradiction', reason: expect.stringContaining('no start') }])
  })
})

describe('more locks than the signature (S3)', () => {
  it('are the addresses that may notify, once they are set', async () => {
    const fenced = await createTestService({ ...database, zadarma: { allowedIps: ['185.45.152.40/30'] } })
    const { body, headers } = signedNotification(outStart(outId(), newNumber()), SECRET)
    const from = async (remoteAddress: string) =>
      (await fenced.app.inject({ method: 'POST', url: '/api/zadarma/webhook', payload: body, headers, remoteAddress }))
        .statusCode
    expect([await from('203.0.113.7'), await from('185.45.152.42')]).toEqual([401, 200])
    await fenced.close()
  })

  it('are the hours in which a call must have begun, once they are set', async () => {
    const hours = 24
    const timed = await createTestService({ ...database, zadarma: { maxAgeHours: hours } })
    const ago = (minutes: number): string => formatAccountTime(Date.now() - minutes * 60_000, ZADARMA.timezone)
    const [young, old] = [{ call_start: ago(hours * 60 - 5) }, { call_start: ago(hours * 60 + 5) }]
    const number = newNumber()
    const { opportunityId } = await door.lead(timed, number)
    const id = outId()
    await door.notify(timed, outStart(id, number, young))
    const call = await door.callOf(timed, id)
    expect(call).toMatchObject({ attempt: { number: 1 } })

    const another = outId()
    const tooOld = outEnd(another, number, 'answered', old)
    const ofNoAge = {
      ...outEnd(id, number, 'answered'),
      destination: '',
      call_start: `${plain(number)}${young.call_start}`,
    }
    for (const [fields, reason] of [
      [tooOld, 'too_old'],
      [{ ...tooOld, pbx_call_id: id }, 'too_old'],
      // By moving the border of a field, the start could be hidden.
      [ofNoAge, 'no_start'],
    ] as const) {
      expect(
        (await door.notify(timed, fields, fields === ofNoAge ? outStart(id, number, young) : fields)).statusCode,
      ).toBe(200)
      const [message] = await listMessages(timed.database, {}, 1)
      expect(message).toMatchObject({ event: 'NOTIFY_OUT_END', result: 'kept', reason, callId: null, dueAt: null })
    }
    expect(await door.callOf(timed, another)).toBeNull()
    expect(await door.callOf(timed, id)).toEqual(call)
    expect(Object.keys(await door.attemptsOf(timed, opportunityId))).toEqual(['1'])

    // A recording may come whenever it is ready: it has no start to tell.
    const recordingId = `${Math.floor(Date.now() / 1_000)}.4410`
    await door.notify(timed, { event: 'NOTIFY_RECORD', pbx_call_id: id, call_id_with_rec: recordingId })
    await door.notify(timed, outEnd(id, number, 'busy', young))
    expect(await door.callOf(timed, id)).toMatchObject({ call_status: 'busy', recordings: [{ status: 'expected' }] })
    await timed.close()
  })

  const plain = (number: string): string => number.slice(1)
})

import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MailOfCall } from '../src/calls/mail.ts'
import { sweepMailCalls } from '../src/calls/mail-sweep.ts'
import { audio, type GivenMail, MAIL_START, mail, receive, writeAudio } from './mails-door.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'
import * as door from './zadarma-door.ts'
import { newNumber, outEnd, outId } from './zadarma-door.ts'

/* E-mails for which no call could be found: a person hears them, and decides with one request. */

let database: TestDatabase
let service: TestService
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'first-call-'))
  database = await createTestDatabase()
  service = await createTestService({ ...database, recordingsDir: folder })
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

const decide = (id: string, answer: object, by = service) => by.request('POST', `/api/crm/review/${id}`, answer)
const call = async (id: string) => (await service.request('GET', `/api/crm/calls/${id}`)).body

async function openItem(id: string) {
  const { body } = await service.request('GET', '/api/crm/review?kind=unmatched_mail&limit=200')
  return body.data.find((item: { id: string }) => item.id === id)
}

let names = 1_772_442_905
const CONTENT = 'ID3, and what was said'

/** An e-mail that does not tell which way the call went, and how it waits. */
async function waiting(number = newNumber(), given: GivenMail = {}) {
  const [recording = audio()] = given.recordings ?? [audio(null, CONTENT)]
  const came: MailOfCall = mail(number, {
    direction: null,
    doubts: ['Two dates were found.'],
    ...given,
    recordings: [recording],
  })
  await writeAudio(folder, recording, CONTENT)
  expect((await receive(service, came)).became).toBe('review')
  return { number, came, recording, id: came.messageId, item: await openItem(came.messageId) }
}

async function post(number: string, seconds = 0, fields: object = {}) {
  const started_at = new Date(MAIL_START + seconds * 1_000).toISOString()
  const given = { direction: 'outbound', phone_number: number, extension: '102', started_at, ...fields }
  return (await service.request('POST', '/api/crm/calls', given)).body
}

const isThere = (fileName: string): Promise<boolean> =>
  readFile(path.join(folder, fileName)).then(
    () => true,
    () => false,
  )

it('the list shows what a message tells, where that was found, and the calls that it may be about', async () => {
  const number = newNumber()
  const [near, far] = [await post(number, -120), await post(number, 120)]
  const { item, recording, id } = await waiting(number)
  expect(item).toEqual({
    id,
    kind: 'unmatched_mail',
    call_id: null,
    reason: '2 calls began equally near to it, 120 s away.',
    candidates: expect.arrayContaining(
      [near, far].map((one) => ({
        call_id: one.id,
        started_at: one.started_at,
        phone_number: number,
        extension: '102',
        distance_seconds: 120,
      })),
    ),
    created_at: expect.stringMatching(/Z$/),
    mail: {
      subject: 'Grabación de llamada',
      from: 'records@zadarma.com',
      received_at: '2026-03-02T09:20:00Z',
      told: { phone_number: { value: number, from: 'text: "Número"' } },
      doubts: ['Two dates were found.'],
    },
    recordings: [
      {
        id: recording.id,
        content_type: 'audio/mpeg',
        size_bytes: CONTENT.length,
        url: `/api/crm/review/${id}/recordings/${recording.id}`,
      },
    ],
    decision: null,
  })
})

describe('the audio of a message that waits', () => {
  const ask = (url: string, headers: Record<string, string> = {}) =>
    service.app.inject({ method: 'GET', url, headers: { authorization: `Bearer ${KEY}`, ...headers } })

  it('is heard as that of a call: whole, in part, and not again where it is known', async () => {
    const { item, number } = await waiting()
    const [{ url }] = item.recordings
    const whole = await ask(url)
    expect([whole.statusCode, whole.body]).toEqual([200, CONTENT])
    expect(whole.headers).toMatchObject({
      'content-type': 'audio/mpeg',
      'content-disposition': `inline; filename="2026-03-02T09-15-15Z_${number}.mp3"`,
      'x-content-type-options': 'nosniff',
    })
    const part = await ask(url, { range: 'bytes=4-' })
    expect([part.statusCode, part.body]).toEqual([206, CONTENT.slice(4)])
    expect((await ask(url, { range: 'bytes=999-' })).statusCode).toBe(416)
    expect((await ask(url, { 'if-none-match': String(whole.headers.etag) })).statusCode).toBe(304)
  })

  it('is nobody else’s', async () => {
    const { item } = await waiting()
    const [{ url, id }] = item.recordings
    expect((await service.app.inject({ method: 'GET', url })).statusCode).toBe(401)
    for (const other of [
      `/api/crm/review/${randomUUID()}/recordings/${id}`,
      `/api/crm/review/${item.id}/recordings/${randomUUID()}`,
    ]) {
      expect((await ask(other)).statusCode).toBe(404)
    }
    expect((await ask(url.replace(id, 'nonsense'))).statusCode).toBe(400)
  })

  it('is the call’s once that is found, and stays where the message is dismissed', async () => {
    const [linked, dismissed] = [await waiting(), await waiting()]
    const { id: call_id } = await post(newNumber())
    await decide(linked.id, { action: 'link', call_id })
    await decide(dismissed.id, { action: 'dismiss' })
    expect((await ask(linked.item.recordings[0].url)).statusCode).toBe(404)
    const [{ url }] = (await call(call_id)).recordings
    expect((await ask(url)).body).toBe(CONTENT)
    expect((await ask(dismissed.item.recordings[0].url)).body).toBe(CONTENT)
  })
})

describe('a message that waits', () => {
  it('goes to any call, with all that it tells', async () => {
    const { id, item, came, recording } = await waiting(newNumber(), {
      fields: { resumen_llamada: 'Pide cita', duration_seconds: 77 },
    })
    const { id: call_id } = await post(newNumber(), 999_999)
    const answer = { action: 'link', call_id, reason: 'Her voice' }
    const done = await decide(id, answer)
    expect(done.status).toBe(200)
    expect(done.body).toEqual({
      ...item,
      recordings: [],
      decision: { ...answer, contact_id: null, by: 'bootstrap', at: expect.stringMatching(/Z$/) },
    })
    expect(await call(call_id)).toMatchObject({
      extension: '102',
      resumen_llamada: 'Pide cita',
      duration_seconds: 77,
      recordings: [{ id: recording.id, status: 'available' }],
    })
    const [row] = await service.sql('select matched_by from recordings where id = $1', [recording.id])
    expect(row?.matched_by).toBe('person')
    expect(await openItem(id)).toBeUndefined()
    expect(await decide(id, answer)).toMatchObject({ status: 200, body: done.body })
    expect((await decide(id, { action: 'dismiss' })).status).toBe(409)
    // Handled again, it finds what was decided.
    expect(await receive(service, came)).toMatchObject({ callId: call_id, unusedAudio: [] })
  })

  it('gives a call the recording that was waited for, under its own name', async () => {
    const [pbxId, name] = [outId(), '1772442905.990']
    await door.notify(service, outEnd(pbxId, newNumber(), 'busy', { is_recorded: '1' }))
    const before = await door.callOf(service, pbxId)
    const { id, recording } = await waiting(newNumber(), { recordings: [audio(name, CONTENT)] })
    await decide(id, { action: 'link', call_id: before.id })
    const after = await door.callOf(service, pbxId)
    expect(after.recordings).toMatchObject([{ id: before.recordings[0].id, status: 'available' }])
    const rows = await service.sql(
      'select id, provider_recording_id, review_item_id from recordings where file_name = $1',
      [recording.fileName],
    )
    expect(rows).toEqual([{ id: before.recordings[0].id, provider_recording_id: name, review_item_id: null }])
    expect(await isThere(recording.fileName)).toBe(true)
  })

  it('with audio that the call has already leaves no file behind', async () => {
    const number = newNumber()
    const { callId } = await receive(service, mail(number, { recordings: [audio(null, CONTENT)] }))
    const { id, came, recording } = await waiting()
    expect(await isThere(recording.fileName)).toBe(true)
    expect((await decide(id, { action: 'link', call_id: callId })).status).toBe(200)
    expect((await call(callId ?? '')).recordings).toHaveLength(1)
    expect(await isThere(recording.fileName)).toBe(false)
    expect(await service.sql('select from recordings where id = $1', [recording.id])).toEqual([])
    // Handled again, its audio has been written again.
    expect(await receive(service, came)).toMatchObject({ became: 'review', unusedAudio: [recording.fileName] })
  })

  it.each([
    'the call of which it names another one’s recording',
    'the call whose recording it names, of which it names another one',
    'a call that nobody’s PBX told of',
  ])('goes to %s: what it names stays where it is', async (target) => {
    const [one, name] = [outId(), `${++names}.77`]
    await door.notify(service, outEnd(one, newNumber(), 'busy'))
    const mailed = await receive(service, mail(newNumber(), { recordings: [audio(name)] }))
    const { id, came } = await waiting(newNumber(), { pbxCallId: one, recordings: [audio(name, CONTENT)] })
    const { id: named } = await door.callOf(service, one)
    const { id: nobodys } = await post(newNumber())
    const callId = target.startsWith('a call') ? nobodys : target.includes('whose') ? mailed.callId : named
    expect(await decide(id, { action: 'link', call_id: callId })).toMatchObject({ status: 200 })
    const [holder] = await service.sql('select call_id from recordings where provider_recording_id = $1', [name])
    expect(holder?.call_id).toBe(mailed.callId)
    expect((await door.callOf(service, one)).id).toBe(named)
    expect((await call(callId ?? '')).recordings).toMatchObject([{ status: 'available' }])
    const before = await call(callId ?? '')
    // Of the call that has the name, it is a duplicate.
    if (callId !== mailed.callId) expect(await receive(service, came)).toMatchObject({ callId })
    expect(await call(callId ?? '')).toEqual(before)
  })

  it('makes the call that it tells of, which went out where nobody knows, and registers it', async () => {
    const number = newNumber()
    const { contactId, opportunityId } = await door.lead(service, number)
    const { id, came } = await waiting(number)
    const done = await decide(id, { action: 'create' })
    expect(done.body.decision).toMatchObject({ action: 'create', call_id: null, contact_id: null })
    const [attempt] = Object.values<{ call_id: string }>(await door.attemptsOf(service, opportunityId))
    expect(await call(attempt?.call_id ?? '')).toMatchObject({
      direction: 'outbound',
      entity_id: contactId,
      phone_number: number,
      link: { how: 'number' },
      recordings: [{ status: 'available' }],
      attempt: { outcome: 'registered', number: 1 },
    })
    expect(await decide(id, { action: 'create' })).toMatchObject({ status: 200, body: done.body })
    expect(await receive(service, came)).toMatchObject({ callId: attempt?.call_id })
    // The PBX tells of it only now.
    const pbxId = outId()
    await door.notify(service, outEnd(pbxId, number, 'busy'))
    expect((await door.callOf(service, pbxId)).id).toBe(attempt?.call_id)
  })

  it('makes a call of its own beside those that the person saw, whatever is told of them again', async () => {
    const number = newNumber()
    const ends = ['00', '30'].map((seconds) =>
      outEnd(outId(), number, 'busy', { call_start: `2026-03-02 10:15:${seconds}` }),
    )
    for (const end of ends) await door.notify(service, end)
    const came = mail(number)
    expect((await receive(service, came)).became).toBe('review')
    await decide(came.messageId, { action: 'create' })
    await sweepMailCalls({ ...service, folder, days: 36_500, log: { warn: (_, message) => expect.fail(message) } })
    for (const end of ends) await door.notify(service, end)
    const calls = await service.sql('select id from calls where phone_number = $1 and deleted_at is null', [number])
    expect(calls).toHaveLength(3)
    // Its own END comes only now.
    const pbxId = outId()
    await door.notify(service, outEnd(pbxId, number, 'busy', { call_start: '2026-03-02 10:15:15' }))
    expect((await door.callOf(service, pbxId)).id).toBe(came.messageId)
  })

  it('makes a call with the contact whom the person names, by a word that no machine overrules', async () => {
    const { contactId, opportunityId } = await door.lead(service, newNumber())
    const { id, number } = await waiting()
    const other = await door.lead(service, number)
    await decide(id, { action: 'create', contact_id: contactId })
    const [attempt] = Object.values<{ call_id: string }>(await door.attemptsOf(service, opportunityId))
    expect(await call(attempt?.call_id ?? '')).toMatchObject({ entity_id: contactId, link: null })
    await door.notify(service, outEnd(outId(), number, 'busy'))
    expect(await call(attempt?.call_id ?? '')).toMatchObject({ entity_id: contactId, call_status: 'busy' })
    expect(await door.attemptsOf(service, other.opportunityId)).toEqual({})
  })

  it('that is dismissed changes nothing, not even when it is handled again', async () => {
    const { id, number, came } = await waiting()
    await decide(id, { action: 'dismiss' })
    await post(number, 5)
    expect(await receive(service, came)).toMatchObject({ became: 'review', unusedAudio: [] })
    const rows = await service.sql(
      'select (select count(*) from recordings where call_id = calls.id) from calls where phone_number = $1',
      [number],
    )
    expect(rows).toEqual([{ count: 0 }])
  })

  it('refuses what cannot be decided, and changes nothing', async () => {
    const { id, item } = await waiting()
    const { id: call_id } = await post(newNumber())
    const contact_id = randomUUID()
    const cases: [object, RegExp][] = [
      [{ action: 'link' }, /call_id.*Name the call/],
      [{ action: 'link', call_id: randomUUID() }, /call_id.*no call/],
      [{ action: 'link', call_id, contact_id }, /contact_id.*leave it out/],
      [{ action: 'create', call_id }, /call_id.*leave it out/],
      [{ action: 'create', contact_id }, /contact_id.*no contact/],
      [{ action: 'dismiss', call_id }, /call_id.*leave it out/],
      [{ action: 'dismiss', contact_id }, /contact_id.*leave it out/],
    ]
    for (const [answer, words] of cases) {
      const refused = await decide(id, answer)
      expect([answer, refused.status]).toEqual([answer, 422])
      expect(JSON.stringify(refused.body)).toMatch(words)
    }
    expect(await openItem(id)).toEqual(item)
  })

  it('makes no call that is there already, or was deleted', async () => {
    const pbxId = outId()
    const { id, number } = await waiting(newNumber(), { pbxCallId: pbxId })
    await door.notify(service, outEnd(pbxId, number, 'busy'))
    const { id: callId } = await door.callOf(service, pbxId)
    const there = await decide(id, { action: 'create' })
    expect([there.status, there.body.detail]).toEqual([409, expect.stringContaining(callId)])
    await service.request('DELETE', `/api/crm/calls/${callId}`)
    const gone = await decide(id, { action: 'create' })
    expect([gone.status, gone.body.detail]).toEqual([409, expect.stringContaining('was deleted')])
    expect((await decide(id, { action: 'dismiss' })).status).toBe(200)
  })

  it('is decided by one of several at the same moment; the others learn what', async () => {
    const another = await createTestService({ ...database, recordingsDir: folder })
    for (let round = 0; round < 3; round++) {
      const { id, number } = await waiting()
      const [one, two] = [await post(number, 9_000), await post(number, -9_000)]
      const answers = [
        { action: 'link', call_id: one.id },
        { action: 'link', call_id: two.id },
        { action: 'create' },
        { action: 'link', call_id: one.id },
      ]
      const results = await Promise.all(
        answers.map((answer, place) => decide(id, answer, place % 2 === 0 ? service : another)),
      )
      const [row] = await service.sql('select decision from review_items where id = $1', [id])
      const { action, call_id } = row?.decision ?? {}
      const isDecided = (answer: { action: string; call_id?: string }) =>
        answer.action === action && (answer.call_id ?? null) === call_id
      expect(results.map(({ status }) => status)).toEqual(answers.map((answer) => (isDecided(answer) ? 200 : 409)))
      const calls = await service.sql(
        `select calls.id, (select count(*) from recordings where call_id = calls.id) as count from calls
         where phone_number = $1`,
        [number],
      )
      expect(calls).toHaveLength(action === 'create' ? 3 : 2)
      expect(calls.filter(({ count }) => count === 1)).toHaveLength(1)
    }
    await another.close()
  })
})

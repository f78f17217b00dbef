import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runOn } from '../src/attempts/read.ts'
import type { MailedAudio, MailOfCall } from '../src/calls/mail.ts'
import { findCallOfMail } from '../src/calls/recording-email.ts'
import { sweepWaiting } from '../src/contacts/relink.ts'
import { keepMessage } from '../src/inbox/store.ts'
import { audio, MAIL_START, mail, messageOf, receive, SETTINGS } from './mails-door.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import * as door from './zadarma-door.ts'
import { newNumber, outEnd, outId, outStart } from './zadarma-door.ts'

/* The user's processZadarmaRecordingEmail: whose call a recording e-mail is, and what it changes. */

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

const notify = (fields: door.Fields) => door.notify(service, fields)
const lead = (number: string) => door.lead(service, number)
const callOf = (pbxCallId: string) => door.callOf(service, pbxCallId)
const call = async (id: string | null) => (await service.request('GET', `/api/crm/calls/${id}`)).body
const attemptsOf = (opportunityId: string) => door.attemptsOf(service, opportunityId)

let names = 0
const newName = (): string => `${1_772_442_905 + ++names}.50`

/** A call that a person wrote down: of nobody's PBX. */
async function post(number: string, seconds: number, fields: object = {}): Promise<string> {
  const started_at = new Date(MAIL_START + seconds * 1_000).toISOString()
  const { body } = await service.request('POST', '/api/crm/calls', {
    direction: 'outbound',
    phone_number: number,
    extension: '101',
    started_at,
    ...fields,
  })
  return body.id
}

/** How each recording of a call was matched, as it is kept. */
async function matchedBy(callId: string): Promise<(string | null)[]> {
  const rows = await service.sql('select matched_by from recordings where call_id = $1 order by id', [callId])
  return rows.map((row) => row.matched_by)
}

async function itemOf({ messageId }: MailOfCall) {
  const { body } = await service.request('GET', '/api/crm/review?kind=unmatched_mail&limit=200')
  return body.data.find(({ id }: { id: string }) => id === messageId)
}

const withoutExtension = { fields: { extension: null } }

describe('an e-mail finds its call', () => {
  it('by the PBX’s id, whatever else it tells', async () => {
    const [number, id] = [newNumber(), outId()]
    await notify(outEnd(id, number, 'busy'))
    const found = await receive(service, mail(newNumber(), { pbxCallId: id, fields: { started_at: 0 } }))
    const { id: callId } = await callOf(id)
    expect(found).toEqual({
      result: 'call',
      reason: null,
      callId,
      became: 'attached',
      how: 'pbx_call_id',
      unusedAudio: [],
    })
    expect(await matchedBy(callId)).toEqual(['pbx_call_id'])
  })

  it('by the id of its recording', async () => {
    const [number, id, name] = [newNumber(), outId(), newName()]
    await notify({ event: 'NOTIFY_RECORD', pbx_call_id: id, call_id_with_rec: name })
    const { id: callId } = await callOf(id)
    const found = await receive(service, mail(number, { recordings: [audio(name)] }))
    expect(found).toMatchObject({ became: 'attached', how: 'recording_id', callId })
    expect(await callOf(id)).toMatchObject({ phone_number: number, recordings: [{ status: 'available' }] })
    expect(await matchedBy(callId)).toEqual(['recording_id'])
  })

  it.each([-60, 0, 60])('by number, extension and start, %d s away', async (seconds) => {
    const number = newNumber()
    const id = await post(number, seconds)
    await post(number, 30, { extension: '102' })
    await post(number, 120)
    expect(await receive(service, mail(number))).toMatchObject({ how: 'number_extension_start', callId: id })
    expect(await matchedBy(id)).toEqual(['number_extension_start'])
  })

  it('the nearest of several', async () => {
    const number = newNumber()
    await post(number, 50)
    const id = await post(number, -20)
    await post(number, 21)
    expect(await receive(service, mail(number))).toMatchObject({ how: 'number_extension_start', callId: id })
  })

  it.each([
    ['no extension', -599, withoutExtension],
    ['no extension', 30, withoutExtension],
    ['another extension', 600, {}],
  ])('by number and start alone: %s, %d s away', async (_, seconds, given) => {
    const number = newNumber()
    const id = await post(number, seconds, { extension: '102' })
    expect(await receive(service, mail(number, given))).toMatchObject({ how: 'number_start', callId: id })
    expect(await matchedBy(id)).toEqual(['number_start'])
  })

  it('by number and start only while the call has no recording, though that is nearer', async () => {
    const number = newNumber()
    const [near, far] = [await post(number, 30), await post(number, -300)]
    expect(await receive(service, mail(number, withoutExtension))).toMatchObject({ callId: near })
    expect(await receive(service, mail(number, withoutExtension))).toMatchObject({ how: 'number_start', callId: far })
    // Both have theirs by now.
    expect(await receive(service, mail(number, withoutExtension))).toMatchObject({ became: 'new_call' })
  })

  it('by number and start within MAIL_MATCH_MINUTES, and no further', async () => {
    const number = newNumber()
    const id = await post(number, 601)
    const inTime = { matchMinutes: 11 }
    expect(await receive(service, mail(number, { ...withoutExtension, recordings: [] }))).toMatchObject({
      became: 'set_aside',
      reason: 'no_recording',
    })
    expect(await receive(service, mail(number, withoutExtension), inTime)).toMatchObject({ callId: id })
  })

  it('never by number and start where the direction or a recording’s id is another', async () => {
    const [number, id, name] = [newNumber(), outId(), newName()]
    await post(number, 0, { direction: 'inbound' })
    await notify(outEnd(id, number, 'busy', { is_recorded: '1', call_id_with_rec: name }))
    const found = await receive(service, mail(number, { recordings: [audio(newName())] }))
    expect(found.became).toBe('new_call')
    expect(await callOf(id)).toMatchObject({ recordings: [{ status: 'expected' }] })
  })

  it('never by number and start where the PBX’s id is another', async () => {
    const [number, id, other] = [newNumber(), outId(), outId()]
    await notify(outEnd(id, number, 'busy'))
    const found = await receive(service, mail(number, { pbxCallId: other }))
    expect(found.became).toBe('new_call')
    expect(await call(found.callId)).toMatchObject({ provider: 'zadarma', provider_call_id: other })
  })
})

describe('an e-mail of which a person has to decide', () => {
  it.each([
    ['with the extension', {}, 30],
    ['without the extension', withoutExtension, 300],
  ])('because two calls are equally near, %s', async (_, given, seconds) => {
    const number = newNumber()
    const ids = [await post(number, -seconds), await post(number, seconds)]
    const came = mail(number, given)
    expect(await receive(service, came)).toEqual({
      result: 'kept',
      reason: 'review',
      callId: null,
      became: 'review',
      how: null,
      unusedAudio: [],
    })
    const item = await itemOf(came)
    expect(item).toMatchObject({
      kind: 'unmatched_mail',
      call_id: null,
      reason: `2 calls began equally near to it, ${seconds} s away.`,
      candidates: expect.arrayContaining(
        ids.map((call_id) => expect.objectContaining({ call_id, phone_number: number, distance_seconds: seconds })),
      ),
    })
    for (const id of ids) expect((await call(id)).recordings).toEqual([])
  })

  it.each([
    ['the number', mail(null)],
    ['the direction', mail(newNumber(), { direction: null })],
    ['the number, the direction', mail(null, { direction: null })],
  ])('because it does not tell %s', async (what, came) => {
    expect(await receive(service, came)).toMatchObject({ became: 'review' })
    expect((await itemOf(came)).reason).toContain(`does not tell ${what}.`)
  })

  it('because its names belong to different calls', async () => {
    const [one, two, name] = [outId(), outId(), newName()]
    await notify(outEnd(one, newNumber(), 'busy'))
    await notify(outEnd(two, newNumber(), 'busy', { is_recorded: '1', call_id_with_rec: name }))
    const came = mail(newNumber(), { pbxCallId: one, recordings: [audio(name)] })
    expect(await receive(service, came)).toMatchObject({ became: 'review' })
    expect((await itemOf(came)).candidates.map(({ call_id }: { call_id: string }) => call_id)).toEqual([
      (await callOf(one)).id,
      (await callOf(two)).id,
    ])
    expect(await callOf(two)).toMatchObject({ recordings: [{ status: 'expected' }] })
  })

  it('because the PBX gave the audio of the only call near, and nothing tells whether it is the same', async () => {
    const [number, id, name] = [newNumber(), outId(), newName()]
    await notify(outEnd(id, number, 'busy', { is_recorded: '1', call_id_with_rec: name }))
    const fetched = audio(null, 'as the PBX gave it')
    await service.sql(
      `update recordings set status = 'available', due_at = null, file_name = $2, content_type = 'audio/mpeg',
       size_bytes = 1, sha256 = decode($3, 'hex') where provider_recording_id = $1`,
      [name, fetched.fileName, fetched.sha256],
    )
    expect(await receive(service, mail(number, withoutExtension))).toMatchObject({ became: 'review' })
    // The same bytes are the same audio.
    const same = audio(null, 'as the PBX gave it')
    expect(await receive(service, mail(number, { ...withoutExtension, recordings: [same] }))).toMatchObject({
      became: 'duplicate',
      callId: (await callOf(id)).id,
      unusedAudio: [same.fileName],
    })
  })

  it('is asked once, however often the message is handled', async () => {
    const came = mail(null)
    await receive(service, came)
    const item = await itemOf(came)
    expect(await receive(service, came)).toMatchObject({ became: 'review', unusedAudio: [] })
    expect(await itemOf(came)).toEqual(item)
    await Promise.all([1, 2, 3].map(() => receive(service, came)))
    expect(await itemOf(came)).toEqual(item)
  })

  it('is asked with what is understood by now, and its audio stays', async () => {
    const came = mail(null)
    await receive(service, came)
    const before = await itemOf(came)
    const told = { duration_seconds: { value: 95, from: 'text: "Long."' } }
    await receive(service, { ...came, told })
    const after = await itemOf(came)
    expect(after).toEqual({ ...before, mail: { ...before.mail, told } })
    expect(after.recordings).toHaveLength(1)
  })

  it('is asked no more once its call is there', async () => {
    const [number, id] = [newNumber(), outId()]
    const came = mail(number, { direction: null, pbxCallId: id })
    await receive(service, came)
    await notify(outEnd(id, number, 'busy'))
    expect(await receive(service, came)).toMatchObject({ became: 'attached', how: 'pbx_call_id' })
    expect(await itemOf(came)).toBeUndefined()
    const [row] = await service.sql('select decision from review_items where id = $1', [came.messageId])
    const { id: callId } = await callOf(id)
    expect(row?.decision).toMatchObject({ action: 'link', call_id: callId, by: 'first-call' })
    expect(await callOf(id)).toMatchObject({ recordings: [{ id: came.recordings[0]?.id, status: 'available' }] })
    expect(await receive(service, came)).toMatchObject({ became: 'attached', callId })
  })
})

describe('an e-mail whose recording could not be kept', () => {
  const leftOut = { recordings: [], hasLeftOut: true, doubts: ['The attachment "x.m4a" is left out.'] }

  it.each([MAIL_START, null])('makes its call all the same, once (start: %s)', async (started_at) => {
    const came = mail(newNumber(), { ...leftOut, fields: { started_at } })
    const first = await receive(service, came)
    expect(first).toMatchObject({ became: 'new_call' })
    expect(await receive(service, came)).toMatchObject({ callId: first.callId })
    expect(await service.sql('select from calls where phone_number = $1', [came.fields.phone_number])).toHaveLength(1)
    await service.request('DELETE', `/api/crm/calls/${first.callId}`)
    expect(await receive(service, came)).toMatchObject({ became: 'set_aside', reason: 'deleted' })
  })

  it('waits for a person where too little is known of its call', async () => {
    const came = mail(null, leftOut)
    expect(await receive(service, came)).toMatchObject({ became: 'review' })
    expect((await itemOf(came)).mail.doubts).toEqual(leftOut.doubts)
  })
})

describe('the audio of an e-mail', () => {
  it('is the recording that the PBX announced, which keeps its id', async () => {
    const [number, id] = [newNumber(), outId()]
    await notify(outEnd(id, number, 'busy', { is_recorded: '1' }))
    const [before] = (await callOf(id)).recordings
    const [name, came] = [newName(), mail(number)]
    await receive(service, { ...came, recordings: [audio(name)] })
    expect((await callOf(id)).recordings).toMatchObject([{ id: before.id, status: 'available' }])
    const [row] = await service.sql('select provider_recording_id, due_at from recordings where id = $1', [before.id])
    expect(row).toEqual({ provider_recording_id: name, due_at: null })
  })

  it('is the recording that was given up', async () => {
    const [number, id, name] = [newNumber(), outId(), newName()]
    await notify(outEnd(id, number, 'busy', { is_recorded: '1', call_id_with_rec: name }))
    await service.sql(`update recordings set status = 'missing', due_at = null where provider_recording_id = $1`, [
      name,
    ])
    await receive(service, mail(number, { recordings: [audio(name)] }))
    expect(await callOf(id)).toMatchObject({ recordings: [{ status: 'available', content_type: 'audio/mpeg' }] })
  })

  it('that came before is a duplicate, whose file nothing needs', async () => {
    const [number, name] = [newNumber(), newName()]
    const first = await receive(service, mail(number, { recordings: [audio(name)] }))
    const before = await call(first.callId)
    const [byName, byContent] = [audio(name), audio(null, 'the same')]
    const again = await receive(service, mail(number, { recordings: [byName] }))
    expect(again).toMatchObject({ became: 'duplicate', callId: first.callId, unusedAudio: [byName.fileName] })
    expect(await call(first.callId)).toEqual(before)

    await receive(service, mail(number, { recordings: [audio(null, 'the same')] }))
    const third = await receive(service, mail(number, { recordings: [byContent, audio()] }))
    expect(third).toMatchObject({ became: 'attached', unusedAudio: [byContent.fileName] })
    expect((await call(first.callId)).recordings).toHaveLength(3)
  })

  it('is there once, however often and wherever its message is handled', async () => {
    const came = mail(newNumber(), { recordings: [audio(), audio()] })
    const another = await createTestService(database)
    const results = await Promise.all(
      Array.from({ length: 6 }, (_, place) => receive(place % 2 === 0 ? service : another, came)),
    )
    expect(new Set(results.map(({ callId }) => callId)).size).toBe(1)
    expect(results.filter(({ became }) => became === 'new_call')).toHaveLength(1)
    expect(new Set(results.flatMap(({ unusedAudio }) => unusedAudio))).toEqual(new Set())
    const rows = await service.sql('select from recordings where file_name = any($1)', [
      came.recordings.map(({ fileName }: MailedAudio) => fileName),
    ])
    expect(rows).toHaveLength(2)
    await another.close()
  })

  it('that the PBX gave at the same moment stays, and its own file is not needed', async () => {
    const [number, id, name] = [newNumber(), outId(), newName()]
    await notify(outEnd(id, number, 'busy', { is_recorded: '1', call_id_with_rec: name }))
    let isDue = true
    const late = await createTestService({
      ...database,
      wrapRun: (run) => async (statement, text, values) => {
        if (isDue && statement.startsWith('write_')) {
          isDue = false
          await service.sql(
            `update recordings set status = 'available', due_at = null, file_name = 'fetched.mp3',
             content_type = 'audio/mpeg', size_bytes = 1, sha256 = '\\x01' where provider_recording_id = $1`,
            [name],
          )
        }
        return run(statement, text, values)
      },
    })
    const came = mail(number, { recordings: [audio(name)] })
    const unusedAudio = came.recordings.map(({ fileName }) => fileName)
    expect(await receive(late, came)).toMatchObject({ became: 'duplicate', unusedAudio })
    const [row] = await service.sql('select file_name from recordings where provider_recording_id = $1', [name])
    expect(row?.file_name).toBe('fetched.mp3')
    await late.close()
  })
})

describe('what an e-mail tells', () => {
  it('fills what a call lacks, and replaces no word of anybody (B10, B11)', async () => {
    const [number, id] = [newNumber(), outId()]
    await notify(outStart(id, number, { internal: '102' }))
    const summary = { duration_seconds: 41, resumen_llamada: 'Pide cita' }
    await receive(service, mail(number, { pbxCallId: id, fields: { extension: '103', started_at: 0, ...summary } }))
    expect(await callOf(id)).toMatchObject({ extension: '102', started_at: '2026-03-02T09:15:00Z', ...summary })
    await notify(outEnd(id, number, 'answered'))
    expect(await callOf(id)).toMatchObject({ extension: '101', duration_seconds: 42, resumen_llamada: 'Pide cita' })
  })

  it('never replaces a person’s summary, and is its attempt’s notes where there is none', async () => {
    const number = newNumber()
    const { opportunityId } = await lead(number)
    const tells = (resumen_llamada: string) => mail(number, { recordings: [], fields: { resumen_llamada } })
    const first = await receive(service, mail(number))
    await receive(service, tells('Por correo'))
    expect(await attemptsOf(opportunityId)).toMatchObject({ 1: { notes: 'Por correo' } })
    await service.request('PATCH', `/api/crm/calls/${first.callId}`, { resumen_llamada: 'De una persona' })
    await receive(service, tells('Otra vez por correo'))
    expect(await call(first.callId)).toMatchObject({ resumen_llamada: 'De una persona' })
    expect(await attemptsOf(opportunityId)).toMatchObject({ 1: { notes: 'De una persona' } })
  })

  it('of a call that was deleted changes nothing, and nothing needs its audio (B5)', async () => {
    const [number, id, name] = [newNumber(), outId(), newName()]
    await notify(outEnd(id, number, 'busy', { is_recorded: '1', call_id_with_rec: name }))
    await service.request('DELETE', `/api/crm/calls/${(await callOf(id)).id}`)
    for (const given of [{ pbxCallId: id }, { recordings: [audio(name)] }]) {
      const came = mail(number, given)
      expect(await receive(service, came)).toMatchObject({
        became: 'set_aside',
        reason: 'deleted',
        callId: null,
        unusedAudio: came.recordings.map(({ fileName }) => fileName),
      })
    }
    expect(await service.sql('select from calls where phone_number = $1', [number])).toEqual([])
  })

  it('of its own call that was deleted does not bring it back when it is handled again (B5)', async () => {
    const came = mail(newNumber())
    const { callId } = await receive(service, came)
    await service.request('DELETE', `/api/crm/calls/${callId}`)
    expect(await receive(service, came)).toMatchObject({ became: 'set_aside', reason: 'deleted', unusedAudio: [] })
  })

  it('changes nothing when it is handled again', async () => {
    const number = newNumber()
    const { opportunityId } = await lead(number)
    const came = mail(number, { fields: { resumen_llamada: 'Pide cita' } })
    const { callId } = await receive(service, came)
    const before = [await call(callId), await attemptsOf(opportunityId)]
    expect(await receive(service, came)).toMatchObject({ became: 'attached', callId, unusedAudio: [] })
    expect([await call(callId), await attemptsOf(opportunityId)]).toEqual(before)
  })

  it('settles its message by the same statement', async () => {
    const came = mail(newNumber())
    await keepMessage(service.database, messageOf(came.messageId), null)
    const { callId } = await receive(service, came)
    const [row] = await service.sql('select result, reason, call_id, due_at from inbox where id = $1', [came.messageId])
    expect(row).toEqual({ result: 'call', reason: null, call_id: callId, due_at: null })
    const waits = mail(null)
    await receive(service, waits)
    const [kept] = await service.sql('select result, reason, call_id from inbox where id = $1', [waits.messageId])
    expect(kept).toEqual({ result: 'kept', reason: 'review', call_id: null })
  })

  it('can be asked before, and changes nothing then', async () => {
    const run = runOn(service.database.calls, false)
    const number = newNumber()
    const id = await post(number, 12)
    const count = async () => (await service.sql('select count(*) from calls'))[0]?.count
    const before = await count()
    expect(await findCallOfMail(run, mail(number), SETTINGS)).toEqual({
      became: 'attached',
      how: 'number_extension_start',
      callId: id,
      candidates: [],
      sentence: 'A call with the same number and extension began 12 s away.',
    })
    expect(await findCallOfMail(run, mail(newNumber()), SETTINGS)).toMatchObject({ became: 'new_call', callId: null })
    expect(await findCallOfMail(run, mail(null), SETTINGS)).toMatchObject({ became: 'review' })
    expect(await findCallOfMail(run, mail(null, { recordings: [] }), SETTINGS)).toMatchObject({ became: 'set_aside' })
    expect(await count()).toBe(before)
  })
})

describe('the user’s seven cases by e-mail', () => {
  const minutes = (count: number) => ({ fields: { started_at: MAIL_START + count * 3_600_000 } })

  it('1 and 7: new calls register, numbered in the order of their times', async () => {
    const number = newNumber()
    const { contactId, opportunityId } = await lead(number)
    const ids: (string | null)[] = []
    for (const hours of [3, 1, 2]) {
      const { became, callId } = await receive(service, mail(number, minutes(hours)))
      expect(became).toBe('new_call')
      ids[hours] = callId
    }
    expect(await call(ids[1] ?? '')).toMatchObject({
      direction: 'outbound',
      entity_type: 'contacts',
      entity_id: contactId,
      phone_number: number,
      provider: null,
      link: { how: 'number', candidates: [contactId] },
      recordings: [{ status: 'available', url: expect.stringContaining('/recordings/') }],
      attempt: { outcome: 'registered', number: 1, status: 'orange' },
    })
    const attempts = Object.values<{ call_id: string }>(await attemptsOf(opportunityId))
    expect(attempts.map(({ call_id }) => call_id)).toEqual(ids.slice(1))
  })

  it('2 and 6: an updated call updates its attempt, and green completes', async () => {
    const number = newNumber()
    const { opportunityId } = await lead(number)
    const { callId } = await receive(service, mail(number))
    await service.request('PATCH', `/api/crm/calls/${callId}`, { call_status: 'answered' })
    await receive(service, mail(number, { recordings: [], fields: { resumen_llamada: 'Pide cita' } }))
    expect(await attemptsOf(opportunityId)).toMatchObject({
      1: { status: 'green', notes: 'Pide cita', call_id: callId },
    })
    const { body } = await service.request('GET', `/api/crm/opportunities/${opportunityId}`)
    expect(body).toMatchObject({ first_call_completed: true, first_call_successful_attempt: 1 })
  })

  it('3: an inbound call registers nothing', async () => {
    const number = newNumber()
    const { opportunityId } = await lead(number)
    const { callId } = await receive(service, mail(number, { direction: 'inbound' }))
    expect(await call(callId)).toMatchObject({ direction: 'inbound', attempt: { outcome: 'not_outbound' } })
    expect(await attemptsOf(opportunityId)).toEqual({})
  })

  it('4: a sixth call registers nothing', async () => {
    const number = newNumber()
    const { opportunityId } = await lead(number)
    for (let hours = 1; hours <= 5; hours++) await receive(service, mail(number, minutes(hours)))
    const { callId } = await receive(service, mail(number, minutes(6)))
    expect(await call(callId)).toMatchObject({ attempt: { outcome: 'limit_reached', number: null } })
    expect(Object.keys(await attemptsOf(opportunityId))).toHaveLength(5)
  })

  it('5: a completed opportunity takes no more', async () => {
    const number = newNumber()
    const { contactId, opportunityId } = await lead(number)
    const green = { direction: 'outbound', entity_type: 'contacts', entity_id: contactId, call_status: 'completed' }
    await service.request('POST', '/api/crm/calls', green)
    const { callId } = await receive(service, mail(number))
    expect(await call(callId)).toMatchObject({ attempt: { outcome: 'first_call_completed' } })
    expect(Object.keys(await attemptsOf(opportunityId))).toHaveLength(1)
  })
})

it('A9: where registering fails the call of an e-mail is saved, and is registered later', async () => {
  const number = newNumber()
  const { opportunityId } = await lead(number)
  const broken = await createTestService({
    ...database,
    wrapRun: (run) => async (name, text, values) => {
      if (name.startsWith('read_all')) throw Object.assign(new Error('the function failed'), { code: 'P0001' })
      return run(name, text, values)
    },
  })
  const came = mail(number)
  const found = await receive(broken, came)
  expect(found).toMatchObject({ became: 'new_call', result: 'call' })
  expect(await call(found.callId)).toMatchObject({ phone_number: number, recordings: [{ status: 'available' }] })
  expect(await attemptsOf(opportunityId)).toEqual({})
  await sweepWaiting(service.relink)
  expect(await call(found.callId)).toMatchObject({ attempt: { outcome: 'registered', number: 1 } })

  expect(await receive(service, came)).toMatchObject({ callId: found.callId, unusedAudio: [] })
  expect(Object.keys(await attemptsOf(opportunityId))).toEqual(['1'])
  await broken.close()
})

it('an e-mail finds its own work where the answer of the database was lost', async () => {
  let isLost = false
  const unlucky = await createTestService({
    ...database,
    wrapRun: (run) => async (name, text, values) => {
      const rows = await run<never>(name, text, values)
      if (isLost || !name.startsWith('write_')) return rows
      isLost = true
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    },
  })
  const number = newNumber()
  expect(await receive(unlucky, mail(number))).toMatchObject({ became: 'new_call', unusedAudio: [] })
  expect(isLost).toBe(true)
  expect(await service.sql('select from calls where phone_number = $1', [number])).toHaveLength(1)
  await unlucky.close()
})

it('an e-mail with a contact that is not known yet is linked once it is', async () => {
  const [number, contactId] = [newNumber(), randomUUID()]
  await service.request('POST', '/api/crm/opportunities', { contact_id: contactId })
  const { callId } = await receive(service, mail(number))
  expect(await call(callId)).toMatchObject({ entity_id: null, attempt: { outcome: 'not_a_contact' } })
  await service.request('POST', '/api/crm/contacts', { id: contactId, name: 'Ana', phones: [number] })
  expect(await call(callId)).toMatchObject({ entity_id: contactId, attempt: { outcome: 'registered', number: 1 } })
})

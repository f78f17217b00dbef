import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildMail } from './mail-builder.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'
import { audioOf } from './zadarma/audio.ts'
import { attemptsOf, lead, newNumber, notify, outEnd, outId } from './zadarma-door.ts'

/* A recording e-mail on its whole way: from its bytes to the attempt of its lead, and to whoever listens. */

let database: TestDatabase
let service: TestService
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-whole-'))
  database = await createTestDatabase()
  service = await createTestService({
    ...database,
    recordingsDir: path.join(folder, 'recordings'),
    mailsDir: path.join(folder, 'mails'),
  })
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

const authorization = `Bearer ${KEY}`

async function push(payload: Buffer) {
  const headers = { authorization, 'content-type': 'message/rfc822' }
  const answer = await service.app.inject({ method: 'POST', url: '/api/recordings/email', headers, payload })
  expect(answer.statusCode).toBe(202)
  return answer.json<{ id: string; result: string; call_id: string | null }>()
}

/** Its number is told by its text, and the rest by the name of its file. */
function mailOf(number: string, recordingId: string, audio: Buffer): Buffer {
  return buildMail({
    subject: 'Grabación de una llamada saliente',
    text: `Se ha grabado una llamada saliente.\nNúmero: ${number}\nExtensión: 101\nFecha: 02/03/2026 10:15:00\nDuración: 42 s\n`,
    audio: [{ name: `12345-${recordingId}-101-2026-03-02-101500.mp3`, bytes: audio }],
  })
}

const listen = async (url: string): Promise<Buffer> =>
  (await service.app.inject({ url, headers: { authorization } })).rawPayload

const files = async (): Promise<string[]> =>
  (await readdir(path.join(folder, 'recordings'), { recursive: true })).filter((name) => name.endsWith('.mp3'))

describe('a recording e-mail', () => {
  it('makes the call that nothing had told of, which is an attempt, and can be listened to', async () => {
    const number = newNumber()
    const { opportunityId } = await lead(service, number)
    const audio = audioOf('1772442900.1', 'mp3')
    const { result, call_id: callId } = await push(mailOf(number, '1772442900.1', audio))
    expect(result).toBe('new_call')
    const { body: call } = await service.request('GET', `/api/crm/calls/${callId}`)
    expect(call).toMatchObject({
      direction: 'outbound',
      phone_number: number,
      extension: '101',
      started_at: '2026-03-02T09:15:00Z',
      duration_seconds: 42,
      recordings: [{ status: 'available', content_type: 'audio/mpeg', size_bytes: audio.length }],
    })
    expect(await attemptsOf(service, opportunityId)).toMatchObject({ 1: { call_id: callId, status: 'orange' } })
    expect(await listen(call.recordings[0].url)).toEqual(audio)
  })

  it('gives its audio to the call that the PBX told of', async () => {
    const [number, pbxCallId] = [newNumber(), outId()]
    await lead(service, number)
    await notify(service, outEnd(pbxCallId, number, 'answered'))
    const audio = audioOf('1772442900.2', 'mp3')
    const { result, call_id: callId } = await push(mailOf(number, '1772442900.2', audio))
    expect(result).toBe('attached')
    const { body: call } = await service.request('GET', `/api/crm/calls/${callId}`)
    expect(call).toMatchObject({ provider_call_id: pbxCallId, recordings: [{ status: 'available' }] })
    expect(await listen(call.recordings[0].url)).toEqual(audio)
  })

  it('that brings the same audio in another message leaves one file', async () => {
    const number = newNumber()
    const audio = audioOf('1772442900.3', 'mp3')
    const first = await push(mailOf(number, '1772442900.3', audio))
    const kept = await files()
    expect(await push(mailOf(number, '1772442900.3', audio))).toMatchObject({
      result: 'duplicate',
      call_id: first.call_id,
    })
    expect(await files()).toEqual(kept)
  })

  it('that tells too little waits for a person, who can listen to it', async () => {
    const audio = audioOf('1772442900.4', 'mp3')
    const { id, result } = await push(buildMail({ text: 'x', audio: [{ name: 'grabacion.mp3', bytes: audio }] }))
    expect(result).toBe('review')
    const { body } = await service.request('GET', '/api/crm/review?kind=unmatched_mail')
    const item = body.data.find((one: { id: string }) => one.id === id)
    expect(await listen(item.recordings[0].url)).toEqual(audio)
  })
})

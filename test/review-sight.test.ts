import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeKey, type TestKey } from './keys.ts'
import { audio, type GivenMail, mail, receive, writeAudio } from './mails-door.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { newNumber, notify, outEnd, outId } from './zadarma-door.ts'

/* S1: an e-mail that waits on the review list names people by their numbers, and an agent neither hears nor links others'. */

let database: TestDatabase
let service: TestService
let folder: string
let ana: TestKey
let luis: TestKey

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'first-call-'))
  database = await createTestDatabase()
  service = await createTestService({ ...database, recordingsDir: folder })
  ana = await makeKey(service, { role: 'agent', user_id: 'ana' })
  luis = await makeKey(service, { role: 'agent', user_id: 'luis' })
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

async function lead(assigned_to: string, number: string) {
  const contact = (await service.request('POST', '/api/crm/contacts', { name: assigned_to, phones: [number] })).body
  await service.request('POST', '/api/crm/opportunities', { contact_id: contact.id, assigned_to })
  return contact.id as string
}

/** An e-mail that waits, with audio. */
async function waiting(number: string | null, given: GivenMail = {}) {
  const [recording = audio(null, 'heard')] = given.recordings ?? []
  const came = mail(number, { direction: null, doubts: ['Two dates were found.'], ...given, recordings: [recording] })
  await writeAudio(folder, recording, 'heard')
  expect((await receive(service, came)).became).toBe('review')
  const address = `/api/crm/review/${came.messageId}`
  return { id: came.messageId, address, recording: `${address}/recordings/${recording.id}` }
}

const as = ({ headers }: TestKey) => ({
  lists: async (id: string): Promise<boolean> => {
    const { body } = await service.request('GET', '/api/crm/review?limit=200', undefined, headers)
    return body.data.some((item: { id: string }) => item.id === id)
  },
  hears: async (url: string) => (await service.app.inject({ method: 'GET', url, headers })).statusCode,
  decides: (url: string, answer: object) => service.request('POST', url, answer, headers),
})

const snapshot = () =>
  service.sql(`select (select json_agg(c order by id) from calls c) calls,
    (select json_agg(o order by id) from lead_opportunities o) leads, (select json_agg(i order by id) from review_items i) items`)

it('an e-mail with the number of a colleague’s lead is not on an agent’s list, is not heard, and makes no call', async () => {
  const number = newNumber()
  const contact = await lead('luis', number)
  const item = await waiting(number)
  const before = await snapshot()
  expect(await as(ana).lists(item.id)).toBe(false)
  expect(await as(ana).hears(item.recording)).toBe(404)
  for (const answer of [{ action: 'create' }, { action: 'dismiss' }]) {
    expect((await as(ana).decides(item.address, answer)).status).toBe(404)
  }
  expect(await snapshot()).toEqual(before)
  expect(await as(luis).lists(item.id)).toBe(true)
  expect(await as(luis).hears(item.recording)).toBe(200)
  expect((await as(luis).decides(item.address, { action: 'create' })).status).toBe(200)
  const calls = await service.sql('select entity_id from calls where phone_number = $1', [number])
  expect(calls).toEqual([{ entity_id: contact }])
})

it.each(['call', 'recording'])('nor is one that names a %s of a colleague’s', async (what) => {
  const number = newNumber()
  await lead('luis', number)
  const [pbxCallId, name] = [outId(), `${Date.now()}.${number.slice(-3)}`]
  const named = what === 'call' ? { pbxCallId } : { recordings: [audio(name, 'heard')] }
  const item = await waiting(newNumber(), named)
  expect(await as(ana).lists(item.id)).toBe(true)
  await notify(service, outEnd(pbxCallId, number, 'busy'))
  if (what === 'recording') {
    await receive(service, mail(number, { pbxCallId, recordings: [audio(name, 'heard')] }))
  }
  expect(await as(ana).lists(item.id)).toBe(false)
  expect((await as(ana).decides(item.address, { action: 'create' })).status).toBe(404)
  expect(await as(luis).lists(item.id)).toBe(true)
})

it('nobody’s call does not become a colleague’s by an e-mail that an agent links to it', async () => {
  const number = newNumber()
  const call = (await service.request('POST', '/api/crm/calls', { direction: 'outbound', phone_number: number })).body
  await lead('luis', number)
  // What the sweep has not come to yet.
  await service.sql('update calls set entity_id = null, entity_type = null, opportunity_id = null where id = $1', [
    call.id,
  ])
  const item = await waiting(newNumber())
  const answer = { action: 'link', call_id: call.id }
  const before = await snapshot()
  expect((await as(ana).decides(item.address, answer)).status).toBe(404)
  expect(await snapshot()).toEqual(before)
  expect((await as(luis).decides(item.address, answer)).status).toBe(200)
})

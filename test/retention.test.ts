import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { RetentionConfig } from '../src/config.ts'
import { keepMessage, newMessage } from '../src/inbox/store.ts'
import { receiveMail } from '../src/mailbox/receive.ts'
import { retentionChores } from '../src/retention/chore.ts'
import { audioName, buildMail, newRecordingId } from './mail-builder.ts'
import { filesIn } from './person.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { audioOf } from './zadarma/audio.ts'
import { lead, newNumber, notify, outEnd, outId } from './zadarma-door.ts'

/* What is old is removed once a day, as somebody has set it; what came of it stays. */

const DAY_MS = 86_400_000
const NEVER = new AbortController().signal
const ALL: RetentionConfig = { recordingsDays: 90, inboxDays: 30, mailDays: 60 }

let database: TestDatabase
let service: TestService
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-retention-'))
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

beforeEach(async () => {
  await service.sql('delete from inbox')
  await service.sql('delete from recordings')
  for (const kind of ['recordings', 'mails']) await rm(path.join(folder, kind), { recursive: true, force: true })
  await due()
})

const due = () => service.sql("update sweep_marks set due_at = '-infinity' where name = 'retention'")

const told: object[] = []
async function apply(retention: RetentionConfig = ALL): Promise<void> {
  const log = { info: (fields: object) => void told.push(fields) }
  const folders = service.mails.folders
  for (const chore of retentionChores({ database: { query: service.database.chores }, folders, retention, log })) {
    await chore.work(NEVER)
  }
}

/** A mail with audio that came so many days ago, and what became of it. */
async function mailOf(days: number, text: string, isLarge = false) {
  const recording = newRecordingId()
  const attached = isLarge
    ? [{ name: 'fotos.zip', type: 'application/zip', bytes: Buffer.alloc(300 * 1024, recording) }]
    : []
  const raw = buildMail({
    text,
    audio: [{ name: audioName(recording), bytes: audioOf(recording, 'mp3') }, ...attached],
  })
  const { id, result, callId } = await receiveMail(Readable.from([raw]), 'push', service.mails)
  const old = uuidv7({ msecs: Date.now() - days * DAY_MS })
  await service.sql('update inbox set id = $1 where id = $2', [old, id])
  await service.sql(`update review_items set message_id = $1 where message_id = $2`, [old, id])
  await service.sql(
    `update recordings set created_at = now() - $1 * interval '1 day' where call_id = $2 or review_item_id = $3`,
    [days, callId, id],
  )
  return { id: old, itemId: id, raw, result, callId }
}

/** A call of which the PBX has told, and a notification of it that came so many days ago. */
async function notified(days: number) {
  const [number, pbxCallId] = [newNumber(), outId()]
  await lead(service, number)
  const fields = outEnd(pbxCallId, number, 'busy')
  await notify(service, fields)
  const id = uuidv7({ msecs: Date.now() - days * DAY_MS })
  const [row] = await service.sql<{ id: string }>('select call_id as id from inbox order by received_at desc limit 1')
  await service.sql('update inbox set id = $1 where call_id = $2', [id, row?.id])
  return { id, fields, callId: row?.id ?? '', pbxCallId }
}

const row = async (id: string) => (await service.sql('select * from inbox where id = $1', [id]))[0]
const call = async (id: string | null) => (await service.request('GET', `/api/crm/calls/${id}`)).body

it('nothing is set: nothing is removed, and nobody looks', () => {
  const nothing = { recordingsDays: null, inboxDays: null, mailDays: null }
  const log = { info: () => undefined }
  const options = { database: service.database, folders: service.mails.folders, log }
  expect(retentionChores({ ...options, retention: nothing })).toEqual([])
})

it('notifications: what is older and handled goes, and the same one again changes nothing', async () => {
  const [old, young] = [await notified(31), await notified(29)]
  const waiting = {
    ...newMessage({ door: 'zadarma', headers: {}, event: 'NOTIFY_END', body: Buffer.from('x') }),
    id: uuidv7({ msecs: 1 }),
  }
  await keepMessage(service.database, waiting, null)
  const before = await call(old.callId)
  await apply({ ...ALL, mailDays: null })
  expect(await row(old.id)).toBeUndefined()
  expect((await row(young.id))?.body).not.toHaveLength(0)
  expect(await row(waiting.id)).toBeDefined()
  await service.sql('delete from inbox where id = $1', [waiting.id])
  await notify(service, old.fields)
  expect(await call(old.callId)).toEqual(before)
})

it('mails: what they say goes, with their files; the same one again is still known, and one that waits is kept', async () => {
  const { pbxCallId } = await notified(1)
  const old = await mailOf(61, `Id de la llamada: ${pbxCallId}`, true)
  const waiting = await mailOf(61, 'Fecha: 2025-12-24 10:00:00', true)
  const young = await mailOf(59, `Id de la llamada: ${(await notified(1)).pbxCallId}`, true)
  expect([old.result, waiting.result, young.result]).toEqual(['attached', 'review', 'attached'])
  const before = await filesIn(folder, 'mails')
  await apply({ ...ALL, recordingsDays: null })
  expect(await row(old.id)).toMatchObject({
    ...{ headers: {}, body: Buffer.alloc(0), event: 'emptied', file_name: null, result: 'call', call_id: old.callId },
    emptied_at: expect.any(Number),
  })
  for (const { id } of [waiting, young])
    expect(await row(id)).toMatchObject({ emptied_at: null, file_name: /\.eml$/ as never })
  expect(before.length - (await filesIn(folder, 'mails')).length).toBe(1)
  expect((await receiveMail(Readable.from([old.raw]), 'push', service.mails)).result).toBe('duplicate')
})

it('recordings: the audio goes, and that there was some stays with the call', async () => {
  const [old, young] = [
    await mailOf(91, `Id de la llamada: ${(await notified(1)).pbxCallId}`),
    await mailOf(89, `Id de la llamada: ${(await notified(1)).pbxCallId}`),
  ]
  const waiting = await mailOf(91, 'Fecha: 2025-12-24 10:00:00')
  const dismissed = await mailOf(91, 'Fecha: 2025-12-25 10:00:00')
  await service.request('POST', `/api/crm/review/${dismissed.itemId}`, { action: 'dismiss' })
  expect(await filesIn(folder, 'recordings')).toHaveLength(4)
  await apply({ ...ALL, mailDays: null })
  const { recordings } = await call(old.callId)
  expect(recordings).toMatchObject([{ status: 'missing', content_type: null, size_bytes: null, url: null }])
  expect((await call(young.callId)).recordings).toMatchObject([{ status: 'available' }])
  expect(await filesIn(folder, 'recordings')).toHaveLength(2)
  const left = await service.sql<{ review_item_id: string }>(
    'select review_item_id from recordings where call_id is null',
  )
  expect(left).toEqual([{ review_item_id: waiting.itemId }])
  const { body: history } = await service.request('GET', `/api/crm/calls/${old.callId}/history`)
  expect(history.data[0]).toMatchObject({
    who: 'retention',
    action: 'recording.expired',
    before: { status: 'available', content_type: 'audio/mpeg' },
    after: { status: 'missing', content_type: null },
  })
  const listen = await service.request('GET', `/api/crm/calls/${old.callId}/recording`)
  expect(listen).toMatchObject({ status: 404, body: { detail: expect.stringContaining('missing') } })
})

it('it is done once a day and by one server, which says what it has removed', async () => {
  await notified(31)
  told.length = 0
  await Promise.all([apply(), apply(), apply()])
  expect(told).toEqual([{ recordings: 0, notifications: 1, mails: 0 }])
  await notified(31)
  await apply()
  expect(told).toHaveLength(1)
  await service.sql(`update sweep_marks set due_at = due_at - interval '1 day' where name = 'retention'`)
  await apply()
  expect(told).toHaveLength(2)
  const { body } = await service.request('GET', '/api/admin/audit?kind=retention&limit=1')
  expect(body.data).toMatchObject([
    { who: 'retention', action: 'retention.applied', before: null, after: { notifications: 1 } },
  ])
})

it('one that ends in the middle, its files removed and its rows not, is done again', async () => {
  const old = await mailOf(91, `Id de la llamada: ${(await notified(1)).pbxCallId}`, true)
  await service.sql(`create function refuse() returns trigger language plpgsql as $$ begin raise 'not now'; end $$;
    create trigger refuse before insert on audit for each row execute function refuse()`)
  await expect(apply()).rejects.toThrow('not now')
  expect(await filesIn(folder, 'recordings')).toEqual([])
  expect((await call(old.callId)).recordings).toMatchObject([{ status: 'available' }])
  await service.sql('drop trigger refuse on audit; drop function refuse')
  await due()
  await apply()
  expect((await call(old.callId)).recordings).toMatchObject([{ status: 'missing' }])
  expect(await row(old.id)).toMatchObject({ body: Buffer.alloc(0), file_name: null })
})

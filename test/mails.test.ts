import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createOrUpdateCall } from '../src/calls/report.ts'
import { CALLS, callNamed, type KnownCall } from './mails/calls.ts'
import { type Belonging, type MadeUpMail, rawOf } from './mails/message.ts'
import { MESSAGES } from './mails/messages.ts'
import { createTestDatabase, createTestService, KEY, SOMEBODY, type TestDatabase, type TestService } from './service.ts'

/* Forty made-up e-mails go the whole way, from their bytes to the call that each belongs to. */

const TO_DECIDE = 'a person decides'

let database: TestDatabase
let service: TestService
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-mails-'))
  database = await createTestDatabase()
  service = await createTestService({
    ...database,
    recordingsDir: path.join(folder, 'recordings'),
    mailsDir: path.join(folder, 'mails'),
    zadarma: { ownNumbers: ['+34 911 234 567'] },
  })
  await Promise.all(CALLS.map(tellOf))
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

/** The PBX tells of a call, before any e-mail. */
async function tellOf({ pbxCallId, direction, phoneNumber, extension, startedAt, ...call }: KnownCall): Promise<void> {
  const { recordingIds, isHeard } = call
  const report = createOrUpdateCall(
    {
      provider: 'zadarma',
      provider_call_id: pbxCallId,
      machine: 'end',
      fields: { direction, phone_number: phoneNumber, extension, started_at: startedAt, call_status: 'no_answer' },
      recordingIds,
      isRecorded: recordingIds.length > 0,
    },
    SOMEBODY,
  )
  await service.register.registerCallAttempt(report)
  if (!isHeard) return
  await service.sql(
    `update recordings set status = 'available', due_at = null, file_name = provider_recording_id,
       content_type = 'audio/mpeg', size_bytes = 1, sha256 = sha256('of another call') where provider_recording_id = $1`,
    [recordingIds[0]],
  )
}

/** What becomes of an e-mail, in the words of the list. */
async function belongingOf(mail: MadeUpMail): Promise<Belonging | string> {
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822' }
  const request = { method: 'POST', url: '/api/recordings/email', headers, payload: rawOf(mail) } as const
  const { result, call_id: callId } = (await service.app.inject(request)).json()
  if (result === 'new_call') return 'a new call'
  if (result === 'review') return TO_DECIDE
  if (result !== 'attached') return result
  const { body: call } = await service.request('GET', `/api/crm/calls/${callId}`)
  const [row] = await service.sql(
    'select matched_by from recordings where call_id = $1 and matched_by is not null order by updated_at desc limit 1',
    [callId],
  )
  const known = CALLS.find(({ pbxCallId }) => pbxCallId === call.provider_call_id)
  return { call: known?.name ?? 'none that is known', by: row?.matched_by }
}

it('each of the forty finds its call, by what it must, and none another', async () => {
  expect(MESSAGES).toHaveLength(40)
  for (const { belongsTo } of MESSAGES) if (typeof belongsTo !== 'string') callNamed(belongsTo.call)
  const became: { title: string; belongsTo: unknown }[] = []
  // Those that a person decides first, while as much stands against them as will.
  const mails = [...MESSAGES].sort((a, b) => Number(b.belongsTo === TO_DECIDE) - Number(a.belongsTo === TO_DECIDE))
  for (const mail of mails) became.push({ title: mail.title, belongsTo: await belongingOf(mail) })
  expect(became).toEqual(mails.map(({ title, belongsTo }) => ({ title, belongsTo })))
})

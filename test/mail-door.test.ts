import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isRoot, runAs } from '../src/database/embedded-account.ts'
import { removeLostMails } from '../src/mailbox/files.ts'
import { receiveMail } from '../src/mailbox/receive.ts'
import { MAIL_BYTES } from '../src/mailbox/spool.ts'
import { sweepMails } from '../src/mailbox/sweep.ts'
import type { MailWay } from '../src/mailbox/way.ts'
import { loadWording } from '../src/mailbox/wording.ts'
import { audioName, type BuiltMail, buildMail, newRecordingId } from './mail-builder.ts'
import { callIdOf, processMail } from './mail-stand-in.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'
import { audioOf } from './zadarma/audio.ts'

/* Mails come in: by requests, from the mailbox and from files, all by one function. */

const ADDRESS = '/api/recordings/email'
const MEDIA_TYPE = 'message/rfc822'
const MIB = 1024 * 1024

let database: TestDatabase
let service: TestService
let folder: string
let port: number

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-mails-'))
  database = await createTestDatabase()
  service = await createTestService({ ...database, ...folders(), processMail })
  await service.app.listen({ host: '127.0.0.1', port: 0 })
  port = (service.app.server.address() as AddressInfo).port
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

const folders = () => ({ recordingsDir: path.join(folder, 'recordings'), mailsDir: path.join(folder, 'mails') })

interface Row {
  id: string
  natural_key: string
  headers: Record<string, string>
  body: Buffer
  event: string
  result: string | null
  reason: string | null
  call_id: string | null
  tries: number
  fault: string | null
  file_name: string | null
  handled_at: number | null
}

async function rowOf(id: string): Promise<Row | undefined> {
  return (await service.sql<Row>('select * from inbox where id = $1', [id]))[0]
}

const count = async (): Promise<number> =>
  (await service.sql<{ count: number }>('select count(*)::int as count from inbox'))[0]?.count ?? 0

/** What lies in a folder of ours, by name. */
async function files(name: 'recordings' | 'mails'): Promise<string[]> {
  const found = await readdir(path.join(folder, name), { recursive: true, withFileTypes: true }).catch(() => [])
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort()
}

async function post(payload: Buffer | Readable, headers: Record<string, string> = {}) {
  const { statusCode, body } = await service.app.inject({
    method: 'POST',
    url: ADDRESS,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': MEDIA_TYPE, ...headers },
    payload,
  })
  return { status: statusCode, body: JSON.parse(body) }
}

const receive = (raw: Buffer, way: MailWay = 'push') => receiveMail(Readable.from([raw]), way, service.mails)

/** A mail with a recording of its own. */
function recorded(more: BuiltMail = {}): { raw: Buffer; recordingId: string; audio: Buffer } {
  const recordingId = newRecordingId()
  const audio = audioOf(recordingId, 'mp3')
  return { raw: buildMail({ audio: [{ name: audioName(recordingId), bytes: audio }], ...more }), recordingId, audio }
}

/** One that is too large for a row. */
const large = (more: BuiltMail = {}) =>
  buildMail({ audio: [{ name: 'photos.zip', type: 'application/zip', bytes: randomBytes(400 * 1024) }], ...more })

const anew = () => service.sql(`update inbox set due_at = now() - interval '1 second' where due_at is not null`)

describe('a mail', () => {
  it('is stored as it came, handled, and answered with its call', async () => {
    const { raw, recordingId, audio } = recorded({ messageId: '<first@zadarma.com>' })
    const { status, body } = await post(raw)
    const [call] = await service.sql<{ id: string }>('select id from calls where provider_call_id = $1', [
      callIdOf(recordingId),
    ])
    expect({ status, body }).toEqual({
      status: 202,
      body: { id: expect.any(String), result: 'new_call', call_id: call?.id },
    })
    const row = await rowOf(body.id)
    expect(row).toMatchObject({
      headers: {
        way: 'push',
        from: 'noreply@zadarma.com',
        subject: 'Grabación de llamada',
        date: '2026-03-02T09:20:00Z',
        'message-id': '<first@zadarma.com>',
      },
      event: 'Grabación de llamada',
      result: 'call',
      call_id: call?.id,
      tries: 1,
      fault: null,
      file_name: null,
    })
    expect(row?.body).toEqual(raw)
    expect(row?.natural_key).toMatch(/^mail:<first@zadarma\.com>:[0-9a-f]{64}$/)
    const names = await files('recordings')
    expect(names).toHaveLength(1)
    const month = new Date().toISOString().slice(0, 7)
    expect(await readFile(path.join(folder, 'recordings', month, names[0] ?? ''))).toEqual(audio)
  })

  it('that is too large for a row is a file, which only we can read', async () => {
    const raw = large({ subject: 'large' })
    const { status, body } = await post(raw)
    expect({ status, result: body.result }).toEqual({ status: 202, result: 'set_aside' })
    const row = await rowOf(body.id)
    expect(row).toMatchObject({ event: 'large', result: 'kept', reason: 'no_recording', file_name: `${body.id}.eml` })
    expect(row?.body).toHaveLength(0)
    const file = path.join(folder, 'mails', `${body.id}.eml`)
    expect(await readFile(file)).toEqual(raw)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700)
  })

  it('that comes again, from wherever, changes nothing', async () => {
    const { raw } = recorded()
    const first = await receive(raw)
    const before = [await count(), await files('recordings')]
    for (const way of ['imap', 'push', 'import'] as const) {
      expect(await receive(raw, way)).toEqual({ id: first.id, result: 'duplicate', callId: first.callId })
    }
    // As another program has kept it.
    const copy = Buffer.from(`${raw.toString().replaceAll('\r\n', '\n')}\n`)
    expect(await receive(copy, 'import')).toMatchObject({ id: first.id, result: 'duplicate' })
    expect([await count(), await files('recordings')]).toEqual(before)
  })

  it('that comes twice at the same moment is one', async () => {
    for (const raw of [recorded().raw, large()]) {
      const [before, mailsBefore] = [await count(), (await files('mails')).length]
      const answers = await Promise.all([post(raw), post(raw), post(raw)])
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202])
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
      expect(answers.filter(({ body }) => body.result === 'duplicate')).toHaveLength(2)
      expect(await count()).toBe(before + 1)
      expect((await files('mails')).length - mailsBefore).toBe(raw.length > 256 * 1024 ? 1 : 0)
    }
  })

  it('with the same Message-ID and another content is another one', async () => {
    const messageId = '<same@zadarma.com>'
    const [one, two] = [await receive(recorded({ messageId }).raw), await receive(recorded({ messageId }).raw)]
    expect([one.result, two.result]).toEqual(['new_call', 'new_call'])
    expect(one.id).not.toBe(two.id)
  })

  it('without a Message-ID or a subject is taken, too', async () => {
    const { raw } = recorded({ messageId: null, subject: '' })
    const { id, result } = await receive(raw)
    expect(result).toBe('new_call')
    expect(await rowOf(id)).toMatchObject({ event: 'none' })
    expect(await receive(raw)).toMatchObject({ result: 'duplicate' })
    // Nothing but their subjects tells these apart.
    const bodies = ['1', '2'].map((number) => Buffer.from(`From: a@b.es\r\nSubject: ${number}\r\n\r\nthe same`))
    for (const body of bodies) expect(await receive(body)).toMatchObject({ result: 'set_aside' })
  })

  it('keeps no audio that nothing has', async () => {
    const before = await files('recordings')
    const { raw, recordingId, audio } = recorded()
    await receive(raw)
    const kept = await files('recordings')
    expect(kept).toHaveLength(before.length + 1)
    // The same recording in another message.
    const again = buildMail({ subject: 'again', audio: [{ name: audioName(recordingId), bytes: audio }] })
    expect(await receive(again)).toMatchObject({ result: 'duplicate' })
    expect(await files('recordings')).toEqual(kept)
  })

  it('may have a header that no database could hold', async () => {
    const { id } = await receive(
      Buffer.from(
        `From: a@zadarma.com\r\nSubject: a\0b=?utf-16le?B?${Buffer.from([0, 0xd8]).toString('base64')}?=\r\n\r\nx`,
      ),
    )
    expect(await rowOf(id)).toMatchObject({ event: expect.stringMatching(/^ab/), result: 'kept' })
  })

  it('has its recordings under names of ours, whatever its files are called', async () => {
    const name = newRecordingId()
    const bytes = audioOf('1.1', 'ogg')
    const audio = ['../../../../tmp/x.ogg', `${audioName(name, 'ogg')}`, 'C:\\x.ogg', '\0.ogg'].map((one) => ({
      name: one,
      bytes,
      type: 'audio/ogg',
    }))
    const before = await files('recordings')
    expect(await receive(buildMail({ audio }))).toMatchObject({ result: 'new_call' })
    const added = (await files('recordings')).filter((one) => !before.includes(one))
    expect(added).toHaveLength(4)
    for (const one of added) expect(one).toMatch(/^[0-9a-f-]{36}\.ogg$/)
  })
})

describe('who sends a mail', () => {
  it('counts where it comes from the mailbox, and nowhere else', async () => {
    const stranger = recorded({ from: '"noreply@zadarma.com" <somebody@evil.example>' })
    const before = await files('recordings')
    const { id, result } = await receive(stranger.raw, 'imap')
    expect(result).toBe('set_aside')
    expect(await rowOf(id)).toMatchObject({ result: 'kept', reason: 'sender', call_id: null })
    expect(await files('recordings')).toEqual(before)
    expect(await receive(recorded({ from: 'a@mail.zadarma.com' }).raw, 'imap')).toMatchObject({ result: 'new_call' })
    for (const way of ['push', 'import'] as const) {
      expect(await receive(recorded({ from: 'me@example.com' }).raw, way)).toMatchObject({ result: 'new_call' })
    }
  })

  it('does not count any more once somebody vouches for a mail that was set aside', async () => {
    const { raw } = recorded({ from: 'somebody@example.com' })
    const { id } = await receive(raw, 'imap')
    expect(await receive(raw, 'imap')).toMatchObject({ id, result: 'duplicate' })
    const taken = await receive(raw, 'import')
    expect(taken).toEqual({ id, result: 'new_call', callId: expect.any(String) })
    expect(await rowOf(id)).toMatchObject({ result: 'call', call_id: taken.callId, headers: { way: 'import' } })
    expect(await receive(raw, 'import')).toMatchObject({ id, result: 'duplicate' })
  })
})

describe('POST /api/recordings/email', () => {
  it.each(['message/rfc822; charset=utf-8', 'MESSAGE/RFC822', 'message/rfc822;x="y"'])('takes %s', async (type) => {
    expect(await post(recorded().raw, { 'content-type': type })).toMatchObject({ status: 202 })
  })

  it.each(['application/json', 'application/octet-stream', 'text/plain', 'message/rfc822x', 'multipart/form-data'])(
    'refuses %s',
    async (type) => {
      const before = await count()
      const { status, body } = await post(recorded().raw, { 'content-type': type })
      expect({ status, detail: body.detail }).toEqual({ status: 415, detail: 'Send the body as message/rfc822.' })
      expect(await count()).toBe(before)
    },
  )

  it('refuses a packed body, an empty one, and a query', async () => {
    expect(await post(recorded().raw, { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 })
    expect(await post(Buffer.alloc(0))).toMatchObject({
      status: 422,
      body: { errors: [{ message: 'The message is empty.' }] },
    })
    const { statusCode } = await service.app.inject({
      method: 'POST',
      url: `${ADDRESS}?way=imap`,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': MEDIA_TYPE },
      payload: recorded().raw,
    })
    expect(statusCode).toBe(422)
  })

  it('knows no other method', async () => {
    const headers = { authorization: `Bearer ${KEY}` }
    const answer = await service.app.inject({ method: 'GET', url: ADDRESS, headers })
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'POST'])
  })

  it('refuses what says that it is larger than 80 MiB before it comes', async () => {
    const headers = { 'content-length': String(MAIL_BYTES + 1) }
    expect(await post(Readable.from([Buffer.from('From: a')]), headers)).toMatchObject({ status: 413 })
  })

  it('refuses what turns out to be larger than 80 MiB, and keeps nothing of it', async () => {
    const before = [await count(), await files('mails')]
    const chunk = Buffer.alloc(4 * MIB, 'x\n')
    const body = Readable.from(
      (function* () {
        for (let sent = 0; sent <= MAIL_BYTES; sent += chunk.length) yield chunk
      })(),
    )
    const request = http.request({ port, path: ADDRESS, method: 'POST' })
    request.setHeader('authorization', `Bearer ${KEY}`)
    request.setHeader('content-type', MEDIA_TYPE)
    body.pipe(request)
    request.on('error', () => undefined)
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    response.resume()
    expect([response.statusCode, response.headers.connection]).toEqual([413, 'close'])
    expect([await count(), await files('mails')]).toEqual(before)
  })

  it('keeps nothing of what is cut off', async () => {
    const before = await count()
    const raw = large()
    const request = http.request({ port, path: ADDRESS, method: 'POST' })
    request.setHeader('authorization', `Bearer ${KEY}`)
    request.setHeader('content-type', MEDIA_TYPE)
    request.setHeader('content-length', raw.length)
    request.on('error', () => undefined)
    request.write(raw.subarray(0, raw.length - 1_000))
    const isThere = async () => (await files('mails')).some((name) => name.endsWith('.unfinished'))
    while (!(await isThere())) await pause(5)
    request.destroy()
    while (await isThere()) await pause(5)
    expect(await count()).toBe(before)
  })
})

describe('what goes wrong', () => {
  it.runIf(isRoot())('with room, while a mail comes in: 503, and nothing of it is kept', async () => {
    const small = path.join(folder, 'small')
    await mkdir(small)
    const { succeeded } = await runAs(undefined, 'mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small])
    // Not everywhere may root mount: then a file that is in the way stands for the full disk.
    if (!succeeded) await writeFile(path.join(small, 'mails'), '')
    const mailsDir = path.join(small, 'mails')
    const other = await createTestService({ ...database, ...folders(), mailsDir, processMail })
    const sent = (payload: Buffer) =>
      other.app.inject({
        method: 'POST',
        url: ADDRESS,
        headers: { authorization: `Bearer ${KEY}`, 'content-type': MEDIA_TYPE },
        payload,
      })
    const before = await count()
    try {
      const answer = await sent(Buffer.concat([large(), large(), large()]))
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1'])
      expect(answer.body).not.toContain(folder)
      expect(await count()).toBe(before)
      if (!succeeded) return
      expect(await readdir(mailsDir)).toEqual([])
      expect((await sent(large())).statusCode).toBe(202)
    } finally {
      await other.close()
      if (succeeded) await runAs(undefined, 'umount', ['-l', small])
    }
  })

  it('with the disk, while its recording is kept: 503, the mail is kept, and handled once there is room', async () => {
    const { raw, recordingId } = recorded()
    const month = path.join(folder, 'recordings', new Date().toISOString().slice(0, 7))
    await rm(path.join(folder, 'recordings'), { recursive: true, force: true })
    await writeFile(path.join(folder, 'recordings'), 'in the way')
    const { status, body } = await post(raw)
    expect({ status, detail: body.detail }).toEqual({
      status: 503,
      detail: 'The message is kept, and handled a little later. It need not be sent again.',
    })
    const [row] = await service.sql<Row>('select * from inbox where due_at is not null')
    expect(row).toMatchObject({ tries: 0, fault: expect.stringContaining('ENOTDIR') })
    // However often: it is no fault of the message.
    for (let tries = 0; tries < 4; tries++) {
      await anew()
      expect(await sweepMails(service.mails)).toBe(1)
    }
    await rm(path.join(folder, 'recordings'))
    await mkdir(month, { recursive: true })
    await anew()
    expect(await sweepMails(service.mails)).toBe(1)
    expect(await rowOf(row?.id ?? '')).toMatchObject({ result: 'call', fault: null })
    expect(await service.sql('select from calls where provider_call_id = $1', [callIdOf(recordingId)])).toHaveLength(1)
    expect(await post(raw)).toMatchObject({ status: 202, body: { result: 'duplicate' } })
  })

  it('with the file of a mail: after three tries a person is asked', async () => {
    const { id } = await receive(large())
    await service.sql(
      `update inbox set result = null, handled_at = null, due_at = now() - interval '1 second', tries = 0 where id = $1`,
      [id],
    )
    await rm(path.join(folder, 'mails', `${id}.eml`))
    for (const tries of [1, 2]) {
      await anew()
      expect(await sweepMails(service.mails)).toBe(1)
      expect(await rowOf(id)).toMatchObject({ result: null, tries, fault: 'The file of the message is gone.' })
    }
    await anew()
    await sweepMails(service.mails)
    expect(await rowOf(id)).toMatchObject({ result: 'kept', reason: 'unreadable', tries: 3 })
    expect(await sweepMails(service.mails)).toBe(0)
    const { body } = await service.request('GET', '/api/crm/review?kind=unmatched_mail')
    expect(body.data).toMatchObject([
      {
        id,
        call_id: null,
        reason: expect.stringContaining('The file of the message is gone.'),
        mail: { from: 'noreply@zadarma.com', subject: 'Grabación de llamada' },
        recordings: [],
      },
    ])
    expect((await service.request('POST', `/api/crm/review/${id}`, { action: 'dismiss' })).status).toBe(200)
  })

  it('without a word, three times: it is not tried a fourth time', async () => {
    const { raw } = recorded()
    const { id } = await receive(raw)
    const month = path.join(folder, 'recordings', new Date().toISOString().slice(0, 7))
    const left = (await readdir(month)).filter((name) => name.startsWith(id.slice(0, 13)))
    expect(left).toHaveLength(1)
    await writeFile(path.join(month, `${left[0]?.slice(0, 36)}.3.unfinished`), 'half of it')
    await service.sql(
      `update inbox set result = null, handled_at = null, due_at = now() - interval '1 second', tries = 3 where id = $1`,
      [id],
    )
    expect(await sweepMails(service.mails)).toBe(1)
    expect(await rowOf(id)).toMatchObject({ result: 'kept', reason: 'unreadable', tries: 4 })
    expect((await readdir(month)).filter((name) => name.startsWith(id.slice(0, 13)))).toEqual([])
  })

  it('with the database, once it is stored: it waits, and the try does not count', async () => {
    const { raw } = recorded()
    const answering = { isOn: false }
    const other = await createTestService({
      ...database,
      ...folders(),
      processMail,
      times: { registerWithin: 20, answerWithin: 40 },
      wrapRun: (run) => async (name, text, values) => {
        if (!answering.isOn) throw Object.assign(new Error('Connection terminated unexpectedly'))
        return run(name, text, values)
      },
    })
    const first = await receiveMail(Readable.from([raw]), 'push', other.mails)
    expect(first).toMatchObject({ result: 'waiting', callId: null })
    expect(await rowOf(first.id)).toMatchObject({ result: null, tries: 0 })
    answering.isOn = true
    await anew()
    expect(await sweepMails(service.mails)).toBe(1)
    expect(await rowOf(first.id)).toMatchObject({ result: 'call' })
    await other.close()
  })

  it('at the end of the service: what is being read waits for the next start', async () => {
    const other = await createTestService({ ...database, ...folders(), processMail })
    const { raw } = recorded()
    const receiving = receiveMail(Readable.from([raw]), 'push', other.mails)
    while (other.mails.underway.size === 0) await pause(2)
    await other.close()
    const { id, result } = await receiving
    expect(result).toBe('waiting')
    expect(await rowOf(id)).toMatchObject({ result: null, tries: 0, fault: 'First Call is stopping.' })
    await anew()
    await sweepMails(service.mails)
    expect(await rowOf(id)).toMatchObject({ result: 'call' })
  })
})

describe('a pattern that never ends', () => {
  it('ends the thread that tried it, and other mails are read on', async () => {
    const own = path.join(folder, 'patterns.json')
    await writeFile(own, JSON.stringify({ patterns: { phone_number: ['^(?<value>(a+)+)$'] } }))
    const other = await createTestService({
      ...database,
      ...folders(),
      processMail,
      wording: loadWording(own),
      mailLimits: { longestMs: 1_500 },
    })
    const poison = await receiveMail(Readable.from([buildMail({ text: `${'a'.repeat(60)}b` })]), 'push', other.mails)
    expect(poison.result).toBe('review')
    const { raw } = recorded()
    expect(await receiveMail(Readable.from([raw]), 'push', other.mails)).toMatchObject({ result: 'new_call' })
    expect(await rowOf(poison.id)).toMatchObject({
      result: null,
      tries: 1,
      fault: 'Reading the message took longer than 1.5 s.',
    })
    await service.sql('update inbox set handled_at = now(), due_at = null, result = $1 where id = $2', [
      'kept',
      poison.id,
    ])
    await other.close()
  })
})

describe('what is old', () => {
  it('and known to no message is removed, and nothing else is', async () => {
    const mails = path.join(folder, 'mails')
    const { id } = await receive(large())
    const [lost, half, young] = [uuidv7(), uuidv7(), uuidv7()]
    for (const name of [`${lost}.eml`, `${half}.unfinished`, `${young}.eml`, 'notes.txt']) {
      await writeFile(path.join(mails, name), '')
    }
    const longAgo = new Date(Date.now() - 73 * 3_600_000)
    for (const name of [`${lost}.eml`, `${half}.unfinished`, 'notes.txt', `${id}.eml`]) {
      await utimes(path.join(mails, name), longAgo, longAgo)
    }
    // R20: as a server sees it whose clock is 26 hours ahead, while another takes it in.
    const ahead = new Date(Date.now() - 26 * 3_600_000)
    await utimes(path.join(mails, `${young}.eml`), ahead, ahead)
    expect(await removeLostMails(service.database, mails)).toBe(2)
    expect(await files('mails')).toEqual(expect.arrayContaining([`${id}.eml`, `${young}.eml`, 'notes.txt']))
    expect(await files('mails')).not.toContain(`${lost}.eml`)
    expect(await removeLostMails(service.database, path.join(folder, 'nothing'))).toBe(0)
  })
})

it('a mail from the mailbox that is too large is set aside with its header, so that a person can find it there', async () => {
  const head = Buffer.from(
    `From: a@zadarma.com\r\nSubject: huge\r\nMessage-ID: <${createHash('md5').digest('hex')}>\r\n\r\n`,
  )
  const chunk = Buffer.alloc(8 * MIB, 'x\n')
  const chunks = () => Readable.from([head, ...Array<Buffer>(11).fill(chunk)])
  const before = await files('mails')
  const { id, result } = await receiveMail(chunks(), 'imap', service.mails)
  expect(result).toBe('set_aside')
  expect(await rowOf(id)).toMatchObject({ event: 'huge', result: 'kept', reason: 'too_large' })
  expect(await receiveMail(chunks(), 'imap', service.mails)).toEqual({ id, result: 'duplicate', callId: null })
  expect(await files('mails')).toEqual(before)
})

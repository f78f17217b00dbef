import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { simpleParser } from 'mailparser'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { receiveMail } from '../src/mailbox/receive.ts'
import { sweepMails } from '../src/mailbox/sweep.ts'
import { tellFigures } from './figures.ts'
import { hostileMails } from './hostile-mails.ts'
import { audioName, buildMail, newRecordingId } from './mail-builder.ts'
import { processMail } from './mail-stand-in.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { audioOf } from './zadarma/audio.ts'

/* R22: whatever comes, the reader goes on. How much time and memory it takes is measured by `npm run bench:mail`. */

const AUDIO_MIB = 4

let database: TestDatabase
let service: TestService
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-hostile-'))
  database = await createTestDatabase()
  service = await createTestService({
    ...database,
    recordingsDir: path.join(folder, 'inside', 'recordings'),
    mailsDir: path.join(folder, 'inside', 'mails'),
    processMail,
  })
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

/** In pieces, as a connection brings it. */
function* piecesOf(raw: Buffer): Generator<Buffer> {
  for (let start = 0; start < raw.length; start += 64 * 1024) yield raw.subarray(start, start + 64 * 1024)
}

const receive = (raw: Buffer) => receiveMail(Readable.from(piecesOf(raw)), 'imap', service.mails)

const waiting = () =>
  service.sql<{ tries: number; fault: string }>('select tries, fault from inbox where due_at is not null')

describe('R22: a hostile message', () => {
  it.each([...hostileMails({ audioMib: AUDIO_MIB })].map(({ kind, raw }) => [kind, raw] as const))(
    '(%s) is handled or set aside, calls are answered meanwhile, and the next mail is read',
    async (_, raw) => {
      const handled = receive(raw)
      let isDone = false
      handled.then(
        () => (isDone = true),
        () => (isDone = true),
      )
      while (!isDone) {
        const { status } = await service.request('POST', '/api/crm/calls', { direction: 'outbound' })
        expect(status).toBe(201)
        await pause(5)
      }
      const { result } = await handled
      expect(['attached', 'new_call', 'review', 'set_aside']).toContain(result)
      // What cannot be read is tried three times, and then never again.
      for (let tries = 1; (await waiting()).length > 0; tries++) {
        expect(tries).toBeLessThan(3)
        expect((await waiting())[0]).toMatchObject({ tries, fault: expect.stringMatching(/\.$/) })
        await service.sql(`update inbox set due_at = now() - interval '1 second' where due_at is not null`)
        expect(await sweepMails(service.mails)).toBe(1)
      }
      const name = newRecordingId()
      const next = buildMail({ audio: [{ name: audioName(name), bytes: audioOf(name, 'mp3') }] })
      expect(await receive(next)).toMatchObject({ result: 'new_call' })
    },
  )

  it('control: read by the library alone, in the thread of the service, it holds up everything else', async () => {
    const lags = monitorEventLoopDelay({ resolution: 5 })
    lags.enable()
    for (const { kind, raw } of hostileMails({ audioMib: 1 })) {
      if (['noise', 'a text of empty lines'].includes(kind)) await simpleParser(raw)
    }
    // The last one is noticed by the next look.
    await pause(20)
    lags.disable()
    const longestMs = lags.max / 1_000_000
    tellFigures('R22', `everything else waits up to ${longestMs.toFixed()} ms where no thread and no limit is`, true)
    expect(longestMs).toBeGreaterThan(200)
  })

  it('has written nothing outside our folders, and left nothing there that nobody knows', async () => {
    expect(await readdir(folder)).toEqual(['inside'])
    expect((await readdir(path.join(folder, 'inside'))).sort()).toEqual(['mails', 'recordings'])
    const ours = await readdir(path.join(folder, 'inside'), { recursive: true, withFileTypes: true })
    for (const { name } of ours.filter((entry) => entry.isFile())) {
      expect(name).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(mp3|eml)$/)
    }
    expect((await readdir(os.tmpdir())).filter((name) => name.startsWith('out'))).toEqual([])
    const [unreadable] = await service.sql<{ count: number }>(
      `select count(*)::int as count from inbox where reason = 'unreadable'`,
    )
    expect(unreadable?.count).toBeGreaterThanOrEqual(4)
  })
})

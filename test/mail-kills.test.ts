import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { removeLeftAudio, removeLostMails } from '../src/mailbox/files.ts'
import { receiveMail } from '../src/mailbox/receive.ts'
import { sweepMails } from '../src/mailbox/sweep.ts'
import { audioName, buildMail, newRecordingId } from './mail-builder.ts'
import { urlTo } from './postgres.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'
import { audioOf } from './zadarma/audio.ts'

/* R6: a process that takes in a mail is killed at each of its steps; the sweep, or the sender, does the rest. And R19. */

let database: TestDatabase
let service: TestService
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-kills-'))
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

/** A mail with a recording, and so large that it is a file. */
function newMail(): Buffer {
  const name = newRecordingId()
  return buildMail({
    audio: [
      { name: audioName(name), bytes: audioOf(name, 'mp3') },
      { name: 'photos.zip', type: 'application/zip', bytes: randomBytes(300 * 1024) },
    ],
  })
}

async function killedAt(step: string, raw: Buffer): Promise<void> {
  const file = path.join(folder, 'mail.eml')
  await writeFile(file, raw)
  const env = {
    PATH: process.env.PATH,
    BUILT: inject('built'),
    DATABASE_URL: urlTo(database.connection),
    FOLDER: folder,
    FILE: file,
    STEP: step,
  }
  const script = path.join(import.meta.dirname, 'mail-kill.mjs')
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text
  })
  const [, signal] = await once(child, 'close')
  expect({ signal, printed }).toEqual({ signal: 'SIGKILL', printed: '' })
  await service.sql(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'first-call' and state <> 'idle' and pid <> pg_backend_pid()`)
}

async function files(name: 'recordings' | 'mails'): Promise<string[]> {
  const found = await readdir(path.join(folder, name), { recursive: true, withFileTypes: true }).catch(() => [])
  return found.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

/** Of the recordings' files, those that no recording has. */
async function filesOfNobody(): Promise<string[]> {
  const rows = await service.sql<{ file_name: string }>('select file_name from recordings where file_name is not null')
  const used = new Set(rows.map(({ file_name: name }) => path.basename(name)))
  return (await files('recordings')).filter((name) => !used.has(name))
}

const waiting = () => service.sql<{ id: string; tries: number }>('select id, tries from inbox where due_at is not null')

describe('R6: a kill', () => {
  it.each(['while it comes', 'before the commit'])('%s leaves no message; sent again, it is taken', async (step) => {
    const raw = newMail()
    const before = await files('mails')
    await killedAt(step, raw)
    expect(await waiting()).toEqual([])
    const left = (await files('mails')).filter((name) => !before.includes(name))
    expect(left).toHaveLength(1)
    expect((await receiveMail(Readable.from([raw]), 'push', service.mails)).result).not.toBe('duplicate')
    expect(await waiting()).toEqual([])
    const longAgo = new Date(Date.now() - 73 * 3_600_000)
    for (const name of left) await utimes(path.join(folder, 'mails', name), longAgo, longAgo)
    expect(await removeLostMails(service.database, path.join(folder, 'mails'))).toBe(1)
    expect(await files('mails')).toHaveLength(before.length + 1)
    expect(await filesOfNobody()).toEqual([])
  })

  it.each(['after the commit', 'after the audio is written', 'before the change is written'])(
    '%s leaves a message that the sweep handles, and nothing twice',
    async (step) => {
      const raw = newMail()
      await killedAt(step, raw)
      const [left, ...more] = await waiting()
      expect(more).toEqual([])
      expect(left).toMatchObject({ tries: 1 })
      // Whoever received it is given two minutes.
      expect(await sweepMails(service.mails)).toBe(0)
      await service.sql(`update inbox set due_at = now() - interval '1 second' where due_at is not null`)
      expect(await sweepMails(service.mails)).toBe(1)
      expect(await waiting()).toEqual([])
      expect(await filesOfNobody()).toEqual([])
      const again = await receiveMail(Readable.from([raw]), 'push', service.mails)
      expect(again).toMatchObject({ id: left?.id, result: 'duplicate' })
    },
  )

  it('after the change is written leaves at most files, which are removed', async () => {
    const raw = newMail()
    await killedAt('after the change is written', raw)
    expect(await waiting()).toEqual([])
    await removeLeftAudio(service.database, path.join(folder, 'recordings'))
    expect(await filesOfNobody()).toEqual([])
    expect(await receiveMail(Readable.from([raw]), 'push', service.mails)).toMatchObject({ result: 'duplicate' })
  })
})

it('R19: a service that is told to stop takes in what was coming, and leaves nothing of what is cut off', async () => {
  const dataDir = path.join(folder, 'stopping')
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: inject('built'),
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      DATABASE_URL: urlTo(database.connection),
      DATA_DIR: dataDir,
      BOOTSTRAP_API_KEY: KEY,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'close')
  const [address = ''] = await until(child.stdout, /http:\/\/\S+/)
  const stopping = until(child.stdout, /Stopping/)
  const raw = newMail()
  const begin = (): http.ClientRequest => {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822', 'content-length': raw.length }
    const request = http.request(`${address}/api/recordings/email`, { method: 'POST', headers })
    request.on('error', () => undefined)
    request.write(raw.subarray(0, raw.length - 1_000))
    return request
  }
  const [whole, cut] = [begin(), begin()]
  const unfinished = () => readdir(path.join(dataDir, 'mails')).catch(() => [])
  while ((await unfinished()).length < 2) await pause(5)
  child.kill('SIGTERM')
  await stopping
  cut.destroy()
  whole.end(raw.subarray(raw.length - 1_000))
  const [response] = (await once(whole, 'response')) as [http.IncomingMessage]
  response.resume()
  expect(response.statusCode).toBe(202)
  expect((await ended)[0]).toBe(0)
  const [row, ...more] = await service.sql<{ id: string; result: string }>(
    "select id, result from inbox where received_at > now() - interval '1 minute' order by id desc limit 1",
  )
  expect(more).toEqual([])
  expect(row?.result).not.toBeNull()
  expect(await unfinished()).toEqual([`${row?.id}.eml`])
})

/** What is printed, once it has this in it. */
async function until(output: Readable, word: RegExp): Promise<RegExpExecArray> {
  let printed = ''
  return new Promise((resolve) => {
    output.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      const found = word.exec(printed)
      if (found !== null) resolve(found)
    })
  })
}

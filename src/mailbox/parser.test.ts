import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audioName, buildMail } from '../../test/mail-builder.ts'
import { startCommand } from '../../test/start-command.ts'
import { audioOf } from '../../test/zadarma/audio.ts'
import { type MailQuestion, ParserThread } from './parser.ts'
import { loadWording } from './wording.ts'

const SETTINGS = { zone: 'Europe/Madrid', country: 'ES' as const, ownNumbers: [], wording: loadWording(null) }

let folder: string
let parser: ParserThread

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-parser-'))
  parser = new ParserThread(SETTINGS)
})

afterAll(async () => {
  await parser.close()
  await rm(folder, { recursive: true })
})

const question = (raw: MailQuestion['raw'], recordings = path.join(folder, 'recordings')): MailQuestion => ({
  raw,
  place: {
    folder: recordings,
    messageId: '019d0000-0000-7000-8000-000000000001',
    receivedAt: 0,
    tries: 1,
    maximumBytes: 1_000_000,
  },
})

const raw = buildMail({ audio: [{ name: audioName('1772442900.1'), bytes: audioOf('1772442900.1', 'mp3') }] })

describe('the thread that reads mails', () => {
  it('gives a message and what it tells, of bytes as of a file', async () => {
    const file = path.join(folder, 'mail.eml')
    await writeFile(file, raw)
    const [ofBytes, ofFile] = [await parser.read(question(raw)), await parser.read(question(file))]
    expect(ofBytes.mail.from).toBe('noreply@zadarma.com')
    expect(ofBytes.facts.recordings).toMatchObject([{ recordingId: { value: '1772442900.1' } }])
    expect(ofFile).toEqual(ofBytes)
  })

  it('reads on where a message is at fault, or the disk', async () => {
    const gone = parser.read(question(path.join(folder, 'nothing.eml')))
    await writeFile(path.join(folder, 'in the way'), '')
    const unwritten = parser.read(question(raw, path.join(folder, 'in the way')))
    await expect(gone).rejects.toMatchObject({ name: 'MailError', message: 'The file of the message is gone.' })
    await expect(unwritten).rejects.toMatchObject({ name: 'MailTroubleError' })
    expect((await parser.read(question(raw))).mail.audio).toHaveLength(1)
  })

  it('that takes more memory than it may is ended, and the process is not', async () => {
    const small = new ParserThread(SETTINGS, { heapMb: 4 })
    for (const again of [1, 2]) {
      await expect(small.read(question(raw)), `${again}`).rejects.toMatchObject({
        name: 'MailError',
        message: 'Reading the message took more memory than 4 MB.',
      })
    }
    await small.close()
  })

  it('may take no more under the options of npm start', async () => {
    const { options } = await startCommand()
    const program = `import { Worker } from 'node:worker_threads'
      const inThread = "import v8 from 'node:v8'; console.log(v8.getHeapStatistics().heap_size_limit)"
      new Worker(inThread, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 128 } })`
    const args = [...options, '--input-type=module', '-e', program]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    // With its young generation.
    expect(Number(stdout) / 1024 ** 2).toBeLessThan(256)
  })

  it('has the time for a message from when it has started', async () => {
    const unhurried = new ParserThread(SETTINGS)
    const before = performance.now()
    await unhurried.read(question(raw))
    const hurried = new ParserThread(SETTINGS, { longestMs: (performance.now() - before) / 2 })
    expect((await hurried.read(question(raw))).mail.audio).toHaveLength(1)
    await Promise.all([unhurried.close(), hurried.close()])
  })

  it('is made anew once it has ended for want of work', async () => {
    const lazy = new ParserThread(SETTINGS, { idleMs: 1 })
    for (let times = 0; times < 2; times++) {
      expect((await lazy.read(question(raw))).mail.audio).toHaveLength(1)
      while (lazy.isRunning) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await lazy.close()
  })

  it('that is closed reads nothing any more, whatever waits', async () => {
    const closing = new ParserThread(SETTINGS)
    const reading = [closing.read(question(raw)), closing.read(question(raw))]
    const failed = Promise.allSettled(reading)
    await closing.close()
    for (const one of await failed) {
      expect(one).toMatchObject({ status: 'rejected', reason: { name: 'MailTroubleError' } })
    }
    await expect(closing.read(question(raw))).rejects.toThrow('First Call is stopping.')
    expect(closing.isRunning).toBe(false)
  })
})

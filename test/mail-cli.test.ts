import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommandLine } from '../src/cli/run.ts'
import { audioName, buildMail } from './mail-builder.ts'
import { urlTo } from './postgres.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { audioOf } from './zadarma/audio.ts'

/* Mails by the command line: `mail import`, `mail test`, and the inbox where it has mails. */

const rootDir = path.resolve(import.meta.dirname, '..')

let database: TestDatabase
let service: TestService
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-cli-'))
  database = await createTestDatabase()
  service = await createTestService(database)
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

async function run(args: readonly string[], isWatched = false, signal = new AbortController().signal) {
  const texts = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
  const streamTo = (name: keyof typeof texts) =>
    Object.assign(
      new Writable({
        write: (chunk: Buffer, _, done) => {
          texts[name] = Buffer.concat([texts[name], chunk])
          done()
        },
      }),
      { isTTY: isWatched },
    ) as NodeJS.WritableStream as NodeJS.WriteStream
  const code = await runCommandLine({
    args,
    env: { DATABASE_URL: urlTo(database.connection), DATA_DIR: path.join(folder, 'data') },
    rootDir,
    output: streamTo('stdout'),
    messages: streamTo('stderr'),
    signal,
  })
  return { code, stdout: texts.stdout.toString(), stderr: texts.stderr.toString(), bytes: texts.stdout }
}

async function file(name: string, content: Buffer | string): Promise<string> {
  const where = path.join(folder, name)
  await writeFile(where, content)
  return where
}

/** A mail that tells of no recording. */
const plain = (subject: string) => buildMail({ subject, from: 'me@example.com' })
const large = (subject: string) =>
  buildMail({ subject, audio: [{ name: 'x.zip', type: 'application/zip', bytes: randomBytes(300 * 1024) }] })

const mboxOf = (mails: readonly Buffer[]): string =>
  mails
    .map((mail) =>
      mail
        .toString()
        .replaceAll('\r\n', '\n')
        .replace(/^(>*From )/gm, '>$1'),
    )
    .map((mail) => `From me@example.com Mon Mar  2 10:20:00 2026\n${mail}\n`)
    .join('')

const mailRows = () =>
  service.sql<{ id: string; event: string; file_name: string | null; headers: Record<string, string> }>(
    `select * from inbox where door = 'mail' order by id`,
  )

describe('first-call mail import', () => {
  it('takes in messages and mbox files, says what they came to, and goes on where one fails', async () => {
    const one = plain('one')
    const files = [
      await file('one.eml', one),
      path.join(folder, 'nothing.eml'),
      await file('many.mbox', mboxOf([plain('two'), one, large('three')])),
      folder,
      await file('empty.eml', ''),
      await file('four.eml', plain('four')),
    ]
    const { code, stdout, stderr } = await run(['mail', 'import', ...files])
    expect(stdout).toBe('8 messages: 0 attached, 0 new calls, 0 for review, 4 set aside, 1 duplicate, 3 failed.\n')
    expect(code).toBe(1)
    expect(stderr).toContain(`${files[1]}: ENOENT`)
    expect(stderr).toContain(`${folder}: EISDIR`)
    expect(stderr).toContain(`${files[4]}, message 1: The message is empty.`)
    const rows = await mailRows()
    expect(rows.map(({ event, headers }) => [event, headers.way])).toEqual([
      ['one', 'import'],
      ['two', 'import'],
      ['three', 'import'],
      ['four', 'import'],
    ])
    expect(rows.map(({ file_name: name, id }) => name === `${id}.eml`)).toEqual([false, false, true, false])
  })

  it('finds everything there the second time, and shows how far it is', async () => {
    const again = await run(['mail', 'import', path.join(folder, 'many.mbox'), '--json'], true)
    expect(again.code).toBe(0)
    expect(JSON.parse(again.stdout)).toEqual({
      attached: 0,
      new_call: 0,
      review: 0,
      set_aside: 0,
      duplicate: 3,
      waiting: 0,
      failed: 0,
      failures: [],
    })
    expect(again.stderr).toMatch(/many\.mbox: \d+ %, 3 messages/)
  })

  it('ends between two messages when it is told to', async () => {
    const before = await mailRows()
    const ended = AbortSignal.abort()
    expect((await run(['mail', 'import', path.join(folder, 'one.eml')], false, ended)).stdout).toBe('')
    expect(await mailRows()).toEqual(before)
  })

  it('asks for a file', async () => {
    expect((await run(['mail', 'import'])).code).toBe(2)
  })
})

describe('first-call mail test', () => {
  /** Everything that it might change. */
  const world = async () => ({
    calls: await service.sql('select * from calls'),
    recordings: await service.sql('select * from recordings'),
    review: await service.sql('select * from review_items'),
    inbox: await service.sql('select id, result, tries from inbox order by id'),
    files: await readdir(path.join(folder, 'data'), { recursive: true }).catch(() => []),
    scratch: (await readdir(os.tmpdir())).filter((name) => name.startsWith('first-call-mail-')),
  })

  it('shows what is understood, where it was found and what it would come to, and changes nothing', async () => {
    const audio = [
      { name: audioName('1772442900.77'), bytes: audioOf('1.1', 'mp3') },
      { name: 'virus.mp3', bytes: Buffer.from('no audio at all, whatever its name says') },
    ]
    const where = await file('call.eml', buildMail({ from: 'Ana <ana@example.com>', audio }))
    const before = await world()
    const { code, stdout } = await run(['mail', 'test', where])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^From +ana@example\.com: set aside where it comes from the mailbox/m)
    expect(stdout).toMatch(/^Subject +Grabación de llamada$/m)
    expect(stdout).toMatch(/^ {2}extension +101 +.*file name/m)
    expect(stdout).toMatch(/^ {2}started_at +2026-03-02T09:15:00Z +.*file name/m)
    expect(stdout).toMatch(/^ {2}recording_id +1772442900\.77 +.*file name/m)
    expect(stdout).toMatch(/^ {2}12345-1772442900\.77-101-2026-03-02-101500\.mp3 +audio\/mpeg +\d+ bytes$/m)
    expect(stdout).toMatch(/^ {2}The attachment "virus\.mp3" is left out\./m)
    expect(stdout).toMatch(/^Would become\n {2}\S/m)
    expect(await world()).toEqual(before)
  })

  it('shows the text as patterns see it', async () => {
    const html = '<table><tr><td>Otro lado</td><td>\x1b[2J612 345 678</td></tr></table><p>* Adiós *</p>'
    const where = await file('table.eml', buildMail({ text: '', html }))
    const { stdout } = await run(['mail', 'test', where])
    expect(stdout).toContain('\nText\n  Otro lado\\t\\u001b[2J612 345 678\n  Adiós\n\nFacts\n')
    expect(JSON.parse((await run(['mail', 'test', where, '--json'])).stdout).text).toContain('Otro lado\t')
  })

  it('does so for machines too, and says that a message has come before', async () => {
    const [row] = await mailRows()
    const { stdout } = await run(['mail', 'test', path.join(folder, 'one.eml'), '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      from: 'me@example.com',
      is_allowed_sender: false,
      subject: 'one',
      recordings: [],
      became: 'set_aside',
      call_id: null,
      received_as: row?.id,
    })
  })

  it('says what is wrong with a file', async () => {
    expect(await run(['mail', 'test', path.join(folder, 'nothing.eml')])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('ENOENT'),
    })
    const nested = await file('deep.eml', `From: a@b.es\r\n${'X: y\r\n'.repeat(1_001)}\r\nx`)
    expect((await run(['mail', 'test', nested])).stderr).toBe('The header of the message has more than 1000 lines.\n')
  })
})

describe('the inbox', () => {
  it('lists mails by their sender and subject, shows them, and gives large ones raw', async () => {
    const { stdout } = await run(['inbox', 'list'])
    expect(stdout).toMatch(/ four +me@example\.com /)
    const rows = await mailRows()
    const inFile = rows.find(({ file_name: name }) => name !== null)
    const shown = await run(['inbox', 'show', inFile?.id ?? ''])
    expect(shown.stdout).toMatch(new RegExp(`^A file, ${inFile?.file_name}, which --raw shows$`, 'm'))
    const raw = await run(['inbox', 'show', '--raw', inFile?.id ?? ''])
    expect(raw.bytes).toEqual(await readFile(path.join(folder, 'data', 'mails', inFile?.file_name ?? '')))
  })

  it('handles mails again', async () => {
    const ids = (await mailRows()).map(({ id }) => id)
    const { code, stdout } = await run(['inbox', 'replay', ...ids])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '4 messages: 0 changed something, 0 changed nothing, 4 tell of no call, 0 failed.\n',
    })
  })
})

import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import yauzl from 'yauzl'
import { disclose } from '../src/disclosure/disclose.ts'
import { holdingsOf } from '../src/disclosure/holdings.ts'
import { commandLineOn } from './command-line.ts'
import { filesIn, knownEverywhere, type Person, tracesOf } from './person.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'
import { lead, newNumber } from './zadarma-door.ts'

/* What is stored about a person is handed out as a zip file, or erased, also by the command line. */

let database: TestDatabase
let service: TestService
let folder: string
let person: Person
let run: ReturnType<typeof commandLineOn>

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-person-'))
  database = await createTestDatabase()
  service = await createTestService({
    ...database,
    recordingsDir: path.join(folder, 'recordings'),
    mailsDir: path.join(folder, 'mails'),
  })
  person = await knownEverywhere(service, database, folder)
  run = commandLineOn(database, folder)
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

/** The files of a zip file, by their names. */
async function unzipped(bytes: Buffer): Promise<Map<string, Buffer>> {
  const zip = await promisify<Buffer, yauzl.Options, yauzl.ZipFile>(yauzl.fromBuffer)(bytes, { lazyEntries: true })
  const files = new Map<string, Buffer>()
  await new Promise<void>((resolve, reject) => {
    zip.on('end', resolve).on('error', reject)
    zip.on('entry', (entry: yauzl.Entry) => {
      zip.openReadStream(entry, async (error, stream) => {
        if (error !== null) return reject(error)
        files.set(entry.fileName, Buffer.concat(await stream.toArray()))
        zip.readEntry()
      })
    })
    zip.readEntry()
  })
  return files
}

const ask = (id: string, method: 'GET' | 'HEAD' = 'GET') =>
  service.app.inject({ method, url: `/api/crm/contacts/${id}/export`, headers: { authorization: `Bearer ${KEY}` } })

const said = (files: Map<string, Buffer>, name: string) => JSON.parse(files.get(name)?.toString() ?? '')

describe('an export of a person', () => {
  it('has all that is stored about them, and nothing about others', async () => {
    const other = await lead(service, newNumber(), 'Somebody else')
    const answer = await ask(person.contactId)
    expect(answer.statusCode).toBe(200)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="${person.contactId}.zip"`,
      'cache-control': 'no-store',
    })
    const files = await unzipped(answer.rawPayload)
    const lists = ['contact', 'opportunities', 'calls', 'dial_requests', 'review', 'messages', 'audit'].map(
      (name) => `${name}.json`,
    )
    expect([...files.keys()].slice(0, lists.length)).toEqual(lists)
    const get = async (what: string) => (await service.request('GET', `/api/crm/${what}`)).body
    expect(said(files, 'contact.json')).toEqual([await get(`contacts/${person.contactId}`)])
    expect(said(files, 'opportunities.json')).toEqual([await get(`opportunities/${person.opportunityId}`)])
    const { deleted: _, ...calls } = person.calls
    const told = said(files, 'calls.json') as { id: string }[]
    expect(told.map(({ id }) => id).sort()).toEqual(Object.values(calls).sort())
    expect(told).toContainEqual(await get(`calls/${calls.pbx}`))
    const kinds = (said(files, 'review.json') as { kind: string }[]).map(({ kind }) => kind)
    expect(kinds.sort()).toEqual(['contradiction', 'contradiction', 'unmatched_mail'])

    const messages = said(files, 'messages.json') as { id: string; door: string }[]
    const raw = [...files.keys()].filter((name) => name.startsWith('messages/'))
    expect(raw).toEqual(messages.map(({ id, door }) => `messages/${id}.${door === 'mail' ? 'eml' : 'txt'}`))
    const mails = raw.filter((name) => name.endsWith('.eml')).map((name) => files.get(name))
    expect(mails).toEqual(expect.arrayContaining(person.mails))
    expect(messages.filter(({ door }) => door === 'zadarma')).toHaveLength(person.notifications.length + 1)

    const audio = [...files].filter(([name]) => name.startsWith('recordings/'))
    const stored = await Promise.all(
      (await filesIn(folder, 'recordings')).map((name) => readFile(path.join(folder, 'recordings', name))),
    )
    expect(audio.map(([, bytes]) => bytes)).toEqual(expect.arrayContaining(stored))
    expect(audio.map(([name]) => name)).toContainEqual(
      expect.stringMatching(new RegExp(`^recordings/${calls.pbx}/.+\\.mp3$`)),
    )

    const actions = (said(files, 'audit.json') as { action: string }[]).map(({ action }) => action)
    expect(new Set(actions)).toEqual(
      new Set([
        'call.changed',
        'call.created',
        'call.deleted',
        'contact.changed',
        'contact.created',
        'dial.requested',
        'opportunity.changed',
        'opportunity.created',
      ]),
    )
    const all = [...files.values()].join('\n')
    for (const id of [other.contactId, other.opportunityId]) expect(all).not.toContain(id)
  })

  it('is made of lists without anything where a contact has nothing', async () => {
    const { body } = await service.request('POST', '/api/crm/contacts', { name: 'Nobody called' })
    const files = await unzipped((await ask(body.id)).rawPayload)
    expect(said(files, 'contact.json')).toEqual([body])
    expect(files.get('calls.json')?.toString()).toBe('[]\n')
  })

  it('that nobody takes to its end leaves no file open', async () => {
    const { contactId } = await lead(service, newNumber(), 'Of many words')
    const call = { direction: 'outbound', entity_type: 'contacts', entity_id: contactId }
    const { body } = await service.request('POST', '/api/crm/calls', call)
    const fileName = 'long.mp3'
    await writeFile(path.join(folder, 'recordings', fileName), randomBytes(20_000_000))
    await service.sql(
      `insert into recordings (id, call_id, provider, status, file_name, content_type, size_bytes, sha256)
       values ($1, $2, 'pbx', 'available', $3, 'audio/mpeg', 20000000, sha256(''))`,
      [randomUUID(), body.id, fileName],
    )
    const openFiles = async (): Promise<string[]> => {
      const numbers = await readdir('/proc/self/fd')
      const names = await Promise.all(numbers.map((one) => readlink(`/proc/self/fd/${one}`).catch(() => '')))
      return names.filter((name) => name.startsWith(folder))
    }
    const options = { database: service.database, mails: service.mails }
    const holdings = await holdingsOf(service.database, contactId)
    if (holdings === null) throw new Error('there is nothing')
    const file = await disclose(holdings, options)
    let bytes = 0
    for await (const piece of file) {
      bytes += piece.length
      if (bytes > 1_000_000) break
    }
    await expect.poll(openFiles).toEqual([])
    await rm(path.join(folder, 'recordings', fileName))
    await service.sql('delete from recordings where call_id = $1', [body.id])
  })

  it('tells by HEAD that there is one, and 404 of nobody', async () => {
    expect((await ask(person.contactId, 'HEAD')).statusCode).toBe(200)
    expect((await ask(randomUUID())).statusCode).toBe(404)
  })

  it('is written by the command line, whole or not at all', async () => {
    const file = path.join(folder, 'person.zip')
    await writeFile(file, 'before')
    const { code, stdout } = await run(['contact', 'export', person.contactId, file])
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(`is in ${file} (`) })
    expect((await unzipped(await readFile(file))).size).toBeGreaterThan(10)
    const nobody = await run(['contact', 'export', randomUUID(), path.join(folder, 'nobody.zip')])
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no contact with the id') })
    expect((await readdir(folder)).filter((name) => /nobody|unfinished/.test(name))).toEqual([])
  })
})

describe('first-call contact erase', () => {
  it('does nothing where nobody can be asked, or says anything but yes', async () => {
    const unasked = await run(['contact', 'erase', person.contactId])
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('add --yes to erase') })
    for (const answers of [['no\n'], ['\n'], []]) {
      const { code, stderr } = await run(['contact', 'erase', person.contactId], { isWatched: true, answers })
      expect(code).toBe(1)
      expect(stderr).toMatch(
        /: 1 recording and 5 messages of 4 calls are removed, .* The calls, and 1 opportunity with/,
      )
      expect(stderr).toContain('Nothing was erased.')
    }
    expect((await service.request('GET', `/api/crm/contacts/${person.contactId}`)).status).toBe(200)
    const nobody = await run(['contact', 'erase', randomUUID(), '--yes'])
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no contact with the id') })
    expect(await run(['contact', 'erase', 'x'])).toMatchObject({ code: 2 })
  })

  it('erases once somebody says yes, and says who did it', async () => {
    const ended = await run(['contact', 'erase', person.contactId], { isWatched: true, answers: ['yes\n'] })
    expect(ended).toMatchObject({ code: 0, stdout: `The contact ${person.contactId} is erased.\n` })
    expect(await tracesOf(person, service, folder)).toEqual([])
    const [row] = await service.sql('select who from audit where action = $1', ['contact.erased'])
    expect(row).toEqual({ who: 'command line' })
    expect((await ask(person.contactId)).statusCode).toBe(410)
    const again = await run(['contact', 'erase', person.contactId, '--yes', '--json'])
    expect(JSON.parse(again.stdout)).toEqual({
      contact_id: person.contactId,
      calls: 3,
      opportunities: 1,
      recordings: 0,
      messages: 0,
    })
  })
})

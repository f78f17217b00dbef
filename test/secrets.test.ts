import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLog, masked } from '../src/log.ts'
import { ZADARMA } from './doors.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'
import { newNumber, outId, outStart } from './zadarma-door.ts'
import { signedNotification } from './zadarma-server.ts'

/* S7: what is planted in a run is in none of its logs, errors and dumps. */

describe('a line of the log', () => {
  it.each([
    ['a call to +34612345678', 'a call to …678'],
    ['612345678, 612 34 56 78, 612-345-678 and (612) 345 678', '…678, …678, …678 and (…678'],
    ['0034 612 345 678 tel:+34612345678', '…678 tel:…678'],
    ['{"detail":"Key (phone)=(+34612345678) exists"}', '{"detail":"Key (phone)=(…678) exists"}'],
    ['34612345678', '…678'],
    ['+376 312 345', '…345'],
    ['612.345.678', '…678'],
  ])('%s: of a number it has the last three digits', (line, expected) => {
    expect(masked(line)).toBe(expected)
  })

  it.each([
    '{"level":40,"time":1764364800123,"pid":4194304,"hostname":"crm"}',
    '0190a6d2-7c3e-7bb0-8a54-612345678901',
    'between 2026-03-02T10:15:00.000Z and 2026-03-02 10:15:00',
    'the recording 1772442901.55 of 104857600x bytes at file.ts:123:45',
    'waits for 30000 ms after 12345678 tries, on 127.0.0.1:54329',
    'out_0123456789abcdef0123456789abcdef01234567',
  ])('%s: what is no number stays', (line) => {
    expect(masked(line)).toBe(line)
  })

  it.each([
    [`Bearer ${KEY}`, 'Bearer …'],
    [`the key fc_0190a6d2_${'x'.repeat(43)}_abcdef`, 'the key fc_…'],
    [
      'postgres://first_call:planted@db:5432/x and imaps://ana%40x.es:planted@mail',
      'postgres://first_call:…@db:5432/x and imaps://ana%40x.es:…@mail',
    ],
  ])('%s: it has no key and no password', (line, expected) => {
    expect(masked(line)).toBe(expected)
  })
})

describe('a run with faults', () => {
  let database: TestDatabase
  let service: TestService
  let folder: string
  const lines: string[] = []
  /** What is told, before it is masked: the control. */
  const told: string[] = []
  const answers: string[] = []

  const cookie = `planted-${randomBytes(16).toString('hex')}`
  const wrongKey = `fc_${randomBytes(32).toString('base64url')}`
  const password = `planted-${randomBytes(16).toString('hex')}`
  /** What no database would say, but where it is made to. */
  const toldByDatabase = `planted-${randomBytes(16).toString('hex')}`
  const numbers = [newNumber(), newNumber()]

  beforeAll(async () => {
    database = await createTestDatabase()
    folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-secrets-'))
    const unmasked = pino({ level: 'trace' }, { write: (line: string) => void told.push(line) })
    const log = createLog('trace', { write: (line: string) => void lines.push(line) })
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      const write = log[level].bind(log)
      log[level] = (...args: Parameters<typeof write>) => {
        unmasked[level](...args)
        write(...args)
      }
    }
    service = await createTestService({ ...database, log, recordingsDir: folder, mailsDir: folder })
    await service.sql(`
      create function tell() returns trigger language plpgsql as $$
      begin raise exception 'the number % (Bearer ${toldByDatabase}) of postgres://x:${toldByDatabase}@db is refused', new.phone_number; end $$`)
  })

  afterAll(async () => {
    await service.close()
    await database.drop()
    await rm(folder, { recursive: true })
  })

  async function ask(method: 'GET' | 'POST' | 'PATCH', url: string, body?: object, more: Record<string, string> = {}) {
    const headers = { authorization: `Bearer ${KEY}`, cookie: `session=${cookie}`, ...more }
    const answer = await service.app.inject({ method, url, headers, ...(body === undefined ? {} : { payload: body }) })
    answers.push(`${JSON.stringify(answer.headers)} ${answer.body}`)
    return answer.statusCode
  }

  it('tells no secret, and no number whole', async () => {
    const [number, another] = numbers as [string, string]
    const call = { direction: 'outbound', phone_number: number }
    await ask('POST', '/api/crm/contacts', { name: 'Ana', phones: [number] })
    await ask('POST', '/api/crm/calls', call, { 'idempotency-key': randomUUID() })
    await ask('GET', '/api/crm/calls', undefined, { authorization: `Bearer ${wrongKey}` })
    await ask('POST', '/api/crm/calls', { ...call, id: 'x' }, { authorization: `Basic ${password}` })
    await ask('GET', `/api/crm/contacts?q=${number.slice(1)}&phone=x`)
    const notify = (headers: Record<string, string>, body: string) =>
      service.app.inject({ method: 'POST', url: '/api/zadarma/webhook', payload: body, headers })
    const { body, headers } = signedNotification(outStart(outId(), another), ZADARMA.secret ?? '')
    await notify(headers, body)
    await notify({ ...headers, signature: password }, body)
    const mail = `From: ${another}@x.es\r\nSubject: ${another}\r\n\r\nx`
    await service.app.inject({
      method: 'POST',
      url: '/api/recordings/email',
      payload: mail,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822' },
    })
    // From here on the database refuses every call, and says too much.
    await service.sql('create trigger tell before insert or update on calls for each row execute function tell()')
    const [row] = await service.sql<{ id: string }>('select id from calls where phone_number = $1', [number])
    const changed = { ...call, call_status: 'busy' }
    expect(await ask('POST', '/api/crm/calls', changed)).toBeGreaterThanOrEqual(500)
    expect(await ask('PATCH', `/api/crm/calls/${row?.id}`, changed)).toBeGreaterThanOrEqual(500)
    const late = signedNotification(outStart(outId(), another), ZADARMA.secret ?? '')
    await notify(late.headers, late.body)
    await service.sql('drop trigger tell on calls')

    const log = lines.join('')
    const dump = await everyRow()
    const files = await everyFile()
    const secrets = [KEY, wrongKey, password, cookie, ZADARMA.secret ?? '', ZADARMA.key ?? '']
    for (const secret of secrets) {
      for (const [where, text] of Object.entries({ log, answers: answers.join('\n'), dump, files })) {
        expect(text.includes(secret), `${secret} in ${where}`).toBe(false)
      }
    }
    for (const text of [log, answers.join('\n')]) expect(text).not.toContain(toldByDatabase)
    for (const one of numbers) expect(log).not.toContain(one.slice(3))
    // The control: both were told, and the dump has what it is to have.
    expect(told.join('')).toContain(number)
    expect(told.join('')).toContain(toldByDatabase)
    expect(log).toContain(`…${number.slice(-3)}`)
    expect(dump).toContain(number)
  })

  async function everyRow(): Promise<string> {
    const tables = await service.sql<{ name: string }>(
      `select format('%I', tablename) as name from pg_tables where schemaname = 'public'`,
    )
    const texts = await Promise.all(
      tables.map(async ({ name }) => {
        const rows = await service.sql<{ row: string }>(`select t::text as row from ${name} t`)
        // What the PBX and mailboxes sent is kept byte for byte, which is written in hexadecimal digits.
        return rows
          .map(
            ({ row }) =>
              `${row} ${row.replace(/\\\\?x([0-9a-f]+)/g, (_, hex: string) => Buffer.from(hex, 'hex').toString())}`,
          )
          .join('\n')
      }),
    )
    return texts.join('\n')
  }

  async function everyFile(): Promise<string> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
    return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n')
  }
})

import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import pino from 'pino'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLog, masked } from '../src/log.ts'
import { hashToken } from '../src/people/sessions.ts'
import { parseSmtpUrl } from '../src/people/smtp.ts'
import { ZADARMA } from './doors.ts'
import { type Browser, logIn, openBrowser, tokenOf, totp } from './people.ts'
import { everyRow } from './secrets-search.ts'
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
    ['{"cookie":"a=b; __Host-first_call=x.y%3D"}', '{"cookie":"a=b; __Host-first_call=…"}'],
    ['first_call=x.y; first_call_two_factor=x', 'first_call=…; first_call_two_factor=…'],
    ['to https://crm.example.com/accept#token=x-y_z.', 'to https://crm.example.com/accept#token=…'],
    ['otpauth://totp/x?secret=ABC&digits=6', 'otpauth://totp/x?secret=…&digits=6'],
  ])('%s: it has no key and no password', (line, expected) => {
    expect(masked(line)).toBe(expected)
  })
})

const cookieIn = ({ cookies }: Browser, name: string): string => decodeURIComponent(cookies.get(name) ?? '')

describe('a run with faults', () => {
  let database: TestDatabase
  let service: TestService
  let folder: string
  let smtp: SMTPServer
  const lines: string[] = []
  /** What is told, before it is masked: the control. */
  const told: string[] = []
  const answers: string[] = []

  const cookie = `planted-${randomBytes(16).toString('hex')}`
  const wrongKey = `fc_${randomBytes(32).toString('base64url')}`
  const password = `planted-${randomBytes(16).toString('hex')}`
  /** What no database would say, but where it is made to. */
  const toldByDatabase = `planted-${randomBytes(16).toString('hex')}`
  const authSecret = `planted-${randomBytes(16).toString('hex')}`
  const smtpPassword = `planted-${randomBytes(16).toString('hex')}`
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
    smtp = new SMTPServer({
      hideSTARTTLS: true,
      allowInsecureAuth: true,
      // Servers have said worse.
      onAuth: ({ password }, _, done) => done(new Error(`${password} is not the password`)),
    })
    await once(smtp.listen(0, '127.0.0.1'), 'listening')
    const { port } = smtp.server.address() as AddressInfo
    const server = parseSmtpUrl(`smtp://crm:${smtpPassword}@127.0.0.1:${port}`)
    if ('fault' in server) throw new Error(server.fault)
    service = await createTestService({
      ...database,
      log,
      recordingsDir: folder,
      mailsDir: folder,
      people: { secret: authSecret, mail: { smtp: server, from: 'crm@example.com' } },
    })
    await service.sql(`
      create function tell() returns trigger language plpgsql as $$
      begin raise exception 'the number % (Bearer ${toldByDatabase}) of postgres://x:${toldByDatabase}@db is refused', new.phone_number; end $$`)
  })

  afterAll(async () => {
    await service.close()
    await new Promise<void>((resolve) => smtp.close(resolve))
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
    const dump = await rows()
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

  it('tells nothing by which somebody could be somebody else', async () => {
    // Each thing that opens something, by what it is.
    const secrets: Record<string, string> = { authSecret, smtpPassword }
    const errors: string[] = []
    const browser = openBrowser(service.app)
    const post = async (url: string, body: object, at = browser) => {
      const answer = await at.post(`/api/auth/${url}`, body)
      if (answer.status >= 400) errors.push(`${JSON.stringify(answer.headers)} ${JSON.stringify(answer.body)}`)
      return answer
    }
    const email = 'ana@example.com'
    const made = await service.request('POST', '/api/admin/users', { email, role: 'agent', name: 'Ana' })
    // It was not mailed, and why is told in the server's words.
    expect(made.body.link.fault).toContain('is not the password')
    errors.push(made.body.link.fault)
    secrets.invitation = tokenOf(made.body.link.url)
    secrets.weakPassword = randomBytes(8).toString('hex').slice(0, 11)
    const accept = (token: string, given: string) => post('accept', { token, password: given })
    expect((await accept(secrets.invitation, secrets.weakPassword)).status).toBe(422)
    secrets.password = `planted ${randomBytes(16).toString('hex')}`
    expect((await accept(secrets.invitation, secrets.password)).status).toBe(204)
    secrets.wrongPassword = `planted ${randomBytes(16).toString('hex')}`
    expect((await logIn(browser, email, secrets.wrongPassword)).status).toBe(401)
    expect((await logIn(browser, email, secrets.password)).status).toBe(200)
    secrets.firstSession = cookieIn(browser, 'first_call')
    const { body: factor } = await post('two-factor/enable', { password: secrets.password })
    secrets.uri = factor.totp_uri
    secrets.base32 = new URL(factor.totp_uri).searchParams.get('secret') ?? ''
    const backupCode: string = factor.backup_codes[0]
    secrets.backupCode = backupCode
    expect((await post('two-factor/verify-totp', { code: totp(factor.totp_uri, -1) })).status).toBe(204)
    secrets.session = cookieIn(browser, 'first_call')
    const next = openBrowser(service.app)
    expect((await logIn(next, email, secrets.password)).body).toEqual({ two_factor_required: true })
    secrets.challenge = cookieIn(next, 'first_call_two_factor')
    expect((await post('two-factor/verify-backup-code', { code: backupCode.toUpperCase() }, next)).status).toBe(401)
    secrets.reset = tokenOf((await service.request('POST', `/api/admin/users/${made.body.id}/reset`, {})).body.link.url)
    // From here on the database refuses every session, with all that it was given.
    await service.sql(`
      create function tell_all() returns trigger language plpgsql as $$
      begin raise exception 'no %', new using detail = new::text; end $$`)
    await service.sql('create trigger tell before insert on user_sessions for each row execute function tell_all()')
    expect((await post('two-factor/verify-totp', { code: totp(factor.totp_uri) }, next)).status).toBeGreaterThanOrEqual(
      500,
    )
    await service.sql('drop trigger tell on user_sessions')

    expect((await browser.get('/api/admin/users')).status).toBe(403)

    const [log, dump] = [lines.join(''), await rows()]
    // What was tried is told, and by whom what is not allowed.
    for (const status of [200, 401]) {
      expect(log).toContain(`"url":"/api/auth/sign-in/email","status":${status},"msg":"somebody logs in or out"`)
    }
    expect(log).toContain(
      `"who":"user:${made.body.id}","method":"GET","url":"/api/admin/users","msg":"a request is not allowed"`,
    )
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret.length, name).toBeGreaterThanOrEqual(11)
      // A cookie is a token and its signature.
      for (const part of secret.split('.')) {
        for (const [where, text] of Object.entries({ log, errors: errors.join('\n'), dump })) {
          expect(text.includes(part), `${name} in ${where}`).toBe(false)
        }
      }
    }
    // The control: the fault was told, and of what opens something there are the hashes.
    expect(told.join('')).toContain('tell_all')
    expect(dump).toContain(hashToken(secrets.session.split('.')[0] ?? ''))
  })

  const rows = () => everyRow((text) => service.database.general.query(text))

  async function everyFile(): Promise<string> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
    return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n')
  }
})

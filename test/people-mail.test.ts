import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseSmtpUrl, type SmtpConfig } from '../src/people/smtp.ts'
import { openBrowser, PASSWORD, tokenOf } from './people.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* Links by e-mail, to a real server in this process. */

let database: TestDatabase
let server: SMTPServer
let service: TestService
/** Who has told a password. */
const names: string[] = []
const mails: { from: string; to: string[]; raw: Buffer }[] = []

/** A service that sends by this address. */
function servedBy(url: string, elsewhere: Partial<SmtpConfig> = {}): Promise<TestService> {
  const smtp = parseSmtpUrl(url)
  if ('fault' in smtp) throw new Error(smtp.fault)
  return createTestService({
    ...database,
    people: { mail: { smtp: { ...smtp, ...elsewhere }, from: 'crm@example.com' } },
  })
}

beforeAll(async () => {
  database = await createTestDatabase()
  const read = (file: string) => readFile(path.join(import.meta.dirname, 'mailbox', file), 'utf8')
  const [cert, key] = await Promise.all([read('certificate.pem'), read('key.pem')])
  server = new SMTPServer({
    cert,
    key,
    authOptional: true,
    onAuth: ({ username }, _, done) => {
      names.push(username ?? '')
      done(null, { user: username ?? '' })
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks),
        })
        done()
      })
    },
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  service = await servedBy(`smtp://127.0.0.1:${portOf(server.server)}`)
})

const portOf = (listening: { address(): unknown }): number => (listening.address() as AddressInfo).port

afterAll(async () => {
  await service.close()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  await database.drop()
})

it('an invitation is mailed in Spanish and English, and nobody else gets to see its link', async () => {
  const made = await service.request('POST', '/api/admin/users', {
    email: 'luz@example.com',
    name: 'Luz "Mora" <x@evil.example>',
    role: 'agent',
  })
  expect(made.body.link).toMatchObject({ kind: 'invitation', url: null, fault: null })
  const [mail] = mails.splice(0)
  expect(mail).toMatchObject({ from: 'crm@example.com', to: ['luz@example.com'] })
  const { subject, text = '', html } = await simpleParser(mail?.raw ?? '')
  expect([subject, html]).toEqual(['Invitación a First Call / Invitation to First Call', false])
  expect(text).toMatch(/Pon tu contraseña aquí:.*Set your password here:/s)
  const links = text.match(/^http:\S+$/gm) ?? []
  expect([links.length, new Set(links).size]).toEqual([2, 1])
  const accepted = await openBrowser(service.app).post('/api/auth/accept', {
    token: tokenOf(links[0] ?? ''),
    password: PASSWORD,
  })
  expect(accepted.status).toBe(204)
  await service.request('POST', `/api/admin/users/${made.body.id}/reset`, {})
  expect((await simpleParser(mails.splice(0)[0]?.raw ?? '')).text).toMatch(/Set a new password/)
})

it('a link that could not be mailed is shown to whoever asked for it, with what is wrong', async () => {
  const closed = net.createServer()
  await once(closed.listen(0, '127.0.0.1'), 'listening')
  const port = portOf(closed)
  await new Promise((resolve) => closed.close(resolve))
  const without = await servedBy(`smtp://127.0.0.1:${port}`)
  const made = await without.request('POST', '/api/admin/users', {
    email: 'gil@example.com',
    name: 'Gil',
    role: 'viewer',
  })
  await without.close()
  expect(made).toMatchObject({
    status: 201,
    body: {
      link: {
        url: expect.stringContaining('#token='),
        fault: expect.stringMatching(/^The e-mail was not sent: connect ECONNREFUSED .*\.$/),
      },
    },
  })
})

it('elsewhere than on this machine a server has to offer TLS, with a certificate that is trusted', async () => {
  const plain = new SMTPServer({ disabledCommands: ['STARTTLS'], authOptional: true })
  await once(plain.listen(0, '127.0.0.1'), 'listening')
  const faults: string[] = []
  for (const port of [portOf(plain.server), portOf(server.server)]) {
    const refused = await servedBy(`smtp://ana%40example.com:geheim%2F1@127.0.0.1:${port}`, { isTlsNeeded: true })
    const email = `ana-${port}@example.com`
    const made = await refused.request('POST', '/api/admin/users', { email, name: 'Ana', role: 'viewer' })
    faults.push(made.body.link.fault)
    await refused.close()
  }
  await new Promise<void>((resolve) => plain.close(() => resolve()))
  // The certificate of the tests is its own authority.
  expect(faults).toEqual([expect.stringMatching(/STARTTLS/), expect.stringMatching(/self-signed certificate/)])
  expect([mails, names]).toEqual([[], []])
})

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pino from 'pino'
import { expect, it } from 'vitest'
import { secretOf } from '../src/people/secret.ts'
import { commandLineOn } from './command-line.ts'
import { makeKey } from './keys.ts'
import { elsewhere, invite, logIn, openBrowser, PASSWORD, totp } from './people.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* People come along with an export: who is restored logs in as before, with password and second factor. */

/** A service with the secret that is in its database. */
async function startOn(
  database: TestDatabase,
  onLog: (line: string) => unknown = () => undefined,
): Promise<TestService> {
  const probe = await createTestService(database)
  const secret = await secretOf(probe.database, null)
  await probe.close()
  const log = pino({ level: 'error' }, { write: (line: string) => onLog(line) })
  return createTestService({ ...database, people: { secret }, log })
}

it('an admin who is restored logs in with password and code; sessions and links stay behind', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-people-'))
  const [from, to] = [await createTestDatabase(), await createTestDatabase()]
  const first = await startOn(from)
  const { email, token, id } = await invite(first, { role: 'admin' })
  const browser = openBrowser(first.app)
  await browser.post('/api/auth/accept', { token, password: PASSWORD })
  expect((await logIn(browser, email)).status).toBe(200)
  const { totp_uri: uri, backup_codes: codes } = (
    await browser.post('/api/auth/two-factor/enable', { password: PASSWORD })
  ).body
  expect((await browser.post('/api/auth/two-factor/verify-totp', { code: totp(uri, -1) })).status).toBe(204)
  const waiting = await invite(first)
  const { key } = await makeKey(first, { user_id: id })
  const file = path.join(folder, 'all.jsonl')
  expect((await commandLineOn(from, folder)(['export', file])).code).toBe(0)
  expect(await readFile(file, 'utf8')).not.toMatch(/"table":"(user_sessions|user_links|user_verifications)"/)

  // A first start, whose secret is another one.
  const told: string[] = []
  const before = await startOn(to, (line) => told.push(line))
  const restored = await commandLineOn(to, folder)(['import', '--restore', file])
  expect(restored).toMatchObject({ code: 0, stderr: expect.stringMatching(/has to be started anew.*AUTH_SECRET/) })
  const second = await startOn(to)
  expect((await elsewhere(browser, second).get('/api/me')).status).toBe(401)
  const again = openBrowser(second.app)
  expect((await logIn(again, email)).body).toEqual({ two_factor_required: true })
  expect((await again.post('/api/auth/two-factor/verify-totp', { code: totp(uri) })).status).toBe(204)
  expect((await again.get('/api/admin/users')).body.data).toHaveLength(2)
  const byCode = openBrowser(second.app)
  await logIn(byCode, email)
  expect((await byCode.post('/api/auth/two-factor/verify-backup-code', { code: codes[0] })).status).toBe(204)
  const bearer = { authorization: `Bearer ${key}` }
  expect((await second.request('GET', '/api/me', undefined, bearer)).body).toMatchObject({ id, email })
  const accepting = { token: waiting.token, password: PASSWORD }
  expect((await openBrowser(second.app).post('/api/auth/accept', accepting)).status).toBe(422)
  const made = await second.request('POST', `/api/admin/users/${waiting.id}/reset`, {})
  expect(made.body.link.kind).toBe('invitation')

  // A control: without the secret that came along no code is right.
  const otherwise = openBrowser(before.app)
  await logIn(otherwise, email)
  await second.sql('delete from used_codes')
  expect((await otherwise.post('/api/auth/two-factor/verify-totp', { code: totp(uri) })).status).toBe(500)
  expect(told.join('')).toMatch(/A second factor cannot be read.*AUTH_SECRET.*--two-factor/)

  for (const service of [first, before, second]) await service.close()
  for (const database of [from, to]) await database.drop()
  await rm(folder, { recursive: true })
})

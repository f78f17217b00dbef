import path from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCommandLine } from '../src/cli/run.ts'
import { invited, openBrowser, PASSWORD, tokenOf } from './people.ts'
import { urlTo } from './postgres.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

let database: TestDatabase
let service: TestService

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

async function run(...args: string[]) {
  const texts = { stdout: '', stderr: '' }
  const streamTo = (name: keyof typeof texts) =>
    new Writable({
      write: (chunk: Buffer, _, done) => {
        texts[name] += chunk.toString('utf8')
        done()
      },
    }) as NodeJS.WritableStream as NodeJS.WriteStream
  const code = await runCommandLine({
    args: ['user', ...args],
    env: { DATABASE_URL: urlTo(database.connection), PUBLIC_URL: 'https://crm.example.com' },
    rootDir: path.resolve(import.meta.dirname, '..'),
    output: streamTo('stdout'),
    messages: streamTo('stderr'),
    signal: new AbortController().signal,
  })
  return { code, ...texts }
}

it('people are added, listed, changed and let in by the command line', async () => {
  await invited(service, { email: 'admin@example.com', role: 'admin' })
  const added = await run('add', 'Luz@example.com', '--name', 'Luz Gil', '--role', 'agent')
  expect(added).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^https:\/\/crm\.example\.com\/accept#token=\S{43}\n$/),
  })
  expect(added.stderr).toMatch(/^Invitation for luz@example\.com: once, until /)
  expect(await run('add', 'luz@example.com', '--name', 'Luz', '--role', 'agent')).toMatchObject({
    code: 1,
    stderr: 'There is a person with the address luz@example.com. first-call user reset gives them a new link.\n',
  })
  const browser = openBrowser(service.app)
  await browser.post('/api/auth/accept', { token: tokenOf(added.stdout.trim()), password: PASSWORD })
  expect(await run('role', 'luz@example.com', 'manager')).toMatchObject({
    code: 0,
    stderr: 'luz@example.com is manager now.\n',
  })
  expect((await run('disable', 'luz@example.com')).code).toBe(0)
  expect((await run('list')).stdout).toMatch(
    /^E-MAIL .*\nluz@example\.com +Luz Gil +manager +no +disabled\nadmin@example\.com .* may log in\n$/,
  )
  expect((await run('reset', 'luz@example.com')).stderr).toMatch(/first-call user enable/)
  expect((await run('enable', 'luz@example.com')).code).toBe(0)
  const reset = await run('reset', 'luz@example.com', '--json')
  expect(JSON.parse(reset.stdout)).toMatchObject({
    email: 'luz@example.com',
    invited: false,
    link: { kind: 'reset', fault: null },
  })
  expect(await run('disable', 'admin@example.com')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^Nobody else can log in as an admin/),
  })
})

it.each([
  [['add', 'luz', '--name', 'Luz', '--role', 'agent'], 'It is no e-mail address.'],
  [['add', 'mora@example.com', '--name', 'Mora'], '--role'],
  [['role', 'luz@example.com', 'boss'], 'It is one of admin, manager, agent, viewer.'],
])('user %j is used wrongly, and told so', async (args, words) => {
  const { code, stderr } = await run(...args)
  expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
})

it('nobody is nobody', async () => {
  expect(await run('disable', 'nobody@example.com')).toMatchObject({
    code: 1,
    stderr: 'There is no person with the address nobody@example.com.\n',
  })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { erasureChore } from '../src/erasure/chore.ts'
import { STEPS } from '../src/erasure/erase.ts'
import { tellFigures } from './figures.ts'
import { countsOf, filesIn, knownEverywhere, type Person, tracesOf } from './person.ts'
import { urlTo } from './postgres.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* S11: an erasing that is killed, wherever that is, is ended by itself. */

/** None here beside those of one after the other; more by the environment. */
const KILLS = Number(process.env.S11_KILLS ?? 0)
const NEVER = new AbortController().signal

let database: TestDatabase
let service: TestService
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-erase-kills-'))
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

async function killedAt({ contactId }: Person, where: { STEP: string } | { STATEMENT: string }): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    BUILT: inject('built'),
    DATABASE_URL: urlTo(database.connection),
    FOLDER: folder,
  }
  const script = path.join(import.meta.dirname, 'erase-kill.mjs')
  const child = spawn(process.execPath, [script], {
    env: { ...env, CONTACT: contactId, ...where },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text
  })
  const [, signal] = await once(child, 'close')
  await service.sql(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'first-call' and state <> 'idle' and pid <> pg_backend_pid()`)
  return signal ?? printed
}

/** What is left to do is done by the chore, once the one who died is given up. */
async function goOn(): Promise<void> {
  const chore = erasureChore({ database: { query: service.database.chores }, mails: service.mails })
  expect(await chore.work(NEVER)).toBe(false)
  await service.sql(`update erasures set due_at = now() - interval '1 second' where cleaned_at is null`)
  while (await chore.work(NEVER));
}

const EVERYWHERE = [...STEPS.map(({ name }) => ({ STEP: name })), { STEP: 'end' }]
const FEW = ['calls', 'values of the audit', 'end'].map((name) => ({ STEP: name }))
const anywhere = () => ({ STATEMENT: String(1 + Math.floor(Math.random() * 70)) })

it('killed before its steps, one after the other, it is ended by the chore', async () => {
  const person = await knownEverywhere(service, database, folder)
  const counts = await countsOf(service)
  for (const where of KILLS > 0 ? EVERYWHERE : FEW) expect(await killedAt(person, where), where.STEP).toBe('SIGKILL')
  // Control: it was not done, as the numbers are still there by which it is found.
  expect(await tracesOf(person, service, folder)).toContain('erasures.sought: number')
  expect((await service.request('GET', `/api/crm/contacts/${person.contactId}`)).status).toBe(410)
  await goOn()
  expect(await tracesOf(person, service, folder)).toEqual([])
  expect(await filesIn(folder, 'recordings')).toEqual([])
  expect(await countsOf(service)).toEqual(counts)
})

async function killedAnywhere(): Promise<void> {
  const places: string[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const person = await knownEverywhere(service, database, folder)
    const counts = await countsOf(service)
    const where = (KILLS > EVERYWHERE.length ? EVERYWHERE[kill] : undefined) ?? anywhere()
    places.push(Object.values(where).join())
    const ended = await killedAt(person, where)
    expect(ended, places.at(-1)).toMatch(/^SIGKILL$|^alive after \d+ statements\n$/)
    const isAsked = (await service.sql('select from erasures where contact_id = $1', [person.contactId])).length > 0
    await goOn()
    // Before it is asked for, nothing is gone.
    const left = await tracesOf(person, service, folder)
    if (isAsked) expect(left, places.at(-1)).toEqual([])
    else expect(left).toContain('contacts.name: name')
    expect(await countsOf(service)).toEqual(counts)
  }
  tellFigures('S11', `${KILLS} kills at ${places.join(', ')}`)
}

if (KILLS > 0) {
  it(`killed ${KILLS} times, each time another, anywhere`, killedAnywhere, KILLS * 10_000 + 30_000)
}

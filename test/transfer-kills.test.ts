import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { commandLineOn, environmentOf } from './command-line.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* An import that is killed in the middle, and run again, comes to what a clean run comes to. */

/** Short here; more by IMPORT_KILLS. */
const KILLS = Number(process.env.IMPORT_KILLS ?? 1)
const CONTACTS = 200
const CALLS = 600 * (KILLS + 1)

let folder: string
let killed: TestDatabase
let clean: TestDatabase
let service: TestService

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-kills-'))
  killed = await createTestDatabase()
  clean = await createTestDatabase()
  service = await createTestService(killed)
  const opportunities = Array.from({ length: CONTACTS }, (_, contact) => `O${contact},C${contact}`)
  await writeFile(path.join(folder, 'opportunities.csv'), `id,contact_id\n${opportunities.join('\n')}\n`)
  const start = Date.parse('2025-01-01T10:00:00Z')
  const statuses = ['no_answer', 'busy', 'rejected', '', 'answered']
  // Half of them with an id, half without; each contact has more than five.
  const calls = Array.from({ length: CALLS }, (_, call) => {
    const time = new Date(start + call * 60_000).toISOString()
    return `${call % 2 === 0 ? `L${call}` : ''},C${(call * 7) % CONTACTS},outbound,${statuses[call % 5]},${time}`
  })
  await writeFile(
    path.join(folder, 'calls.csv'),
    `id,contact_id,direction,call_status,started_at\n${calls.join('\n')}\n`,
  )
})

afterAll(async () => {
  await service.close()
  await killed.drop()
  await clean.drop()
  await rm(folder, { recursive: true })
})

const command = (kind: string) => ['import', kind, path.join(folder, `${kind}.csv`)]
const callsIn = async (): Promise<number> =>
  (await service.sql<{ count: number }>('select count(*) from calls'))[0]?.count ?? 0

/** All that an import decides; when it was written, and in how many steps, is not. */
async function stateOf(database: TestDatabase) {
  const one = await createTestService(database)
  const opportunities = await one.sql(
    'select id, contact_id, status, first_call_attempts from lead_opportunities order by id',
  )
  const calls = await one.sql(
    `select id, entity_id, direction, call_status, started_at, sources, outcome, opportunity_id, pending_since
     from calls order by id`,
  )
  await one.close()
  return { opportunities, calls }
}

it(`${KILLS} kills in the middle leave no trace once it is run again`, async () => {
  const cleanly = commandLineOn(clean, path.join(folder, 'clean'))
  await cleanly(command('opportunities'))
  expect(await cleanly(command('calls'))).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`: ${CALLS} created`),
  })

  const run = commandLineOn(killed, path.join(folder, 'killed'))
  await run(command('opportunities'))
  for (let kill = 0; kill < KILLS; kill++) {
    const before = await callsIn()
    const importing = spawn(process.execPath, [path.join(inject('built'), 'dist/cli.js'), ...command('calls')], {
      env: { PATH: process.env.PATH, ...environmentOf(killed, path.join(folder, 'killed')) },
      stdio: 'ignore',
    })
    const ended = once(importing, 'close')
    while ((await callsIn()) === before);
    importing.kill('SIGKILL')
    await ended
    const after = await callsIn()
    // (control) It was killed in the middle: something was done, and not all of it.
    expect(after).toBeGreaterThan(before)
    expect(after).toBeLessThan(CALLS)
  }
  // What the killed process had sent may still be written.
  await service.sql(`select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`)
  const there = await callsIn()
  const last = await run(command('calls'))
  expect(last.stdout).toContain(`${CALLS} lines: ${CALLS - there} created, ${there} already there, 0 rejected.`)
  expect(await stateOf(killed)).toEqual(await stateOf(clean))
})

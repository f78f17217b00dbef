import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runCommandLine } from '../src/cli/run.ts'
import { beginRun, findRun, takeUpRun } from '../src/history/runs.ts'
import { EVERYTHING, oldCall, opportunityOf, outcomesOf, versions } from './history.ts'
import { urlTo } from './postgres.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

/* `first-call sync`, as an operator runs it. */

let database: TestDatabase
let service: TestService
let contact: string
let calls: string[]

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
})

/** Seven calls, the first from before its opportunity. */
beforeEach(async () => {
  await service.sql('truncate sync_runs, calls, lead_opportunities cascade')
  contact = randomUUID()
  calls = []
  for (const minute of [-1, 1, 2, 3, 4, 5, 6]) calls.push(await oldCall(service, contact, minute))
  await opportunityOf(service, contact, 0)
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

/** @param onMessage told of what is written beside the answer */
async function run(
  args: string,
  isWatched = false,
  onMessage: (text: string, ending: AbortController) => void = () => undefined,
) {
  const ending = new AbortController()
  const texts = { stdout: '', stderr: '' }
  const streamTo = (name: keyof typeof texts, tell: (text: string) => void) => {
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => {
        texts[name] += chunk.toString('utf8')
        tell(chunk.toString('utf8'))
        done()
      },
    })
    return Object.assign(stream, { isTTY: isWatched, columns: 120 }) as unknown as NodeJS.WriteStream
  }
  const code = await runCommandLine({
    args: args.split(' '),
    env: { DATABASE_URL: urlTo(database.connection), NO_COLOR: '1' },
    rootDir: path.resolve(import.meta.dirname, '..'),
    output: streamTo('stdout', () => undefined),
    messages: streamTo('stderr', (text) => onMessage(text, ending)),
    signal: ending.signal,
  })
  return { code, ...texts }
}

describe('first-call sync', () => {
  it('says what became of the calls, and the second time that there was nothing to do', async () => {
    const { code, stdout, stderr } = await run('sync')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      new RegExp(
        [
          '^registered          5',
          'limit_reached       1  their opportunity has five attempts',
          'before_opportunity  1  left as they are; --before-opportunity takes them',
          'failed              0',
          'calls               7  in \\d+\\.\\d s\\n$',
        ].join('\\n'),
      ),
    )
    const before = await versions(service)
    expect((await run('sync')).stdout).toMatch(/^registered +0\n/)
    expect(await versions(service)).toEqual(before)
  })

  it('is told to machines as JSON, with the run that everybody can ask for', async () => {
    const { stdout } = await run(
      `sync --json --before-opportunity --contact ${contact.toUpperCase()} --from 2025-01-29`,
    )
    const told = JSON.parse(stdout)
    const counts = { seen: 7, registered: 5, before_opportunity: 0, turned_away: { limit_reached: 2 }, failed: 0 }
    expect(told).toEqual({
      id: expect.any(String),
      dry_run: false,
      ...counts,
      failures: [],
      seconds: expect.any(Number),
    })
    const { body } = await service.request('GET', `/api/crm/sync/${told.id}`)
    expect(body).toMatchObject({
      ...counts,
      state: 'done',
      options: { contact, from: '2025-01-28T23:00:00Z', before_opportunity: true, dry_run: false, batch: 1_000 },
    })
    expect(await outcomesOf(service, calls.slice(0, 1))).toEqual([['registered', 1]])
  })

  it('writes nothing in a dry run, no run either', async () => {
    const before = await versions(service)
    const { stdout } = await run('sync --dry-run')
    expect(stdout).toMatch(/^would be registered +5\n/)
    expect(stdout).toMatch(/\ncalls, nothing written +7 {2}in/)
    expect(await versions(service)).toEqual(before)
    expect(await service.sql('select from sync_runs')).toEqual([])
  })

  it('shows a bar with rate and time left where somebody watches, and takes it away', async () => {
    const { code, stderr } = await run('sync --batch 2', true)
    expect(code).toBe(0)
    expect(stderr).toMatch(/░ 0 % · 0 of 7 calls · /)
    // A bar is drawn so often at most; its last state is wiped.
    expect(stderr).toContain('\u001b[?25l')
    expect(stderr.slice(stderr.lastIndexOf('\u001b[?25h'))).not.toContain('calls')
  })

  it('ends in order when it is told to, and goes on from there with the same options, by hand only', async () => {
    const first = await run('sync --batch 1', true, (text, ending) => {
      if (text.includes('░')) ending.abort()
    })
    expect(first.stdout).toBe('')
    expect(first.stderr).toMatch(
      /Ended after \d calls?, which (is|are) done\. The same command goes on from there\.\n$/,
    )
    const [{ id, due } = { id: '', due: '' }] = await service.sql<{ id: string; due: string }>(
      'select id, due_at::text as due from sync_runs',
    )
    expect(due).toBe('infinity')
    const second = await run('sync')
    expect(second.stderr).toMatch(new RegExp(`^Goes on with the sync ${id}, which ended after \\d calls?\\.\n$`))
    expect(second.stdout).toMatch(/^registered +5\n/)
    expect(await findRun(service.database, id)).toMatchObject({ state: 'done', counts: { seen: 7 } })
  })

  it('leaves a sync alone that somebody is working on, and says when it may be taken up', async () => {
    const { id } = await beginRun(service.database, EVERYTHING)
    const { code, stdout, stderr } = await run('sync')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^The same sync is being worked on \\(${id}, 0 calls so far\\)\\. .* in \\d+ s;`))
    expect(await takeUpRun(service.database, EVERYTHING)).toMatchObject({ id, seen: 0 })
  })

  it('tells of a contact that cannot be done, passes over it, and has no success', async () => {
    const other = randomUUID()
    const good = await oldCall(service, other, 1)
    await opportunityOf(service, other, 0)
    await service.sql(
      `alter table lead_opportunities add constraint broken check (contact_id <> '${contact}' or revision = 1) not valid`,
    )
    try {
      const { code, stdout, stderr } = await run('sync --json')
      expect(code).toBe(1)
      expect(stderr).toMatch(
        new RegExp(`^The calls of the contact ${contact} could not be decided and are as they were: .*broken`),
      )
      expect(JSON.parse(stdout)).toMatchObject({
        seen: 8,
        registered: 1,
        failed: 7,
        failures: [{ contact_id: contact }],
      })
      expect(await outcomesOf(service, [good])).toEqual([['registered', 1]])
    } finally {
      await service.sql('alter table lead_opportunities drop constraint broken')
    }
  })

  it.each([
    ['sync --contact Ana', 'An id looks like'],
    ['sync --batch 0', 'whole number from 1 to 5000'],
    ['sync --from 2025-02-01 --to 2025-01-01', '--to must be later than --from'],
    ['sync --since 2025-02-01', "unknown option '--since'"],
  ])('%s is wrong usage', async (args, message) => {
    const { code, stdout, stderr } = await run(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })
})

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../src/database/database.ts'
import { syncWhereAsked } from '../src/history/chore.ts'
import { beginRun, claimRun, findRun, requestRun, saveProgress, takeUpRun } from '../src/history/runs.ts'
import { workOn } from '../src/history/work.ts'
import {
  at,
  between,
  EVERYTHING,
  makeLeads,
  oldCall,
  opportunityOf,
  outcomesOf,
  START,
  stateOf,
  syncAll,
} from './history.ts'
import { createTestDatabase, createTestService, SOMEBODY, type TestDatabase, type TestService } from './service.ts'

/* A run of the history sync: asked for over HTTP, worked on by any server, taken up where another has died. */

let database: TestDatabase
let service: TestService

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
})

beforeEach(() => service.sql('delete from sync_runs'))

afterAll(async () => {
  await service.close()
  await database.drop()
})

const LOG = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** What a server's chore does once. */
const server = (on: Database = service.database, signal = new AbortController().signal): Promise<boolean> =>
  syncWhereAsked({ database: on, metrics: service.metrics, log: LOG }, signal)

const leaseIsOver = () =>
  service.sql(`update sync_runs set due_at = now() - interval '1 second' where due_at < 'infinity'`)

it('a run’s end is in the audit, with what it came to', async () => {
  const contact = randomUUID()
  await oldCall(service, contact, 1)
  await opportunityOf(service, contact, 3)
  const { body } = await service.request('POST', '/api/crm/sync', { contact })
  while (await server());
  const entries = await service.sql('select who, action, before, after from audit where entity_id = $1 order by id', [
    body.id,
  ])
  const { state, counts } = (await findRun(service.database, body.id)) ?? {}
  expect(entries).toMatchObject([
    { action: 'sync.requested' },
    { who: 'sync', action: 'sync.finished', before: { state: 'running' }, after: { state, ...counts } },
  ])
})

describe('POST /api/crm/sync', () => {
  it('is done by a server, and told of under its address', async () => {
    const contact = randomUUID()
    const calls = [await oldCall(service, contact, 1), await oldCall(service, contact, 5)]
    await opportunityOf(service, contact, 3)
    const asked = { contact: contact.toUpperCase(), from: at(0), to: '2025-01-29T12:00:00+01:00' }
    const { status, body, headers } = await service.request('POST', '/api/crm/sync', asked)
    expect({ status, body, location: headers.location }).toEqual({
      status: 202,
      body: { id: expect.any(String) },
      location: `/api/crm/sync/${body.id}`,
    })
    const waiting = await service.request('GET', `/api/crm/sync/${body.id}`)
    expect(waiting).toMatchObject({
      status: 200,
      body: { state: 'waiting', seen: 0, started_at: null, finished_at: null },
    })
    expect(await server()).toBe(true)
    const done = await service.request('GET', `/api/crm/sync/${body.id}`)
    expect(done.body).toEqual({
      id: body.id,
      state: 'done',
      options: {
        contact,
        from: at(0).replace('.000', ''),
        to: '2025-01-29T11:00:00Z',
        before_opportunity: false,
        dry_run: false,
        batch: 500,
      },
      seen: 2,
      registered: 1,
      before_opportunity: 1,
      turned_away: {},
      failed: 0,
      created_at: expect.any(String),
      started_at: expect.any(String),
      finished_at: expect.any(String),
    })
    expect(await outcomesOf(service, calls)).toEqual([
      ['unknown_contact', null],
      ['registered', 1],
    ])
    expect(await server()).toBe(false)
    expect(await service.metrics.registry.metrics()).toContain('first_call_outcomes_total{outcome="registered"} 1')
  })

  it('takes a request without a body, and only counts where it is dry', async () => {
    const contact = randomUUID()
    const call = await oldCall(service, contact, 1)
    await opportunityOf(service, contact, 0)
    const { status } = await service.request('POST', '/api/crm/sync')
    expect(status).toBe(202)
    await service.sql('delete from sync_runs')
    const { body } = await service.request('POST', '/api/crm/sync', { dry_run: true, contact })
    await server()
    expect((await service.request('GET', `/api/crm/sync/${body.id}`)).body).toMatchObject({
      state: 'done',
      registered: 1,
    })
    expect(await outcomesOf(service, [call])).toEqual([['unknown_contact', null]])
  })

  it('tells every fault, and makes no run then', async () => {
    const faulty = { from: '2025-02-01', to: 7, contact: 'Ana', before_opportunity: 'yes', batch: 0, since: at(0) }
    const { status, body } = await service.request('POST', '/api/crm/sync?dry_run=true', faulty)
    const paths = body.errors.map((fault: { path: string }) => fault.path).sort()
    expect([status, paths]).toEqual([422, ['batch', 'before_opportunity', 'contact', 'dry_run', 'from', 'since', 'to']])
    const backwards = await service.request('POST', '/api/crm/sync', { from: at(1), to: at(1) })
    expect(backwards).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'to', message: 'is not later than from' }] },
    })
    expect(await service.sql('select from sync_runs')).toEqual([])
  })

  it('knows no sync that was not asked for', async () => {
    expect(await service.request('GET', `/api/crm/sync/${randomUUID()}`)).toMatchObject({ status: 404 })
    expect(await service.request('GET', '/api/crm/sync/first')).toMatchObject({ status: 400 })
  })
})

describe('a run', () => {
  it('is claimed by one server at a time, and by the next one when its lease is over', async () => {
    const id = await requestRun(service.database, EVERYTHING, SOMEBODY)
    const [first, second] = await Promise.all([claimRun(service.database), claimRun(service.database)])
    expect([first, second].filter((one) => one !== null)).toEqual([expect.objectContaining({ id, state: 'running' })])
    expect(await claimRun(service.database)).toBeNull()
    await leaseIsOver()
    const next = await claimRun(service.database)
    expect(next).toMatchObject({ id, state: 'running' })
    const dead = first ?? second
    // One that was only slow finds that it is not its own any more.
    expect(dead && (await saveProgress(service.database, { ...dead, counts: { ...dead.counts, seen: 99 } }))).toBe(
      false,
    )
    expect(next && (await saveProgress(service.database, next))).toBe(true)
    expect(await findRun(service.database, id)).toMatchObject({ counts: { seen: 0 } })
  })

  it('that a signal ends goes on at once with another server, where it was', async () => {
    await makeLeads(service, 30, 5)
    const id = await requestRun(service.database, { ...EVERYTHING, batch: 5 }, SOMEBODY)
    const ending = new AbortController()
    let chunks = 0
    const counting = between(service.database, ({ name, text }, ask) => {
      if (name === 'next_unheld' && ++chunks === 4) ending.abort()
      return ask(text)
    })
    expect(await server(counting, ending.signal)).toBe(true)
    const half = await findRun(service.database, id)
    expect(half).toMatchObject({ state: 'waiting', finished_at: null, counts: { failed: 0 } })
    expect(half?.counts.seen).toBeGreaterThan(0)
    const [left] = await service.sql<{ seen: number }>('select count(*)::int as seen from calls where outcome <> $1', [
      'registered',
    ])
    await server()
    const whole = await findRun(service.database, id)
    expect(whole).toMatchObject({ id, state: 'done' })
    expect(whole?.counts.seen).toBeGreaterThan(half?.counts.seen ?? 0)
    expect(left?.seen).toBeGreaterThan(0)
  })

  it('begun by hand is taken up by hand with the same options only, and by nobody while it is worked on', async () => {
    const mine = await beginRun(service.database, { ...EVERYTHING, batch: 7 })
    expect(await takeUpRun(service.database, EVERYTHING)).toEqual({
      id: mine.id,
      seen: 0,
      freeInSeconds: expect.any(Number),
    })
    expect(await takeUpRun(service.database, { ...EVERYTHING, from: START })).toBeNull()
    expect(await claimRun(service.database)).toBeNull()
    await leaseIsOver()
    expect(await takeUpRun(service.database, EVERYTHING)).toMatchObject({ id: mine.id, options: { batch: 7 } })
  })

  it('whose contacts could not all be decided has failed, and the next one tries them again', async () => {
    const contact = randomUUID()
    const call = await oldCall(service, contact, 1)
    const opportunity = await opportunityOf(service, contact, 0)
    const options = { ...EVERYTHING, contactId: contact }
    await service.sql(
      `alter table lead_opportunities add constraint broken check (id <> '${opportunity}' or revision = 1) not valid`,
    )
    const run = await beginRun(service.database, options)
    const failures: string[] = []
    await workOn(run, {
      database: service.database,
      atOnce: 1,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onFailure: ({ contactId }) => failures.push(contactId),
    })
    await service.sql('alter table lead_opportunities drop constraint broken')
    expect([failures, run.counts.failed]).toEqual([[contact], 1])
    expect(await syncAll(service.database, options)).toMatchObject({ registered: 1 })
    expect(await outcomesOf(service, [call])).toEqual([['registered', 1]])
  })
})

describe('R6: a server that dies over a run', () => {
  const LEADS = 25
  /** What one clean run comes to. */
  let clean: unknown

  beforeAll(async () => {
    clean = await onOwnDatabase(async (own) => {
      await syncAll(own.database, { batch: 5 })
      return stateOf(own)
    })
  })

  async function onOwnDatabase<Result>(act: (own: TestService) => Promise<Result>): Promise<Result> {
    const other = await createTestDatabase()
    const own = await createTestService(other)
    try {
      await makeLeads(own, LEADS, 13)
      return await act(own)
    } finally {
      await own.close()
      await other.drop()
    }
  }

  /** Whoever asks for the third time dies: before it is carried out, or after. */
  function dying(on: Database, when: RegExp, how: 'before' | 'after'): { database: Database; died: Promise<void> } {
    let times = 0
    let isDead = (): void => undefined
    const died = new Promise<void>((resolve) => {
      isDead = resolve
    })
    const mortal = between(on, async ({ name, text }, ask) => {
      const isLast = when.test(name) && ++times >= 3
      const answer = isLast && how === 'before' ? null : await ask(text)
      if (!isLast) return answer
      isDead()
      return new Promise(() => undefined)
    })
    return { database: mortal, died }
  }

  it.each([
    ['before it looks for calls', /^next_unheld/, 'before'],
    ['before it reads', /^read_unheld/, 'before'],
    ['between reading and writing', /^write_/, 'before'],
    ['after the write, before that is kept', /^write_/, 'after'],
  ] as const)('%s leaves what another brings to the state of one clean run', async (_, when, how) => {
    const state = await onOwnDatabase(async (own) => {
      const id = await requestRun(own.database, { ...EVERYTHING, batch: 5 }, SOMEBODY)
      const { database: mortal, died } = dying(own.database, when, how)
      const options = { metrics: own.metrics, log: LOG }
      // What the dead would have to say is heard by nobody.
      syncWhereAsked({ ...options, database: mortal }, new AbortController().signal).catch(() => undefined)
      await died
      await own.sql(`update sync_runs set due_at = now() - interval '1 second'`)
      await syncWhereAsked({ ...options, database: own.database }, new AbortController().signal)
      expect(await findRun(own.database, id)).toMatchObject({ state: 'done' })
      return stateOf(own)
    })
    expect(state).toEqual(clean)
  })

  it('control: one that notes its progress before the work leaves calls undone', async () => {
    const state = await onOwnDatabase(async (own) => {
      await requestRun(own.database, { ...EVERYTHING, batch: 5 }, SOMEBODY)
      const run = await claimRun(own.database)
      if (run === null) throw new Error('there is no run')
      const [last] = await own.sql<{ entity_id: string }>(
        'select entity_id from calls order by entity_id offset 20 limit 1',
      )
      run.reached = {
        contactId: last?.entity_id ?? '',
        happenedAt: 'infinity',
        createdAt: 'infinity',
        callId: randomUUID(),
      }
      await saveProgress(own.database, run)
      await own.sql(`update sync_runs set due_at = now() - interval '1 second'`)
      await syncWhereAsked({ metrics: own.metrics, log: LOG, database: own.database }, new AbortController().signal)
      return stateOf(own)
    })
    expect(state).not.toEqual(clean)
  })
})

import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { watchPending } from '../src/attempts/sweep.ts'
import { createMetrics } from '../src/metrics.ts'
import type { Gate } from './gate.ts'
import { timed } from './pace.ts'
import type { Answer, TestService } from './service.ts'
import {
  attemptsOf,
  callTo,
  drain,
  everything,
  type Lead,
  newLead,
  onStage,
  post,
  registered,
  type Stage,
  savedTogether,
  unaccounted,
} from './stage.ts'

/*
 * R2, R4, R12: whatever happens while an attempt is registered, the call is saved and the attempt comes later; and
 * where the database does not answer at all, nothing is promised. Every fault is real: in the database, or on the way
 * to it.
 */

const ANSWERED_WITHIN_MS = 2_200
const SAVED_WITHIN_MS = 2_000

// ── R2 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A fault that lasts until it is ended. */
type LastingFault = (stage: Stage) => Promise<() => Promise<unknown>>

/** Whoever writes an opportunity runs into this PL/pgSQL. */
function onWriting(body: string): LastingFault {
  return async ({ direct }) => {
    await direct.query(`
      create table obstacle ();
      create function fault() returns trigger language plpgsql as $$ begin ${body}; return new; end $$;
      create trigger fault before insert or update on lead_opportunities for each row execute function fault()`)
    return () => direct.query('drop trigger fault on lead_opportunities; drop function fault; drop table obstacle')
  }
}

const raising = (state: string): LastingFault =>
  onWriting(`raise exception 'a fault for the test' using errcode = '${state}'`)

/** The same while another session holds the obstacle. */
function besideHeldObstacle(body: string): LastingFault {
  return async (stage) => {
    const end = await onWriting(body)(stage)
    await stage.direct.query('begin; lock table obstacle in access exclusive mode')
    return async () => {
      await stage.direct.query('commit')
      await end()
    }
  }
}

const LASTING: [string, LastingFault][] = [
  ['a unique key', raising('23505')],
  ['a check', onWriting('new.first_call_completed := not new.first_call_completed')],
  ['a foreign key', raising('23503')],
  ['an error in a function', onWriting('perform 1 / 0')],
  [
    'a missing table',
    async ({ direct }) => {
      await direct.query('alter table lead_opportunities rename to mislaid')
      return () => direct.query('alter table mislaid rename to lead_opportunities')
    },
  ],
  [
    'a lock time-out',
    besideHeldObstacle(`perform set_config('lock_timeout', '50ms', true); lock table obstacle in access share mode`),
  ],
  ['a statement time-out', onWriting('perform pg_sleep(30)')],
  ['NOWAIT', besideHeldObstacle('lock table obstacle in access share mode nowait')],
  ['a deadlock', raising('40P01')],
  ['a serialisation failure', raising('40001')],
  ['a cancelled statement', onWriting('perform pg_cancel_backend(pg_backend_pid()); perform pg_sleep(1)')],
  ['a terminated backend', onWriting('perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1)')],
  [
    'a bug in the core',
    async ({ bug }) => {
      bug.isOn = true
      return async () => {
        bug.isOn = false
      }
    },
  ],
]

describe('R2: while registering meets a fault that lasts', () => {
  it.concurrent.each(LASTING)(
    '%s: calls are saved, withdrawals refused, and the sweep registers afterwards',
    (_, begin) =>
      onStage(async (stage) => {
        const { service, direct } = stage
        const lead = await newLead(service)
        const known = await registered(service, lead)
        const others = await Promise.all([newLead(service), newLead(service), newLead(service)])
        const [toDelete, toMove, toEnd] = await Promise.all(others.map((other) => registered(service, other)))
        const end = await begin(stage)

        const created = await timed(post(service, callTo(lead, { provider: 'pbx', provider_call_id: 'new' })))
        expect(created.result.status).toBe(201)
        expect(created.result.body.attempt.outcome).toBe('pending')
        expect(created.ms).toBeLessThan(SAVED_WITHIN_MS)
        const changed = await timed(service.request('PATCH', `/api/crm/calls/${known}`, { call_status: 'rejected' }))
        expect(changed.result.status).toBe(200)
        expect(changed.result.body.attempt).toMatchObject({ outcome: 'pending', opportunity_id: lead.opportunityId })
        expect(changed.ms).toBeLessThan(SAVED_WITHIN_MS)
        expect(service.notRegistered).toHaveLength(2)

        const before = await everything(direct)
        const withdrawals = await Promise.all([
          timed(service.request('DELETE', `/api/crm/calls/${toDelete}`)),
          timed(service.request('PATCH', `/api/crm/calls/${toMove}`, { entity_id: randomUUID() })),
          timed(service.request('PATCH', `/api/crm/calls/${toEnd}`, { direction: 'inbound' })),
        ])
        for (const { result, ms } of withdrawals) {
          expect(result.status).toBe(503)
          expect(result.headers['retry-after']).toBe('1')
          expect(ms).toBeLessThan(ANSWERED_WITHIN_MS)
        }
        expect(await everything(direct)).toEqual(before)

        await end()
        await drain(service)
        const attempts = await attemptsOf(direct, lead)
        expect(attempts.map(({ call_id, status }) => [call_id, status])).toEqual([
          [known, 'red'],
          [created.result.body.id, 'orange'],
        ])
        expect(await unaccounted(direct)).toEqual([])
      }),
  )
})

it('R2 control: whoever saves a call together with its attempt loses the call by each of these faults', () =>
  onStage(async (stage) => {
    const lead = await newLead(stage.service)
    const saved: string[] = []
    // Of ours only the core has that one.
    for (const [fault, begin] of LASTING.filter(([name]) => name !== 'a bug in the core')) {
      const end = await begin(stage)
      const client = await stage.naive({ statement_timeout: 500 })
      await savedTogether(client, lead).then(
        () => saved.push(fault),
        () => undefined,
      )
      await end()
    }
    expect(saved).toEqual([])
    expect((await stage.direct.query('select id from calls')).rows).toEqual([])
    await savedTogether(await stage.naive(), lead)
    expect((await stage.direct.query('select id from calls')).rows).toHaveLength(1)
  }))

/** A fault that is over by itself, soon enough for the call to be saved. */
const PASSING: [string, (stage: Stage) => Promise<unknown>][] = [
  ['the connection is reset before the question arrives', async ({ proxy }) => proxy.cutOnce('the question')],
  ['the connection is reset before the answer arrives', async ({ proxy }) => proxy.cutOnce('the answer')],
  [
    'the pool is exhausted',
    async ({ service }) => {
      const clients = await Promise.all(Array.from({ length: 4 }, () => service.database.calls.connect()))
      setTimeout(() => clients.forEach((client) => void client.release()), 1_200)
    },
  ],
  [
    'the database restarts',
    async ({ proxy }) => {
      proxy.refuse()
      setTimeout(() => proxy.forward(), 1_000)
    },
  ],
]

// These wait more than they work: side by side they take the time of one.
describe.concurrent('R2: where a fault passes within two seconds', () => {
  it.each(PASSING)('%s: the caller sees success, and each call is registered once', (_, begin) => withstands(begin))
})

function withstands(begin: (stage: Stage) => Promise<unknown>): Promise<void> {
  const doors: [string, (service: TestService, lead: Lead, known: string) => Promise<Answer>][] = [
    ['a new call', (service, lead) => post(service, callTo(lead))],
    ['a new call with an id', (service, lead) => post(service, callTo(lead, { id: randomUUID() }))],
    [
      'a new call of a provider',
      (service, lead) => post(service, callTo(lead, { provider: 'p', provider_call_id: '1' })),
    ],
    [
      'a new call with an Idempotency-Key',
      (service, lead) => service.request('POST', '/api/crm/calls', callTo(lead), { 'idempotency-key': 'once' }),
    ],
    [
      'a change',
      (service, _, known) => service.request('PATCH', `/api/crm/calls/${known}`, { call_status: 'rejected' }),
    ],
    [
      'a change of this revision only',
      (service, _, known) =>
        service.request('PATCH', `/api/crm/calls/${known}`, { call_status: 'rejected' }, { 'if-match': '"1"' }),
    ],
  ]

  return onStage(async (stage) => {
    const { service, direct, proxy } = stage
    for (const [door, ask] of doors) {
      const lead = await newLead(service)
      const known = await registered(service, lead)
      const isChange = door.startsWith('a change')
      await begin(stage)
      const { result, ms } = await timed(ask(service, lead, known))
      expect([door, result.status, result.body]).toEqual([door, isChange ? 200 : 201, result.body])
      expect(['registered', 'pending']).toContain(result.body.attempt.outcome)
      expect(ms).toBeLessThan(SAVED_WITHIN_MS)
      expect(proxy.hasCut).toBe(true)
      await drain(service)
      const attempts = await attemptsOf(direct, lead)
      const expected = isChange ? [[known, 'red']] : [known, result.body.id].map((id) => [id, 'orange'])
      expect(attempts.map(({ call_id, status }) => [call_id, status])).toEqual(expected)
      const { rows } = await direct.query('select id from calls where entity_id = $1', [lead.contactId])
      expect(rows).toHaveLength(expected.length)
    }
    expect(await unaccounted(direct)).toEqual([])
  })
}

// ── R12 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

describe.concurrent('R12: while the database', () => {
  const silences: [string, (proxy: Gate) => void][] = [
    ['is stopped', (proxy) => proxy.refuse()],
    ['is stalled', (proxy) => proxy.swallow()],
  ]

  it.each(silences)(
    '%s, every request is a 503 within two seconds, and all is well again without a restart',
    (_, fall) =>
      onStage(async ({ service, direct, proxy }) => {
        const lead = await newLead(service)
        const known = await registered(service, lead)
        const address = `/api/crm/calls/${known}`
        const read = (): Promise<Answer>[] => [
          service.request('GET', address),
          service.request('GET', '/api/crm/calls'),
          service.request('GET', '/api/crm/opportunities'),
          service.request('GET', '/api/crm/contacts'),
        ]
        const ask = (): Promise<Answer>[] => [
          ...read(),
          post(service, callTo(lead)),
          service.request('POST', '/api/crm/calls/batch', { calls: [callTo(lead), callTo(lead)] }),
          service.request('POST', '/api/crm/calls/batch', { calls: [callTo(lead), { direction: 'up' }] }),
          service.request('PATCH', address, { call_status: 'rejected' }),
          service.request('DELETE', address),
          service.request('POST', '/api/crm/contacts', { name: 'Ana' }),
          service.request('PATCH', `/api/crm/opportunities/${lead.opportunityId}`, { title: 'other' }),
        ]
        // Connections are open and idle, as in a service that has been at work.
        await Promise.all(read())
        const before = await everything(direct)
        fall(proxy)
        expect((await timed(post(service, callTo(lead)))).result.status).toBe(503)
        // By now the keys that were read have been forgotten.
        const stranger = { authorization: 'Bearer a-key-that-nobody-has-made-at-all' }
        expect((await service.request('GET', '/api/crm/calls', undefined, stranger)).status).toBe(503)
        for (let round = 0; round < 2; round++) {
          for (const { result, ms } of await Promise.all(ask().map(timed))) {
            expect(result.status).toBe(503)
            expect(result.headers['retry-after']).toBe('1')
            expect(ms).toBeLessThan(ANSWERED_WITHIN_MS)
          }
        }
        expect(await everything(direct)).toEqual(before)
        expect((await service.request('GET', '/healthz')).status).toBe(200)

        proxy.forward()
        const again = await timed(post(service, callTo(lead)))
        expect(again.result.status).toBe(201)
        for (const { status } of await Promise.all(read())) expect(status).toBe(200)
        await drain(service)
        expect(await attemptsOf(direct, lead)).toHaveLength(2)
        expect(await unaccounted(direct)).toEqual([])
      }),
  )

  it('is stalled, control: whoever only waits for its answer waits longer', () =>
    onStage(async ({ proxy, naive }) => {
      const client = await naive(proxy.connection)
      await client.query('select 1')
      proxy.swallow()
      const answered = client.query('select 1').then(
        () => 'answered',
        () => 'refused',
      )
      expect(await Promise.race([answered, wait(ANSWERED_WITHIN_MS, 'waits')])).toBe('waits')
    }))

  it('has no room for one call of a batch, the others are saved, and the answer says when to come again', () =>
    onStage(async ({ service, direct }) => {
      await direct.query(`
        create function fault() returns trigger language plpgsql as $$ begin
          if new.call_result = 'large' then raise exception 'no room' using errcode = '53100'; end if; return new;
        end $$;
        create trigger fault before insert on calls for each row execute function fault()`)
      const lead = await newLead(service)
      const calls = [callTo(lead), { direction: 'up' }, callTo(lead, { call_result: 'large' }), callTo(lead)]
      const { status, body, headers } = await service.request('POST', '/api/crm/calls/batch', { calls })
      expect([status, headers['retry-after']]).toEqual([200, '1'])
      expect(body.results).toMatchObject([{ status: 201 }, { status: 422 }, { status: 503 }, { status: 201 }])
      expect(body.results[2].problem).toMatchObject({ status: 503 })
    }))
})

// ── R2, alone ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Holds up everything in this process, so it is tried alone. */
async function stallEventLoop(): Promise<void> {
  const stall = (): void => {
    const until = performance.now() + 300
    while (performance.now() < until);
  }
  setImmediate(stall)
  setTimeout(stall, 2)
}

describe('R2: where the event loop stalls', () => {
  it('the caller sees success, and each call is registered once', () => withstands(stallEventLoop))
})

// ── B9 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

describe('B9: a call that stays pending', () => {
  it('is alarmed about after five minutes, not before', () =>
    onStage(async ({ service, direct }) => {
      const lead = await newLead(service)
      await direct.query('begin')
      await direct.query('select from lead_opportunities where id = $1 for update', [lead.opportunityId])
      expect((await post(service, callTo(lead))).body.attempt.outcome).toBe('pending')
      await direct.query('commit')

      const alarms: object[] = []
      const metrics = createMetrics()
      const watch = (): Promise<void> =>
        watchPending({
          database: service.database,
          metrics,
          log: { error: (fields) => alarms.push(fields), warn: () => undefined },
        })
      await watch()
      expect(alarms).toEqual([])
      await direct.query("update calls set pending_since = pending_since - interval '5 minutes 1 second'")
      await watch()
      expect(alarms).toEqual([{ pending: 1, oldest: expect.closeTo(301, -1) }])
      expect((await metrics.oldestPendingSeconds.get()).values[0]?.value).toBeGreaterThan(300)
      await drain(service)
      await watch()
      expect(alarms).toHaveLength(1)
      expect((await metrics.pending.get()).values[0]?.value).toBe(0)
    }))
})

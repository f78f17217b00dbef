import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { UnavailableError } from '../src/attempts/register.ts'
import type { Instant } from '../src/time.ts'
import { createZadarmaApi } from '../src/zadarma/api.ts'
import { createZadarmaClient, type ZadarmaOptions } from '../src/zadarma/client.ts'
import { type ReconcileOptions, reconcile } from '../src/zadarma/reconcile.ts'
import { reconcileWhereDue, windowsAround } from '../src/zadarma/reconcile-chore.ts'
import { claimReconciliation, endClaim } from '../src/zadarma/reconcile-marks.ts'
import { ZADARMA } from './doors.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'
import { addLeads } from './zadarma/leads.ts'
import { localTime } from './zadarma/local-time.ts'
import { makeCalls, type Scenario, sendNotifications, startZadarmaServer } from './zadarma-server.ts'

/* What notifications did not tell is found in the statistics. */

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const FROM = Date.parse('2026-03-02T09:00:00Z')
const SECRET = 'test-secret'
const ROOMY = { requests: 1_000, windowMs: 1_000 }
const NUMBERS = Array.from({ length: 12 }, (_, place) => `+3460012340${place}`.slice(0, 12))

const closings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close()
})

const databases: TestDatabase[] = []
beforeAll(async () => {
  databases.push(await createTestDatabase(), await createTestDatabase())
})
afterAll(async () => {
  for (const database of databases) await database.drop()
})

const madeUp = (seed: number, from = FROM, count = 60) =>
  makeCalls({ seed, count, from, numbers: NUMBERS, extensions: ['101', '102'], zone: 'Europe/Madrid' })

async function startZadarma(
  scenarios: readonly Scenario[],
  limits: ZadarmaOptions['limits'] = { all: ROOMY, statistics: ROOMY },
) {
  const server = await startZadarmaServer({
    key: 'test-key',
    secret: SECRET,
    zone: 'Europe/Madrid',
    scenarios,
    limits: { all: ROOMY, statistics: ROOMY, ...limits },
  })
  closings.push(server.close)
  const client = createZadarmaClient({ key: 'test-key', secret: SECRET, apiUrl: server.url, limits: { ...limits } })
  return { server, api: createZadarmaApi(client) }
}

async function startService(place = 0) {
  const database = databases[place]
  if (database === undefined) throw new Error('there is no such database')
  const service = await createTestService(database)
  closings.push(() => service.close())
  await service.app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(service.app.server.address() as AddressInfo).port}`
  return { service, url }
}

const optionsOf = (
  service: TestService,
  api: ReconcileOptions['api'],
  more: Partial<ReconcileOptions> = {},
): ReconcileOptions => ({
  api,
  register: service.register,
  config: { zadarma: ZADARMA, defaultCountry: 'ES' },
  log: { warn: () => undefined },
  metrics: service.inbox.metrics,
  ...more,
})

const rangeOf = (scenarios: readonly Scenario[]): { from: Instant; to: Instant } => ({
  from: Math.min(...scenarios.map(({ startedAt }) => startedAt)),
  to: Math.max(...scenarios.map(({ startedAt }) => startedAt)),
})

/** All that counts of the calls, by the provider's id. Of a call that nobody took, any extension that rang will do. */
const stateOf = (service: TestService, scenarios: readonly Scenario[]) =>
  service.sql(
    `select provider_call_id, direction, call_status, call_result, phone_number, started_at,
       case when direction = 'outbound' or call_status = 'answered' then extension end as extension, duration_seconds, entity_id, outcome,
       (select key from lead_opportunities o, jsonb_each(first_call_attempts)
        where o.id = calls.opportunity_id and value ->> 'call_id' = calls.id::text) as number,
       (select array_agg(provider_recording_id order by provider_recording_id) from recordings
        where call_id = calls.id) as recordings
     from calls where provider_call_id = any($1) order by provider_call_id`,
    [scenarios.map(({ pbx_call_id }) => pbx_call_id)],
  )

const revisionsOf = async (service: TestService, scenarios: readonly Scenario[]) => [
  await service.sql('select id, revision, updated_at from calls where provider_call_id = any($1) order by id', [
    scenarios.map(({ pbx_call_id }) => pbx_call_id),
  ]),
  await service.sql('select id, revision, updated_at from lead_opportunities order by id'),
]

describe('a reconciliation', () => {
  it('R16: restores all that a tenth of lost notifications would have told; a second one changes nothing', async () => {
    const scenarios = madeUp(16)
    const { api } = await startZadarma(scenarios)
    const states: unknown[] = []
    for (const [place, drop] of [0, 0.1].entries()) {
      const { service, url } = await startService(place)
      await addLeads({ url, key: KEY }, NUMBERS, { seed: 16, createdAt: FROM - DAY_MS })
      const sent = await sendNotifications(`${url}/api/zadarma/webhook`, scenarios, { secret: SECRET, seed: 16, drop })
      expect(sent.filter(({ status }) => status !== 200)).toEqual([])
      await service.register.drained()
      states.push(await stateOf(service, scenarios))
      const counts = await reconcile(rangeOf(scenarios), optionsOf(service, api))
      expect(counts).toMatchObject({ calls: scenarios.length, failed: 0, notTaken: 0 })
      states.push(await stateOf(service, scenarios))
      const revisions = await revisionsOf(service, scenarios)
      expect(await reconcile(rangeOf(scenarios), optionsOf(service, api))).toEqual({
        ...counts,
        new: 0,
        changed: 0,
        unchanged: scenarios.length,
      })
      expect(await revisionsOf(service, scenarios)).toEqual(revisions)
    }
    const [, whole, withLosses, restored] = states
    expect(withLosses).not.toEqual(whole)
    expect(whole).toHaveLength(scenarios.length)
    expect(restored).toEqual(whole)
  })

  it('counts new calls, and rows that are no call’s', async () => {
    const scenarios = madeUp(17, FROM + 10 * DAY_MS)
    const { api } = await startZadarma(scenarios)
    const { service } = await startService()
    const told: number[] = []
    const counts = await reconcile(
      rangeOf(scenarios),
      optionsOf(service, api, { onProgress: ({ calls }) => void told.push(calls) }),
    )
    const rows = scenarios.flatMap(({ legs }) => legs).map(({ json }) => JSON.parse(json))
    expect(counts).toEqual({
      rows: rows.length,
      calls: scenarios.length,
      new: scenarios.length,
      changed: 0,
      unchanged: 0,
      withoutId: rows.filter(({ pbx_call_id }) => !pbx_call_id).length,
      failed: 0,
      notTaken: 0,
    })
    expect(counts.withoutId).toBeGreaterThan(0)
    expect(told.at(-1)).toBe(scenarios.length)
    expect(told).toEqual(told.toSorted((a, b) => a - b))
  })

  it('joins the legs of a call over pages, however small', async () => {
    const scenarios = madeUp(18, FROM + 20 * DAY_MS, 30)
    const { api } = await startZadarma(scenarios)
    const [byPage, atOnce] = [await startService(0), await startService(1)]
    await reconcile(rangeOf(scenarios), optionsOf(byPage.service, api, { pageSize: 1 }))
    await reconcile(rangeOf(scenarios), optionsOf(atOnce.service, api))
    const bare = (rows: object[]) => rows.map((row) => ({ ...row, outcome: null, entity_id: null, number: null }))
    const state = bare(await stateOf(byPage.service, scenarios))
    expect(state).toHaveLength(30)
    expect(state).toEqual(bare(await stateOf(atOnce.service, scenarios)))
  })

  it('asks for at most 30 days at once, and joins the legs of a call over the border', async () => {
    const from = Date.parse('2026-03-10T00:00:00Z')
    const { server, api } = await startZadarma([])
    const { service } = await startService()
    await reconcile({ from, to: from + 70 * DAY_MS }, optionsOf(service, api))
    const windows = server.requests.map(({ params }) => [params.start ?? '', params.end ?? ''] as const)
    expect(windows.length).toBeGreaterThan(2)
    const days = windows.map(([start, end]) => (Date.parse(`${end}Z`) - Date.parse(`${start}Z`)) / DAY_MS)
    expect(Math.max(...days)).toBeLessThanOrEqual(30)
    expect(windows.slice(1).map(([start]) => start)).toEqual(windows.slice(0, -1).map(([, end]) => end))

    // An agent who takes the callback before the border, and a client who is busy after it.
    const border = Date.parse(`${windows[0]?.[1].replace(' ', 'T')}Z`) - HOUR_MS * (isSummer(windows[0]?.[1]) ? 2 : 1)
    const call = callback('a', border)
    server.account.scenarios = [call]
    expect(await reconcile({ from, to: from + 70 * DAY_MS }, optionsOf(service, api))).toMatchObject({ calls: 1 })
    expect(await stateOf(service, [call])).toMatchObject([{ call_status: 'busy', phone_number: '+34600123400' }])
  })

  it.each(['first', 'last'])(
    'has the %s leg of a call too, where the time asked for has only the other',
    async (name) => {
      const border = FROM + (name === 'first' ? 40 : 41) * DAY_MS
      const call = callback(name === 'first' ? 'b' : 'c', border)
      const { api } = await startZadarma([call])
      const { service } = await startService()
      const range =
        name === 'first'
          ? { from: border + 5_000, to: border + HOUR_MS }
          : { from: border - HOUR_MS, to: border - 5_000 }
      expect(await reconcile(range, optionsOf(service, api))).toMatchObject({ calls: 1, new: 1 })
      expect(await stateOf(service, [call])).toMatchObject([{ call_status: 'busy' }])
    },
  )

  it('leaves out what ended in the last five minutes, and what took place before or after', async () => {
    const now = FROM + 50 * DAY_MS
    const calls = [callback('d', now - 200_000), callback('e', now - 400_000), callback('f', now - 2 * HOUR_MS)]
    const { api } = await startZadarma(calls)
    const { service } = await startService()
    const counts = await reconcile({ from: now - HOUR_MS, to: now }, optionsOf(service, api, { now }))
    expect(counts).toMatchObject({ calls: 1, new: 1 })
    expect(await stateOf(service, calls)).toMatchObject([{ provider_call_id: calls[1]?.pbx_call_id }])
  })

  it('leaves a person’s word (B10)', async () => {
    const call = callback('1', FROM + 51 * DAY_MS)
    const { api } = await startZadarma([call])
    const { service } = await startService()
    const made = await service.request('POST', '/api/crm/calls', {
      direction: 'outbound',
      provider: 'zadarma',
      provider_call_id: call.pbx_call_id,
      call_status: 'rejected',
      call_result: 'not now',
    })
    expect(await reconcile(rangeOf([call]), optionsOf(service, api))).toMatchObject({ changed: 1 })
    expect((await service.request('GET', `/api/crm/calls/${made.body.id}`)).body).toMatchObject({
      call_status: 'rejected',
      call_result: 'not now',
      phone_number: '+34600123400',
      extension: '101',
    })
  })

  it('replaces what the end told, and leaves a deleted call deleted', async () => {
    const [told, deleted] = [callback('2', FROM + 52 * DAY_MS), callback('3', FROM + 52 * DAY_MS + 600_000)]
    const { api } = await startZadarma([told, deleted])
    const { service, url } = await startService()
    const end = (call: Scenario) => ({
      ...call,
      notifications: [
        {
          event: 'NOTIFY_OUT_END',
          call_start: localTime(call.startedAt, 'Europe/Madrid'),
          pbx_call_id: call.pbx_call_id,
          destination: '34600123400',
          internal: '101',
          caller_id: '0',
          duration: '3',
          disposition: 'answered',
        },
      ],
    })
    await sendNotifications(`${url}/api/zadarma/webhook`, [end(told), end(deleted)], { secret: SECRET, seed: 1 })
    await service.register.drained()
    const [row] = await service.sql('select id from calls where provider_call_id = $1', [deleted.pbx_call_id])
    expect((await service.request('DELETE', `/api/crm/calls/${row?.id}`)).status).toBe(204)
    const counts = await reconcile(rangeOf([told, deleted]), optionsOf(service, api))
    expect(counts).toMatchObject({ calls: 2, changed: 1, unchanged: 1 })
    expect(await stateOf(service, [told])).toMatchObject([{ call_status: 'busy', duration_seconds: 0 }])
    expect((await service.request('GET', `/api/crm/calls/${row?.id}`)).status).toBe(404)
  })

  it('goes on after a call that fails, and counts it', async () => {
    const calls = [callback('4', FROM + 53 * DAY_MS), callback('5', FROM + 53 * DAY_MS + 600_000)]
    const { api } = await startZadarma(calls)
    const { service } = await startService()
    const warnings: object[] = []
    const register = {
      registerCallAttempt: (change: Parameters<typeof service.register.registerCallAttempt>[0]) =>
        change.needs.providerKeys[0]?.provider_call_id === calls[0]?.pbx_call_id
          ? Promise.reject(new Error('a fault'))
          : service.register.registerCallAttempt(change),
    } as TestService['register']
    const log = { warn: (fields: object) => void warnings.push(fields) }
    const counts = await reconcile(rangeOf(calls), optionsOf(service, api, { register, log }))
    expect(counts).toMatchObject({ calls: 2, new: 1, failed: 1, notTaken: 0 })
    expect(warnings).toMatchObject([{ callId: calls[0]?.pbx_call_id }])
  })

  it('keeps to three requests in a window, and ends at its signal', async () => {
    const scenarios = madeUp(19, FROM + 60 * DAY_MS, 12)
    const statistics = { requests: 3, windowMs: 60 }
    const { server, api } = await startZadarma(scenarios, { all: ROOMY, statistics })
    const { service } = await startService()
    await reconcile(rangeOf(scenarios), optionsOf(service, api, { pageSize: 2 }))
    expect(server.requests.length).toBeGreaterThan(6)
    expect(server.exceeded()).toBe(0)
    const before = server.requests.length
    const signal = AbortSignal.abort(new Error('stopped'))
    await expect(reconcile(rangeOf(scenarios), optionsOf(service, api, { signal }))).rejects.toThrow('stopped')
    expect(server.requests).toHaveLength(before)
  })
})

describe('the chore', () => {
  const stop = new AbortController().signal
  /** Rows of the statistics begin at full seconds. */
  const secondsAgo = (seconds: number): Instant => (Math.floor(Date.now() / 1_000) - seconds) * 1_000
  const hoursAgo = (hours: number): Instant => secondsAgo(hours * 3_600)
  const setMark = (service: TestService, name: string, hours: number) =>
    service.sql(
      `update sweep_marks set swept_until = now() - $2 * interval '1 hour', due_at = '-infinity' where name = $1`,
      [name, hours],
    )
  const marks = async (service: TestService) => {
    const rows = await service.sql<{ name: string; hours: number; minutes: number }>(
      `select name, round(extract(epoch from now() - swept_until) / 3600)::int as hours,
         case when due_at > '-infinity' then round(extract(epoch from due_at - now()) / 60)::int end as minutes
       from sweep_marks where name in ('statistics', 'results')`,
    )
    return Object.fromEntries(rows.map(({ name, ...mark }) => [name, mark]))
  }
  const choreOf = (service: TestService, api: ReconcileOptions['api']) => ({
    ...optionsOf(service, api),
    database: service.database,
  })

  it('is done by one of two servers, from two hours before the mark to now', async () => {
    const calls = [callback('6', hoursAgo(2)), callback('7', hoursAgo(5)), callback('8', secondsAgo(100))]
    const { server, api } = await startZadarma(calls)
    const [one, other] = [(await startService()).service, (await startService()).service]
    await setMark(one, 'statistics', 1)
    const work = [one, other].map((service) => reconcileWhereDue(choreOf(service, api), stop))
    expect(await Promise.all(work)).toEqual([false, false])
    expect(server.requests).toHaveLength(1)
    expect(await stateOf(one, calls)).toMatchObject([{ provider_call_id: calls[0]?.pbx_call_id }])
    expect(await marks(one)).toMatchObject({ statistics: { hours: 0, minutes: 15 } })
    expect(await reconcileWhereDue(choreOf(other, api), stop)).toBe(false)
    expect(server.requests).toHaveLength(1)
  })

  it('leaves the mark where the statistics cannot be had, and is due again soon', async () => {
    const { server, api } = await startZadarma([])
    const { service } = await startService()
    await setMark(service, 'statistics', 3)
    server.inject('redirect')
    await expect(reconcileWhereDue(choreOf(service, api), stop)).rejects.toThrow('redirect')
    expect(await marks(service)).toMatchObject({ statistics: { hours: 3, minutes: 5 } })
  })

  it('leaves the mark where the database does not take a call', async () => {
    const { api } = await startZadarma([callback('6', hoursAgo(1))])
    const { service } = await startService()
    await setMark(service, 'statistics', 3)
    const register = {
      registerCallAttempt: () => Promise.reject(new UnavailableError('not now')),
    } as unknown as TestService['register']
    expect(await reconcileWhereDue({ ...choreOf(service, api), register }, stop)).toBe(false)
    expect(await marks(service)).toMatchObject({ statistics: { hours: 3, minutes: 5 } })
  })

  it('catches up, week by week, on what a service that was off has missed', async () => {
    const calls = [callback('a1', hoursAgo(600)), callback('b1', hoursAgo(300)), callback('c1', hoursAgo(10))]
    const { api } = await startZadarma(calls)
    const { service } = await startService()
    await setMark(service, 'statistics', 25 * 24)
    let times = 1
    while (await reconcileWhereDue(choreOf(service, api), stop)) times++
    expect(times).toBe(4)
    expect(await stateOf(service, calls)).toHaveLength(3)
  })

  it('is due at once where it says so, on a database faster than its own columns', async () => {
    const { service } = await startService()
    await setMark(service, 'statistics', 1)
    // A moment that was rounded up would be ahead of the next look in half of all tries.
    for (let tries = 0; tries < 30; tries++) {
      expect(await claimReconciliation(service.database)).not.toBeNull()
      await endClaim(service.database, 0)
    }
  })

  it('is taken over from a server that died over it', async () => {
    const { server, api } = await startZadarma([])
    const { service } = await startService()
    await setMark(service, 'statistics', 1)
    expect(await claimReconciliation(service.database)).not.toBeNull()
    expect(await reconcileWhereDue(choreOf(service, api), stop)).toBe(false)
    expect(server.requests).toHaveLength(0)
    await service.sql(`update sweep_marks set due_at = due_at - interval '10 minutes' where name = 'statistics'`)
    await reconcileWhereDue(choreOf(service, api), stop)
    expect(server.requests).toHaveLength(1)
  })

  it('asks for a call that never ended, an hour around it, and not again before its age has doubled', async () => {
    const begin = hoursAgo(9 * 24)
    const [stuck, beside] = [callback('d1', begin), callback('e1', begin - 24 * HOUR_MS)]
    const { server, api } = await startZadarma([])
    const { service, url } = await startService()
    const start = {
      event: 'NOTIFY_OUT_START',
      call_start: localTime(stuck.startedAt, 'Europe/Madrid'),
      pbx_call_id: stuck.pbx_call_id,
      destination: '34600123400',
      internal: '101',
      caller_id: '0',
    }
    await sendNotifications(`${url}/api/zadarma/webhook`, [{ ...stuck, notifications: [start] }], {
      secret: SECRET,
      seed: 1,
    })
    await service.register.drained()
    const ask = async (hours: number) => {
      await setMark(service, 'statistics', 1)
      await service.sql(`update sweep_marks set swept_until = now() - $1 * interval '1 hour' where name = 'results'`, [
        hours,
      ])
      const before = server.requests.length
      await reconcileWhereDue(choreOf(service, api), stop)
      expect(await marks(service)).toMatchObject({ results: { hours: 0 } })
      return server.requests.length - before - 1
    }
    // At 128 hours it was asked for, and is at 256.
    expect(await ask(1)).toBe(0)
    server.account.scenarios = [stuck, beside]
    expect(await ask(200)).toBe(1)
    expect(await stateOf(service, [stuck, beside])).toMatchObject([{ call_status: 'busy' }])
    expect(await ask(200)).toBe(0)
  })

  it('asks once for calls that began near each other', () => {
    const at = (hour: number): Instant => FROM + hour * HOUR_MS
    expect(windowsAround([at(1), at(2), at(20)])).toEqual([
      { from: at(0.5), to: at(2.5) },
      { from: at(19.5), to: at(20.5) },
    ])
  })
})

const isSummer = (text = ''): boolean => text >= '2026-03-29 03:00:00'

/** The agent is called, and answers, half a minute before the client, who is busy. */
function callback(digit: string, border: Instant): Scenario {
  const leg = (startedAt: Instant, fields: object) => ({
    startedAt,
    json: JSON.stringify({
      call_id: `${startedAt / 1_000}.1`,
      callstart: localTime(startedAt, 'Europe/Madrid'),
      is_recorded: 'false',
      pbx_call_id: `out_${digit.repeat(40).slice(0, 40)}`,
      ...fields,
    }),
  })
  return {
    kind: 'callback',
    pbx_call_id: `out_${digit.repeat(40).slice(0, 40)}`,
    number: '+34600123400',
    extension: '101',
    startedAt: border - 30_000,
    disposition: 'busy',
    durationSeconds: 0,
    recordingIds: [],
    recordings: [],
    notifications: [],
    legs: [
      leg(border - 30_000, { sip: '101', clid: 34600123400, destination: 101, disposition: 'answered', seconds: 30 }),
      leg(border + 30_000, {
        sip: '12345-101',
        clid: 'Paulina 101 (101)',
        destination: 34600123400,
        disposition: 'busy',
        seconds: '0',
      }),
    ],
  }
}

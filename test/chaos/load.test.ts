import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tellFigures } from '../figures.ts'
import { urlTo } from '../postgres.ts'
import { createTestDatabase, createTestService, type TestDatabase } from '../service.ts'
import { Fleet } from './fleet.ts'
import { EVERYDAY, load, makeLeads } from './load.ts'
import { FaultProxy } from './proxy.ts'
import { chanceFor, drained, judge, newRecorder, startServices } from './stage.ts'
import { type Faults, inWords, storm } from './storm.ts'

/* R5: three services at work while everything around them breaks. */

/** A minute, forty kills and more by `npm run chaos`. */
const SECONDS = Number(process.env.R5_SECONDS ?? 14)
const DRAINED_WITHIN_MS = 10_000
const LEADS_A_SECOND = 25
const share = (inAMinute: number): number => Math.ceil((inAMinute * SECONDS) / 60)
const FAULTS = {
  kills: share(48),
  resets: share(30),
  backends: share(20),
  lostAnswers: share(20),
  stalls: share(6),
  delays: share(6),
}

/** Of those that wait for something to pass, a few may come to nothing. */
const LEAST = { kills: share(40), resets: share(20), backends: share(10), lostAnswers: share(10) }

let database: TestDatabase
let direct: pg.Client

beforeAll(async () => {
  database = await createTestDatabase()
  direct = new pg.Client(database.connection)
  await direct.connect()
})

afterAll(async () => {
  await direct.end()
  await database.drop()
})

/** A load on a fleet, and all faults meanwhile. */
async function underFaults(start: (url: string) => Promise<Fleet>, writing = 'write_', mix = EVERYDAY) {
  const random = chanceFor('R5')
  const proxy = await FaultProxy.open(database.connection, random)
  const fleet = await start(urlTo(proxy.connection))
  const recorder = newRecorder()
  try {
    const around = { recorder, random, addresses: fleet.addresses }
    const leads = await makeLeadsBeside(around)
    const ending = new AbortController()
    const loading = load({ ...around, leads, writers: 12, mix, signal: ending.signal })
    const done = await storm({ fleet, proxy, direct, random, faults: FAULTS, seconds: SECONDS, writing })
    ending.abort()
    await loading
    return { recorder, fleet, proxy, done }
  } catch (error) {
    await fleet.close()
    await proxy.close()
    throw error
  }
}

/** By a sound service, whatever is tried out afterwards. */
async function makeLeadsBeside(around: Parameters<typeof makeLeads>[0]) {
  const service = await createTestService(database)
  const address = await service.app.listen({ host: '127.0.0.1', port: 0 })
  const leads = await makeLeads({ ...around, addresses: () => [address] }, SECONDS * LEADS_A_SECOND)
  await service.close()
  return leads
}

describe('R5: killed services, reset connections, ended backends, lost answers', () => {
  it('lose no acknowledged call, and leave nothing wrong', async () => {
    const { recorder, fleet, proxy, done } = await underFaults((url) => startServices(3, { DATABASE_URL: url }))
    try {
      const drainMs = await drained(fleet.address(0), database.connection)
      const { wrongs, sentence } = await judge(recorder, fleet.address(1))
      tellFigures('R5', `${SECONDS} s, ${inWords(done)}; ${sentence}; nothing pending after ${drainMs.toFixed()} ms`)
      expect(wrongs.slice(0, 20)).toEqual([])
      for (const [kind, least] of Object.entries(LEAST))
        expect(done[kind as keyof Faults], kind).toBeGreaterThanOrEqual(least)
      expect(fleet.kills).toBe(FAULTS.kills)
      expect(drainMs).toBeLessThan(DRAINED_WITHIN_MS)
      expect(recorder.counts().acknowledged).toBeGreaterThan(SECONDS * 20)
    } finally {
      await fleet.close()
      await proxy.close()
    }
  })

  it('(control) are too much for a service that answers first, then reads, counts and inserts', async () => {
    await direct.query('truncate calls, lead_opportunities cascade')
    const program = ['test/chaos/naive.mjs']
    const naive = (url: string) => Fleet.start({ size: 3, program, cwd: process.cwd(), env: { DATABASE_URL: url } })
    const { recorder, fleet, proxy, done } = await underFaults(naive, 'insert into calls', {
      ...EVERYDAY,
      change: 0,
      move: 0,
      delete: 0,
    })
    await fleet.close()
    await proxy.close()
    const reader = await startServices(1, { DATABASE_URL: urlTo(database.connection) })
    const { wrongs, sentence } = await judge(recorder, reader.address(0))
    await reader.close()
    tellFigures('R5', `${inWords(done)}; ${sentence}`, true)
    expect(wrongs.filter((wrong) => wrong.includes('is lost')).length).toBeGreaterThan(0)
    expect(wrongs.filter((wrong) => wrong.includes('is no attempt')).length).toBeGreaterThan(0)
  })
})

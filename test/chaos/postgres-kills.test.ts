import { appendFile, chmod, mkdtemp, realpath, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { tellFigures } from '../figures.ts'
import { connectionIn, killPostgres, untilPostgresServes, type Victim } from './embedded.ts'
import type { Fleet } from './fleet.ts'
import { EVERYDAY, load, makeLeads } from './load.ts'
import type { Recorder } from './recorder.ts'
import { chanceFor, drained, judge, newRecorder, startServices } from './stage.ts'

/* R7, and R18 without power cuts: two services on one folder of data, and the PostgreSQL in it is killed. */

/** Twenty-five of each by `npm run chaos`. */
const KILLS = Number(process.env.R7_KILLS ?? 2)
const BACK_WITHIN_MS = 30_000
const SERVES_WITHIN_MS = 5_000
const OPENS_WITHIN_MS = 10_000
/** So much is written between two kills. */
const ANSWERS_BETWEEN = 40

interface Stage {
  dataDir: string
  fleet: Fleet
  recorder: Recorder
  /** Waits until so many more requests are acknowledged. */
  written(count: number): Promise<void>
}

/** Two services on one new folder under load, until `act` is done. Gives what there was to be seen. */
async function onOneFolder(test: string, ownSettings: string, act: (stage: Stage) => Promise<void>) {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'first-call-chaos-')))
  await chmod(folder, 0o755)
  const dataDir = path.join(folder, 'data')
  const random = chanceFor(test)
  // The first start makes the database; what a person sets in it holds from the next one on.
  const first = await startServices(1, { DATA_DIR: dataDir })
  await first.end(0, 'SIGTERM')
  await appendFile(path.join(dataDir, 'postgres', 'postgresql.conf'), ownSettings)
  const fleet = await startServices(2, { DATA_DIR: dataDir })
  let isOver = false
  try {
    const recorder = newRecorder()
    const around = { recorder, random, addresses: fleet.addresses }
    const leads = await makeLeads(around, 200)
    const ending = new AbortController()
    const loading = load({ ...around, leads, writers: 6, mix: EVERYDAY, signal: ending.signal })
    const written = async (count: number): Promise<void> => {
      const goal = recorder.counts().acknowledged + count
      while (recorder.counts().acknowledged < goal) await wait(10)
    }
    try {
      await act({ dataDir, fleet, recorder, written })
    } finally {
      ending.abort()
      await loading
    }
    await untilPostgresServes(dataDir, BACK_WITHIN_MS)
    const drainMs = await drained(fleet.address(0), connectionIn(dataDir))
    const judged = await judge(recorder, fleet.address(1))
    isOver = true
    return { ...judged, drainMs }
  } finally {
    await Promise.all([0, 1].map((place) => fleet.end(place, 'SIGTERM')))
    await killPostgres(dataDir, 'all of it')
    // What has failed is there to be looked at, the log of PostgreSQL among it.
    if (isOver) await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** How long each service took to take a call, since a moment. */
async function untilServing({ fleet, recorder }: Stage, since: number): Promise<number> {
  await Promise.all(
    fleet.addresses().map(async (address) => {
      for (;;) {
        const { status } = await recorder.ask(address, { method: 'GET', path: '/api/crm/calls?outcome=pending' })
        if (status === 200) return
        expect(performance.now() - since, 'ms until a service serves again').toBeLessThan(SERVES_WITHIN_MS)
        await wait(20)
      }
    }),
  )
  return performance.now() - since
}

it.each<Victim>(['all of it', 'its postmaster', 'one backend'])(
  'R7: PostgreSQL is killed, %s, and comes back with all that was acknowledged; the services live',
  async (victim) => {
    let slowestMs = 0
    let processes = 0
    const { wrongs, sentence, drainMs } = await onOneFolder(`R7, ${victim}`, '', async (stage) => {
      for (let kill = 0; kill < KILLS; kill++) {
        await stage.written(ANSWERS_BETWEEN)
        processes += await killPostgres(stage.dataDir, victim)
        await untilPostgresServes(stage.dataDir, BACK_WITHIN_MS)
        slowestMs = Math.max(slowestMs, await untilServing(stage, performance.now()))
        expect([stage.fleet.isAlive(0), stage.fleet.isAlive(1)]).toEqual([true, true])
      }
    })
    tellFigures(
      'R7',
      `${victim}, ${KILLS} times (${processes} processes): ${sentence}; services serve at most ` +
        `${slowestMs.toFixed()} ms after PostgreSQL; nothing pending after ${drainMs.toFixed()} ms`,
    )
    expect(processes).toBeGreaterThanOrEqual(KILLS)
    expect(wrongs.slice(0, 20)).toEqual([])
  },
)

it('(control) R7: a PostgreSQL that says that it is done before it is loses acknowledged calls', async () => {
  const careless = 'synchronous_commit = off\nwal_writer_delay = 10s\n'
  const { wrongs, sentence } = await onOneFolder('R7, control', careless, async (stage) => {
    for (let kill = 0; kill < 2; kill++) {
      await stage.written(ANSWERS_BETWEEN)
      await killPostgres(stage.dataDir, 'all of it')
      await untilPostgresServes(stage.dataDir, BACK_WITHIN_MS)
    }
  })
  tellFigures('R7', sentence, true)
  expect(wrongs.filter((wrong) => wrong.includes('is lost')).length).toBeGreaterThan(0)
})

it('R18: services on one folder are killed, one after the other and with their PostgreSQL, and nothing is lost', async () => {
  let slowestMs = 0
  const { wrongs, sentence } = await onOneFolder('R18, killed', '', async ({ dataDir, fleet, written }) => {
    for (let kill = 0; kill < KILLS; kill++) {
      await written(ANSWERS_BETWEEN)
      await fleet.restart(kill % 2)
      await written(ANSWERS_BETWEEN)
      await Promise.all([fleet.end(0, 'SIGKILL'), fleet.end(1, 'SIGKILL'), killPostgres(dataDir, 'all of it')])
      const since = performance.now()
      await Promise.all([fleet.start(0), fleet.start(1)])
      slowestMs = Math.max(slowestMs, performance.now() - since)
    }
  })
  tellFigures(
    'R18',
    `two services on one folder, ${KILLS} times one killed and ${KILLS} times all with their PostgreSQL: ${sentence}; ` +
      `open again after at most ${slowestMs.toFixed()} ms`,
  )
  expect(wrongs.slice(0, 20)).toEqual([])
  expect(slowestMs).toBeLessThan(OPENS_WITHIN_MS)
})

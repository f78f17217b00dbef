import { appendFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { tellFigures } from '../figures.ts'
import { connectionIn, killPostgres } from './embedded.ts'
import { EVERYDAY, load, makeLeads } from './load.ts'
import { Disk, whyNoDisk } from './power.ts'
import { chanceFor, drained, judge, newRecorder, startServices } from './stage.ts'

/* R18: the power is cut under a service and its PostgreSQL. */

/** More by `npm run chaos`. */
const CUTS = Number(process.env.R18_CUTS ?? 3)
const OPENS_WITHIN_MS = 10_000
const whyNot = await whyNoDisk()

/** A service at work on a disk whose power is cut so many times. Gives what is wrong at the end. */
async function throughCuts(test: string, cuts: number, ownSettings: string) {
  const disk = await Disk.make()
  const dataDir = path.join(disk.folder, 'data')
  const random = chanceFor(test)
  // The first start makes the database; what a person sets in it holds from the next one on.
  const first = await startServices(1, { DATA_DIR: dataDir })
  await first.end(0, 'SIGTERM')
  await appendFile(path.join(dataDir, 'postgres', 'postgresql.conf'), ownSettings)
  const fleet = await startServices(1, { DATA_DIR: dataDir })
  const recorder = newRecorder()
  const around = { recorder, random, addresses: fleet.addresses }
  const ending = new AbortController()
  let slowestMs = 0
  try {
    const leads = await makeLeads(around, 60)
    const loading = load({ ...around, leads, writers: 4, mix: EVERYDAY, signal: ending.signal })
    try {
      for (let cut = 0; cut < cuts; cut++) {
        const goal = recorder.counts().acknowledged + random.between(20, 120)
        while (recorder.counts().acknowledged < goal) await wait(5)
        await disk.cut()
        await fleet.end(0, 'SIGKILL')
        await killPostgres(dataDir, 'all of it')
        await disk.restore()
        const since = performance.now()
        await fleet.start(0)
        slowestMs = Math.max(slowestMs, performance.now() - since)
      }
    } finally {
      ending.abort()
      await loading
    }
    await drained(fleet.address(0), connectionIn(dataDir))
    return { ...(await judge(recorder, fleet.address(0))), slowestMs }
  } finally {
    await fleet.close()
    await killPostgres(dataDir, 'all of it')
    await disk.remove()
  }
}

if (whyNot === null) {
  it(`R18: ${CUTS} power cuts lose nothing that was acknowledged, and the data open again`, async () => {
    const { wrongs, sentence, slowestMs } = await throughCuts('R18', CUTS, '')
    tellFigures('R18', `${CUTS} power cuts: ${sentence}; open again after at most ${slowestMs.toFixed()} ms`)
    expect(wrongs.slice(0, 20)).toEqual([])
    expect(slowestMs).toBeLessThan(OPENS_WITHIN_MS)
  })

  it('(control) R18: a PostgreSQL that does not wait for the disk loses what was acknowledged', async () => {
    const found = await throughCuts('R18, control', 1, 'fsync = off\n').catch((error: unknown) => {
      // Data that do not open at all are lost, too.
      return { wrongs: [`all is lost: ${error}`], sentence: 'the data do not open any more' }
    })
    tellFigures('R18', `without fsync, 1 power cut: ${found.sentence}`, true)
    expect(found.wrongs.filter((wrong) => / lost/.test(wrong)).length).toBeGreaterThan(0)
  })
} else {
  it('R18: says that no power can be cut here', () => {
    tellFigures('R18', `power cuts need root, loop devices and ext4, which this machine does not give: ${whyNot}`)
  })
}

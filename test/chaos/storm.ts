import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import type { Random } from '../zadarma/random.ts'
import type { Fleet } from './fleet.ts'
import type { FaultProxy } from './proxy.ts'

/** How many of each fault. */
export interface Faults {
  kills: number
  resets: number
  backends: number
  lostAnswers: number
  stalls: number
  delays: number
}

interface StormOptions {
  fleet: Fleet
  proxy: FaultProxy
  /** Past the proxy. */
  direct: pg.Client
  random: Random
  faults: Faults
  seconds: number
  /** What stands in the statements by which calls are written. */
  writing: string
}

const STALL_MS = 600
const DELAY_MS = 30
const DELAYED_FOR_MS = 1_000

/** Lets all faults come, in any order and evenly over the time; gives how many really came. */
export async function storm({ fleet, proxy, direct, random, faults, seconds, writing }: StormOptions): Promise<Faults> {
  const done: Faults = { kills: 0, resets: 0, backends: 0, lostAnswers: 0, stalls: 0, delays: 0 }
  const restarting = new Map<number, Promise<void>>()
  const acts: Record<keyof Faults, () => Promise<unknown>> = {
    kills: async () => {
      const place = random.pick([...fleet.addresses().keys()])
      // One after the other, or two would be started in its place.
      restarting.set(
        place,
        (restarting.get(place) ?? Promise.resolve()).then(() => fleet.restart(place)),
      )
      await restarting.get(place)
    },
    resets: () => proxy.resetSoon(),
    backends: () => endBackend(direct),
    lostAnswers: () => proxy.loseAnswer(writing),
    stalls: () => proxy.stall(STALL_MS),
    delays: async () => {
      proxy.delay(DELAY_MS)
      await wait(DELAYED_FOR_MS)
      proxy.delay(0)
    },
  }
  const kinds = Object.keys(faults) as (keyof Faults)[]
  const order = random.shuffled(kinds.flatMap((kind) => Array<keyof Faults>(faults[kind]).fill(kind)))
  const startedAt = performance.now()
  const under: Promise<void>[] = []
  const errors: unknown[] = []
  for (const [place, kind] of order.entries()) {
    await wait(Math.max(0, startedAt + ((place + 0.5) * seconds * 1_000) / order.length - performance.now()))
    const come = acts[kind]().then(
      (hasCome) => {
        if (hasCome !== false) done[kind]++
      },
      (error: unknown) => errors.push(error),
    )
    under.push(come.then(() => undefined))
  }
  await wait(Math.max(0, startedAt + seconds * 1_000 - performance.now()))
  // On a busy machine services start slowly, and what is to be cut takes its time to come by.
  await Promise.race([Promise.all(under), wait(seconds * 1_000)])
  proxy.calm()
  await Promise.all(under)
  if (errors.length > 0) throw new Error('a fault could not be made', { cause: errors[0] })
  return done
}

/** Ends one of the connections of the services, at work or not. */
async function endBackend(direct: pg.Client): Promise<void> {
  await direct.query(`
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'first-call' and datname = current_database() order by state = 'active' desc, random() limit 1`)
}

/** The faults in words. */
export const inWords = ({ kills, resets, backends, lostAnswers, stalls, delays }: Faults): string =>
  `${kills} SIGKILLs, ${resets} resets, ${backends} backends ended, ${lostAnswers} answers lost after the commit, ` +
  `${stalls} stalls, ${delays} times of delay`

import type pg from 'pg'
import { contactsToCall, type DataSize, fill } from './data.ts'
import { type LoadResult, load } from './load.ts'
import type { ServerProcess } from './service-process.ts'
import { median } from './statistics.ts'

/** Who is put under load: the plain insert, the service on little data by each door, the service on much. */
export type Contestant = 'plain' | 'registering' | 'notifications' | 'registering, much data'

/** The medians of all rounds of one contestant at one number of connections. */
export interface Measured extends LoadResult {
  contestant: Contestant
  connections: number
  /** Calls by what became of them, of all rounds. */
  outcomes: Record<string, number>
}

export interface Side {
  contestant: Contestant
  server: ServerProcess
  /** Of the API; the secret of the PBX as well. */
  key: string
  /** To the database on which this server works. */
  client: pg.Client
  /** Filled anew before each load, so that no opportunity runs out of attempts; null: stays as it is. */
  size: DataSize | null
  /** With how many connections it is put under load, each in turn. */
  connections: readonly number[]
}

export interface RoundsOptions {
  rounds: number
  seconds: number
  log: (text: string) => void
}

/** Puts each side under load in turn, round after round, so that a slower minute of the machine meets all of them. */
export async function runRounds(sides: readonly Side[], options: RoundsOptions): Promise<Measured[]> {
  const { rounds, seconds, log } = options
  const steps = sides
    .flatMap((side) => side.connections.map((count) => ({ side, count, results: [] as LoadResult[] })))
    .sort((a, b) => a.count - b.count)
  const outcomes = new Map<object, Record<string, number>>()
  for (const side of sides) if (side.contestant !== 'notifications') await warmUp(side, options)
  for (let round = 1; round <= rounds; round++) {
    for (const step of steps) {
      const { server, key, client, size, contestant } = step.side
      if (size !== null) await fill(client, size)
      const contacts = await contactsToCall(client)
      const door = contestant === 'notifications' ? 'zadarma' : 'rest'
      const startedAt = new Date()
      const result = await load({ address: server.address, key, connections: step.count, seconds, contacts, door })
      step.results.push(result)
      outcomes.set(step, added(outcomes.get(step), await outcomesSince(client, startedAt)))
      log(`round ${round}: ${contestant}, ${step.count} connections: ${result.perSecond.toFixed(0)} calls/s`)
    }
  }
  return steps.map((step) => ({
    contestant: step.side.contestant,
    connections: step.count,
    perSecond: median(step.results.map((result) => result.perSecond)),
    p50: median(step.results.map((result) => result.p50)),
    p99: median(step.results.map((result) => result.p99)),
    failures: step.results.reduce((sum, result) => sum + result.failures, 0),
    outcomes: outcomes.get(step) ?? {},
  }))
}

/**
 * Loads a side until its rate no longer rises: that of a service that has been at work, whose pages have been read into
 * the buffers and written for the first time since the last checkpoint.
 */
async function warmUp({ contestant, server, key, client, size }: Side, { seconds, log }: RoundsOptions): Promise<void> {
  const connections = 64
  let best = 0
  for (let time = 1; time <= WARM_UPS_AT_MOST; time++) {
    if (size !== null) await fill(client, size)
    const contacts = await contactsToCall(client)
    const { perSecond } = await load({ address: server.address, key, connections, seconds, contacts, door: 'rest' })
    log(`warm-up ${time}: ${contestant}: ${perSecond.toFixed(0)} calls/s`)
    if (perSecond < best * RISES) return
    best = Math.max(best, perSecond)
  }
}

const WARM_UPS_AT_MOST = 10
/** A rate that grows by less than this no longer rises. */
const RISES = 1.05

async function outcomesSince(client: pg.Client, startedAt: Date): Promise<Record<string, number>> {
  const { rows } = await client.query<{ outcome: string; calls: number }>(
    'select outcome, count(*)::int as calls from calls where created_at >= $1 and deleted_at is null group by outcome',
    [startedAt],
  )
  return Object.fromEntries(rows.map(({ outcome, calls }) => [outcome, calls]))
}

function added(sums: Record<string, number> = {}, more: Record<string, number>): Record<string, number> {
  const names = new Set([...Object.keys(sums), ...Object.keys(more)])
  return Object.fromEntries([...names].map((name) => [name, (sums[name] ?? 0) + (more[name] ?? 0)]))
}

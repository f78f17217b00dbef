import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { expect, inject } from 'vitest'
import type { Connection } from '../../src/database/database.ts'
import { tellFigures } from '../figures.ts'
import { KEY } from '../service.ts'
import { createRandom, type Random } from '../zadarma/random.ts'
import { violationsOf } from './checker.ts'
import { type Final, readFinal } from './final.ts'
import { Fleet, type FleetOptions } from './fleet.ts'
import { Recorder } from './recorder.ts'

/** Printed by each test, so that a failure can be seen again, as far as the machine lets it. */
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 2 ** 31)

/** Chance for a test, which says what it began with. */
export function chanceFor(test: string): Random {
  process.stdout.write(`${test}: seed ${SEED}\n`)
  return createRandom(SEED)
}

export const newRecorder = (): Recorder => new Recorder(KEY)

/** The built service, so many times. */
export function startServices(
  size: number,
  env: Readonly<Record<string, string>>,
  others: Partial<FleetOptions> = {},
): Promise<Fleet> {
  const ours = { BOOTSTRAP_API_KEY: KEY, ...env }
  return Fleet.start({ size, program: ['dist/main.js'], cwd: inject('built'), ...others, env: ours })
}

/** R4 */
const DRAINED_WITHIN_MS = 60_000

/**
 * Waits until no call is pending (R4), as the API tells it, and until what killed servers had asked for is done.
 *
 * @returns how long it took, in ms
 */
export async function drained(address: string, connection: Connection): Promise<number> {
  const since = performance.now()
  const direct = new pg.Client(connection)
  await direct.connect()
  const { rows } = await direct.query('select clock_timestamp() as now')
  for (;;) {
    const busy = await direct.query(
      `select from pg_stat_activity
       where application_name = 'first-call' and state <> 'idle' and query_start < $1 and datname = current_database()`,
      [rows[0].now],
    )
    const pending = await askFor(`${address}/api/crm/calls?outcome=pending&limit=1`)
    if (busy.rows.length === 0 && pending.data.length === 0) break
    expect(performance.now() - since, 'ms until nothing is pending (R4)').toBeLessThan(DRAINED_WITHIN_MS)
    await wait(50)
  }
  await direct.end()
  const ms = performance.now() - since
  tellFigures('R4', `nothing pending ${ms.toFixed()} ms after the last request`)
  return ms
}

async function askFor(url: string): Promise<{ data: unknown[] }> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${KEY}` } })
  if (!response.ok) return { data: [null] }
  return (await response.json()) as { data: unknown[] }
}

/** What is wrong in the end, and how much there is. */
export interface Judged {
  wrongs: string[]
  sentence: string
}

/** Reads all that there is in the end, and judges it by all that was asked and answered. */
export async function judge(recorder: Recorder, address: string): Promise<Judged> {
  const final = await readFinal(address, KEY)
  const wrongs = violationsOf(recorder.exchanges, final)
  return { wrongs, sentence: `${said(recorder, final)}, ${wrongs.length} violations` }
}

function said(recorder: Recorder, { calls, opportunities }: Final): string {
  const { asked, acknowledged, unanswered, unavailable } = recorder.counts()
  const registered = calls.filter(({ attempt }) => attempt.outcome === 'registered').length
  return (
    `${asked} requests, ${acknowledged} acknowledged, ${unanswered} unanswered, ${unavailable} refused for a while; ` +
    `${calls.length} calls of ${opportunities.length} opportunities, ${registered} registered`
  )
}

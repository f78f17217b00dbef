import { type Run, readForDeciding } from '../attempts/read.ts'
import type { Register } from '../attempts/register.ts'
import type { Database } from '../database/database.ts'
import { type Contradiction, contradictionsOf } from './contradictions.ts'
import { type Mended, mend } from './mend.ts'

/** What became of a contradiction. */
export interface Repaired extends Contradiction {
  /** `open`: the calls do not tell what would be right. `failed`: it could not be done now. */
  result: 'mended' | 'open' | 'failed'
  /** What was done, would be done, or is to be done by a person. */
  did: string
}

export interface RepairOptions {
  database: Pick<Database, 'chores'>
  register: Register
  /** Reads for a dry run, which writes nothing. */
  run: Run
  isDryRun: boolean
  /** Whether attempts go of which there is no call. */
  withdrawsUnknown: boolean
  signal: AbortSignal
}

/** So many are mended at once. */
const TOGETHER = 200
/** To mend one may bring out another, and others write meanwhile; more often than this, nothing comes out of it. */
const TURNS = 5

/**
 * Mends every contradiction between calls and attempts, from the calls, beside whatever else is going on. What is mended
 * comes at once, what is not at the end. A second repair finds nothing to do.
 *
 * @throws the database's error where contradictions cannot be looked for; the signal's reason
 */
export async function* repair(options: RepairOptions): AsyncGenerator<Repaired> {
  const { database, isDryRun, signal } = options
  for (let turn = 1; ; turn++) {
    const left: Repaired[] = []
    let isMoving = false
    for await (const some of together(contradictionsOf(database, {}))) {
      signal.throwIfAborted()
      for (const repaired of await Promise.all(some.map((one) => repairOne(one, options)))) {
        isMoving ||= repaired.result === 'mended' || repaired.did === GONE
        if (repaired.result === 'mended') yield repaired
        else left.push(repaired)
      }
    }
    if (isMoving && !isDryRun && turn < TURNS) continue
    yield* left
    return
  }
}

async function repairOne(found: Contradiction, options: RepairOptions): Promise<Repaired> {
  const { register, run, isDryRun, withdrawsUnknown } = options
  const { kind, call_id, opportunity_id, detail } = found
  const contradiction = { kind, call_id, opportunity_id, detail }
  const change = mend(contradiction, withdrawsUnknown)
  if (change === null) return { ...contradiction, result: 'open', did: WHAT_TO_DO }
  try {
    const mended: Mended = isDryRun
      ? change.plan(await readForDeciding(run, change.needs)).result
      : await register.registerCallAttempt(change)
    if (mended === null) return { ...contradiction, result: 'failed', did: GONE }
    return { ...contradiction, result: 'mended', did: mended }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { ...contradiction, result: 'failed', did: `${reason}: try again a little later` }
  }
}

/** Somebody else mended it, or changed what it was about; the next turn sees. */
const GONE = 'it was not there any more when it was to be mended: look again'

const WHAT_TO_DO =
  'if this call took place, make it (POST /api/crm/calls with its id); if not, repair with --withdraw-unknown'

async function* together(found: AsyncIterable<Contradiction>): AsyncGenerator<Contradiction[]> {
  let some: Contradiction[] = []
  for await (const one of found) {
    some.push(one)
    if (some.length < TOGETHER) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}

import type { Chore } from '../chores.ts'
import type { Metrics } from '../metrics.ts'
import { carryOut } from './erase.ts'
import { type ErasingOptions, NotYetError } from './erasure.ts'
import { claimErasure, unfinishedErasures } from './store.ts'

const EVERY_MS = 5_000
const WATCH_EVERY_MS = 30_000

/** Ends what was asked for and is not done: whoever was at it died, or had not time enough. One at a time. */
export function erasureChore(options: ErasingOptions): Chore {
  return {
    name: 'erasing of contacts',
    everyMs: EVERY_MS,
    work: async (signal) => {
      const erasure = await claimErasure(options.database)
      if (erasure === null) return false
      await carryOut(erasure, options, signal).catch((error: unknown) => {
        if (!(error instanceof NotYetError)) throw error
      })
      return true
    },
  }
}

/** Shows how many people are still to be erased. */
export function erasureWatch({ database }: Pick<ErasingOptions, 'database'>, metrics: Metrics): Chore {
  return {
    name: 'look at the erasing of contacts',
    everyMs: WATCH_EVERY_MS,
    work: async () => {
      metrics.erasuresUnfinished.set(await unfinishedErasures(database))
      return false
    },
  }
}

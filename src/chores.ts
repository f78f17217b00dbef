import { setMaxListeners } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'

/** Something that is done again and again while the service runs. */
export interface Chore {
  /** In the log: "the … failed". */
  name: string
  everyMs: number
  /** @returns whether there is more to do at once */
  work(signal: AbortSignal): Promise<boolean>
}

/** Does the chores until the signal comes. A fault is logged, and never the end. */
export async function doChores(
  chores: readonly Chore[],
  log: { error: (fields: object, message: string) => void },
  signal: AbortSignal,
): Promise<void> {
  // Each waits for it, and so does whatever they have under way: above ten Node would take that for a leak.
  setMaxListeners(0, signal)
  await Promise.all(chores.map((chore) => doAgainAndAgain(chore, log, signal)))
}

async function doAgainAndAgain(
  { name, everyMs, work }: Chore,
  log: { error: (fields: object, message: string) => void },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      if (await work(signal)) continue
    } catch (error) {
      if (signal.aborted) return
      log.error({ err: error }, `the ${name} failed and is tried again`)
    }
    await wait(everyMs, undefined, { signal }).catch(() => undefined)
  }
}

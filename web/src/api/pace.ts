import { atMost } from './at-most.ts'

/** What has not ended by then, and may never, does not keep the next from running. */
const LONGEST_RUN_MS = 15_000

/** What shows a thing that changed, named by its id: one request for each that is on the screen. */
export const ROWS = { leastMs: 250, mostMs: 250 }
/** What shows many things, or something of them: a few requests for each page, however much happens. */
export const LISTS = { leastMs: 500, mostMs: 4_000 }

export interface PaceOptions<Work> {
  run: (work: Work) => Promise<void>
  merge: (some: Work, more: Work) => Work
  /** How long nothing is run after a run, in milliseconds. */
  leastMs: number
  /** It doubles up to this, for as long as there always is more to do by then. */
  mostMs: number
}

export interface Pace<Work> {
  add(work: Work): void
  end(): void
}

/**
 * Runs what comes first at once, and what comes until the next run may begin together. No two runs overlap, but for one that
 * does not end within 15 seconds.
 */
export function paced<Work>({ run, merge, leastMs, mostMs }: PaceOptions<Work>): Pace<Work> {
  let waiting: { work: Work } | null = null
  let isResting = false
  let isOver = false
  let restMs = leastMs
  let timer: ReturnType<typeof setTimeout> | undefined

  async function begin(work: Work): Promise<void> {
    waiting = null
    isResting = true
    await atMost(LONGEST_RUN_MS, run(work))
    if (!isOver) timer = setTimeout(goOn, restMs)
  }

  function goOn(): void {
    isResting = false
    restMs = waiting === null ? leastMs : Math.min(2 * restMs, mostMs)
    if (waiting !== null) void begin(waiting.work)
  }

  return {
    add(work) {
      if (isOver) return
      if (isResting) waiting = { work: waiting === null ? work : merge(waiting.work, work) }
      else void begin(work)
    },
    end() {
      isOver = true
      clearTimeout(timer)
    },
  }
}

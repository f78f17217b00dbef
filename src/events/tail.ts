/*
 * How far the audit has been read. Its numbers are given out before their rows are committed: one may come to be seen after
 * a higher one, and one of a write that failed never does. So a number that was left out is asked for again, for as long as
 * a write can take.
 */

/** Longer than any statement may run. */
export const LATE_MS = 40_000
/** So many numbers before the first one that is read may belong to writes that are under way. */
export const LOOKED_BACK = 2_000

export interface Tail {
  /** The highest number that was seen. */
  last: number
  /** Numbers below it that were not there, and since when they are missed, in milliseconds. */
  missing: ReadonlyMap<number, number>
}

/**
 * Takes in the numbers that were found above `last` and among the missing.
 *
 * @param found in order, without gaps of their own making: all that there were up to the highest one
 * @param now milliseconds of a clock that is never set back
 */
export function advance({ last, missing }: Tail, found: readonly number[], now: number): Tail {
  const seen = new Set(found)
  const highest = found.reduce((most, id) => Math.max(most, id), last)
  const open = new Map<number, number>()
  for (const [id, since] of missing) if (!seen.has(id) && now - since < LATE_MS) open.set(id, since)
  for (let id = last + 1; id < highest; id++) if (!seen.has(id)) open.set(id, now)
  return { last: highest, missing: open }
}

/** The number up to which everything was seen, or will never come: where one goes on who has seen it. */
export function settledUpTo({ last, missing }: Tail): number {
  let lowest = last + 1
  for (const id of missing.keys()) lowest = Math.min(lowest, id)
  return lowest - 1
}

/** Waits that double from one to the next, up to a longest. */
export interface GrowingWaits {
  nextMs(): number
  /** What was waited for has come: the next wait is the first again. */
  reset(): void
}

/** Makes waits from the first to the longest, both in milliseconds. */
export function growingWaits(firstMs: number, longestMs: number): GrowingWaits {
  let waitMs = firstMs
  return {
    nextMs: () => {
      const nowMs = waitMs
      waitMs = Math.min(waitMs * 2, longestMs)
      return nowMs
    },
    reset: () => {
      waitMs = firstMs
    },
  }
}

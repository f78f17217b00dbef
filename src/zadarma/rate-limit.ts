import { waitFor } from '../wait.ts'

/** So many requests within any so many milliseconds. */
export interface Rate {
  requests: number
  windowMs: number
}

/**
 * Keeps a rate by waiting. A request counts until a window after its answer, as nobody knows when in between it arrived
 * at the other side, and it is there that it is counted.
 */
export class RateLimit {
  readonly #rate: Rate
  #inFlight = 0
  /** When requests were answered, oldest first, of the last window; by the monotonic clock. */
  readonly #answered: number[] = []

  constructor(rate: Rate) {
    this.#rate = rate
  }

  /**
   * How long until there may be room for one more; 0 where there is room now.
   *
   * @param isUrgent whether it may use the tenth that is kept free
   */
  msUntilRoom(isUrgent = false): number {
    const { requests, windowMs } = this.#rate
    const now = performance.now()
    while (this.#answered[0] !== undefined && this.#answered[0] + windowMs <= now) this.#answered.shift()
    const keptFree = isUrgent ? 0 : Math.floor(requests / 10)
    if (this.#inFlight + this.#answered.length < requests - keptFree) return 0
    // Where all are in flight, none of them makes room before a window from now.
    return this.#answered[0] === undefined ? windowMs : this.#answered[0] + windowMs - now
  }

  begin(): void {
    this.#inFlight++
  }

  end(): void {
    this.#inFlight--
    this.#answered.push(performance.now())
  }
}

/**
 * Does it once all these limits have room for it.
 *
 * @throws the signal's reason, where that comes first
 */
export async function withinLimits<Result>(
  limits: readonly RateLimit[],
  signal: AbortSignal | undefined,
  action: () => Promise<Result>,
): Promise<Result> {
  while (true) {
    signal?.throwIfAborted()
    const ms = Math.max(...limits.map((limit) => limit.msUntilRoom()))
    if (ms <= 0) break
    await waitFor(ms, signal)
  }
  return counted(limits, action)
}

/** {@link withinLimits} for what somebody waits for: at once, or not at all, which is `null`. */
export async function atOnceWithinLimits<Result>(
  limits: readonly RateLimit[],
  action: () => Promise<Result>,
): Promise<Result | null> {
  if (limits.some((limit) => limit.msUntilRoom(true) > 0)) return null
  return counted(limits, action)
}

async function counted<Result>(limits: readonly RateLimit[], action: () => Promise<Result>): Promise<Result> {
  for (const limit of limits) limit.begin()
  try {
    return await action()
  } finally {
    for (const limit of limits) limit.end()
  }
}

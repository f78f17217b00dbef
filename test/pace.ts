const TICK_MS = 10

/**
 * Times something, in milliseconds. What this process waited meanwhile for its turn on a busy machine is taken off: a
 * deadline of ours is not missed because the tests beside it had the processor.
 */
export async function timed<Result>(doing: Promise<Result>): Promise<{ result: Result; ms: number }> {
  const start = performance.now()
  let tickedAt = start
  let lateMs = 0
  const tick = () => {
    lateMs += Math.max(0, performance.now() - tickedAt - 2 * TICK_MS)
    tickedAt = performance.now()
  }
  const ticking = setInterval(tick, TICK_MS)
  try {
    const result = await doing
    tick()
    return { result, ms: performance.now() - start - lateMs }
  } finally {
    clearInterval(ticking)
  }
}

import { setTimeout as pause } from 'node:timers/promises'

/**
 * Waits.
 *
 * @throws the signal's reason, where that comes first
 */
export async function waitFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await pause(ms, undefined, { signal }).catch((error: unknown) => {
    signal?.throwIfAborted()
    throw error
  })
}

/** What the work comes to; null where it takes longer than so many milliseconds, or fails. It goes on all the same. */
export async function soonOrNull<Result>(ms: number, work: Promise<Result>): Promise<Result | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ms, null)
  })
  try {
    return await Promise.race([work, late])
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}

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

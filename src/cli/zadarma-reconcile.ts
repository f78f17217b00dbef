import { COMMAND_LINE } from '../audit/actor.ts'
import { createMetrics } from '../metrics.ts'
import type { ZadarmaApi } from '../zadarma/api.ts'
import { reconcile } from '../zadarma/reconcile.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import type { Period } from './period.ts'
import { registerOf } from './register.ts'
import { json } from './terminal.ts'

/** Brings in what the statistics tell of a period, and says what it came to. */
export async function reconcilePeriod(
  period: Period,
  api: ZadarmaApi,
  isForMachines: boolean,
  surroundings: Surroundings,
): Promise<void> {
  const { config, terminal, signal, fail } = surroundings
  const counts = await withDatabase(surroundings, async (database) => {
    const register = registerOf(database, terminal)
    try {
      return await reconcile(period, {
        api,
        register,
        by: COMMAND_LINE,
        config: config(),
        log: { warn: (_, message) => terminal.note(message) },
        metrics: createMetrics(),
        onProgress: ({ rows, calls }) => terminal.progress(`${rows} rows, ${calls} calls`),
        signal,
      })
    } finally {
      terminal.progress('')
      await register.drained()
    }
  })
  const { calls, failed, unchanged, changed } = counts
  terminal.print(
    isForMachines
      ? json(counts)
      : `${calls} ${calls === 1 ? 'call' : 'calls'}: ${counts.new} new, ${changed} completed or corrected, ` +
          `${unchanged} as they were, ${failed} failed.\n`,
  )
  if (failed > 0) fail()
}

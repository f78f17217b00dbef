import type { Metrics } from '../metrics.ts'
import type { RegisterEvents } from './register.ts'

/** What the metrics and the log are told of a register of the service, so that all doors are counted in one place. */
export function watched(
  metrics: Metrics,
  log: { error: (fields: object, message: string) => void },
): Required<RegisterEvents> {
  return {
    onBatch: (size) => metrics.batchSize.observe(size),
    onRetry: () => metrics.retries.inc(),
    onNotRegistered: (reason) => {
      metrics.notRegistered.inc()
      log.error({ err: reason }, 'a call was saved, but its attempt could not be registered yet')
    },
    onOutcome: (outcome) => metrics.outcomes.inc({ outcome }),
  }
}

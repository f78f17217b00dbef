// Loaded into a server before anything else: at SIGUSR2 it prints how long its event loop was held up at most since the
// last time.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  process.on('SIGUSR2', () => {
    process.stdout.write(`lag ${delay.max / 1e6}\n`)
    delay.reset()
  })
}

import { defineConfig } from 'vitest/config'
import usual, { shared } from './vitest.config.ts'

const { globalSetup = [] } = usual.test ?? {}

/** Faults at length, one file after the other; `npm test` leaves them out, `.ci/run` does their short forms. */
export default defineConfig({
  test: {
    ...shared,
    globalSetup,
    include: ['test/chaos/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    isolate: false,
  },
})

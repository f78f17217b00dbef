import { defineConfig } from 'vitest/config'
import usual, { shared } from './vitest.config.ts'

const { globalSetup = [] } = usual.test ?? {}

/** The pages in Chromium, as people use them: after `npm run build`, where there is a Chromium (`CHROMIUM` names it). */
export default defineConfig({
  test: {
    ...shared,
    globalSetup: [...[globalSetup].flat()],
    include: ['test/e2e/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    isolate: false,
  },
})

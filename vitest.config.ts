import { defineConfig } from 'vitest/config'

const times = { testTimeout: 60_000, hookTimeout: 60_000 }
/** Hold the service to a time of many answers, which the processor is not to be shared for. */
const ALONE = ['test/locked.test.ts', 'test/steady.test.ts']

export default defineConfig({
  test: {
    globalSetup: ['test/postgres.ts'],
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...times,
          name: 'together',
          isolate: false,
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ALONE,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...times,
          name: 'alone',
          isolate: false,
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})

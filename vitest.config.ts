import { readFileSync, statfsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

/** What was expected is told whole; what comes in a while has that while, however busy the machine is. */
export const shared = { chaiConfig: { truncateThreshold: 0 }, expect: { poll: { timeout: 30_000 } } }
const times = { testTimeout: 60_000, hookTimeout: 60_000, ...shared }
/** Hold the service to a time of many answers, which the processor is not to be shared for. */
const ALONE = ['test/faults.test.ts', 'test/locked.test.ts', 'test/steady.test.ts']

/** Only where `DOVECOT` names the program: elsewhere nobody is to wait for it, or to read of a test that was skipped. */
const ELSEWHERE = process.env.DOVECOT === undefined ? ['test/dovecot.test.ts'] : []

/** Has a configuration of its own: `npm run test:chaos`. */
const CHAOS = 'test/chaos/**'
/** Likewise: `npm run test:e2e`, which needs a Chromium. */
const E2E = 'test/e2e/**'

/** Data of tests need not outlive them: in memory, where there is room and programs may run, no disk is waited for. */
const MEMORY = '/dev/shm'
const ROOM_BYTES = 4 * 1024 ** 3

function hasRoomInMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    const mounts = readFileSync('/proc/mounts', 'utf8').split('\n')
    const options = mounts.find((mount) => mount.split(' ')[1] === MEMORY)?.split(' ')[3] ?? 'noexec'
    return bavail * bsize >= ROOM_BYTES && !options.split(',').includes('noexec')
  } catch {
    return false
  }
}
if (process.env.TMPDIR === undefined && hasRoomInMemory()) process.env.TMPDIR = MEMORY

export default defineConfig({
  test: {
    globalSetup: ['test/postgres.ts'],
    // More than the processors have: many tests wait, for a server, for a time, for a disk.
    maxWorkers: 3,
    projects: [
      {
        test: {
          ...times,
          name: 'together',
          isolate: false,
          include: ['src/**/*.test.ts', 'web/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...ALONE, ...ELSEWHERE, CHAOS, E2E],
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

import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { doChores } from '../src/chores.ts'

it('many chores that wait for the end are not taken for a leak', async () => {
  const warnings: Error[] = []
  const note = (warning: Error): void => void warnings.push(warning)
  process.on('warning', note)
  const ending = new AbortController()
  let begun = 0
  const chores = Array.from({ length: 30 }, (_, place) => ({
    name: `chore ${place}`,
    everyMs: 60_000,
    work: async (signal: AbortSignal) => {
      begun++
      await pause(1, undefined, { signal })
      return false
    },
  }))
  const done = doChores(chores, { error: (_, message) => expect.fail(message) }, ending.signal)
  await expect.poll(() => begun).toBe(chores.length)
  ending.abort()
  await done
  // Node tells of them at its next turn.
  await pause(0)
  process.off('warning', note)
  expect(warnings).toEqual([])
})

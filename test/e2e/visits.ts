import { afterEach } from 'vitest'
import type { Stage, Visitor } from './stage.ts'

/** As `stage.open`, and who came is gone after the test: a page that waits for a lead takes the next test's. */
export function useVisits(stage: Stage): Stage['open'] {
  const visitors: Visitor[] = []
  afterEach(async () => {
    await Promise.all(visitors.splice(0).map(({ context }) => context.close()))
  })
  return async (...how) => {
    const visitor = await stage.open(...how)
    visitors.push(visitor)
    return visitor
  }
}

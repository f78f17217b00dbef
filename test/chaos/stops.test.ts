import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { tellFigures } from '../figures.ts'
import { urlTo } from '../postgres.ts'
import { createTestDatabase } from '../service.ts'
import { newName } from './recorder.ts'
import { judge, newRecorder, startServices } from './stage.ts'

/* R19: the service is told to stop while a hundred requests come in a second. */

/** More by `npm run chaos`. */
const STOPS = Number(process.env.R19_STOPS ?? 1)
const EVERY_MS = 10
const BEFORE_MS = 1_200
/** Come at once right before the end, so that some are being answered then. */
const BURST = 40
const GONE_WITHIN_MS = 10_000

/** Sends until after the end, which comes by this signal. Gives what had been sent before and was not answered. */
async function endedBy(signal: 'SIGTERM' | 'SIGKILL') {
  const database = await createTestDatabase()
  const fleet = await startServices(1, { DATABASE_URL: urlTo(database.connection) })
  try {
    const recorder = newRecorder()
    const address = fleet.address(0)
    const sending: Promise<unknown>[] = []
    const send = (): Promise<unknown> => {
      const body = { direction: 'outbound', extension: newName() }
      const sent = recorder.ask(address, { method: 'POST', path: '/api/crm/calls', body })
      sending.push(sent)
      return sent
    }
    const sendAtOnce = () => Array.from({ length: BURST }, () => send())
    // So that there are connections for all of them: what has not come in is not accepted.
    await Promise.all(sendAtOnce())
    const timer = setInterval(send, EVERY_MS)
    await wait(BEFORE_MS)
    const burst = sendAtOnce()
    const before = recorder.exchanges.length
    // Then all of them have come in, and most are being written.
    await Promise.race(burst)
    const since = performance.now()
    const code = await fleet.end(0, signal)
    const ms = performance.now() - since
    clearInterval(timer)
    await Promise.all(sending)
    const unanswered = recorder.exchanges.slice(0, before).filter(({ status }) => status !== 201).length
    await fleet.start(0)
    const { wrongs } = await judge(recorder, fleet.address(0))
    return { code, ms, before, unanswered, wrongs }
  } finally {
    await fleet.close()
    await database.drop()
  }
}

it.each(Array.from({ length: STOPS }, (_, stop) => stop + 1))(
  'R19: a SIGTERM at 100 requests a second, with 40 at once: accepted ones are answered, none is lost (%i)',
  async () => {
    const { code, ms, before, unanswered, wrongs } = await endedBy('SIGTERM')
    tellFigures('R19', `${before} requests before, ${unanswered} of them unanswered, gone after ${ms.toFixed()} ms`)
    expect({ code, unanswered, wrongs }).toEqual({ code: 0, unanswered: 0, wrongs: [] })
    expect(ms).toBeLessThan(GONE_WITHIN_MS)
    expect(before).toBeGreaterThan(BURST + 50)
  },
)

it('(control) R19: a SIGKILL leaves requests unanswered', async () => {
  const { before, unanswered, wrongs } = await endedBy('SIGKILL')
  tellFigures('R19', `${before} requests before a SIGKILL, ${unanswered} of them unanswered`, true)
  expect(unanswered).toBeGreaterThan(0)
  expect(wrongs).toEqual([])
})

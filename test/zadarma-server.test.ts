import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { isGenuine } from '../src/zadarma/signature.ts'
import { localTime } from './zadarma/local-time.ts'
import {
  makeCalls,
  type Scenario,
  sendNotifications,
  signedNotification,
  startZadarmaServer,
} from './zadarma-server.ts'

const SECRET = 'a-secret'
const ZONE = 'Europe/Madrid'
const WORLD = {
  // A night in which an hour comes twice.
  from: Date.parse('2026-10-24T20:00:00Z'),
  numbers: ['+34612345678', '+34911222333', '+48600111222'],
  extensions: ['100', '101', '102'],
  zone: ZONE,
}
const scenarios = makeCalls({ ...WORLD, seed: 1, count: 500 })

const digitsOf = (text: string): string => text.replace(/^(\+|00)/, '')

/** What the statistics alone say of a call. */
function told({ kind, legs, pbx_call_id, number }: Scenario) {
  const rows = legs.map(({ json }) => JSON.parse(json)).filter((row) => row.pbx_call_id === pbx_call_id)
  const isFar = (row: { destination: unknown }): boolean => `+${row.destination}` === number
  const isAnswered = (row: { disposition: string }): boolean => row.disposition === 'answered'
  const deciding = kind === 'incoming' ? (rows.find(isAnswered) ?? rows.at(-1)) : rows.find(isFar)
  const [, named] = /\((\d+)\)$/.exec(deciding.clid) ?? []
  return {
    start: rows.map(({ callstart }) => callstart)[0],
    number: kind === 'incoming' ? `+${deciding.clid}` : `+${deciding.destination}`,
    extension: kind === 'incoming' ? String(deciding.destination) : (named ?? String(deciding.clid)),
    disposition: deciding.disposition.replace('call failed', 'failed'),
    durationSeconds: Number(deciding.seconds),
  }
}

describe('the calls that are made up', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(makeCalls({ ...WORLD, seed: 1, count: 500 })).toEqual(scenarios)
    expect(makeCalls({ ...WORLD, seed: 2, count: 500 })).not.toEqual(scenarios)
  })

  it('the end and the statistics tell the same of each', () => {
    for (const scenario of scenarios) {
      const { number, extension, disposition, durationSeconds, startedAt, notifications } = scenario
      expect(told(scenario)).toEqual({
        start: localTime(startedAt, ZONE),
        number,
        extension,
        disposition,
        durationSeconds,
      })
      const end = notifications.find(({ event }) => event.endsWith('_END'))
      expect(end).toMatchObject({ call_start: localTime(startedAt, ZONE), duration: String(durationSeconds) })
      expect(end?.disposition?.trim().toLowerCase()).toBe(disposition)
      expect(`+${digitsOf((scenario.kind === 'incoming' ? end?.caller_id : end?.destination) ?? '')}`).toBe(number)
    }
  })

  it('show all that calls can be', () => {
    const seen = new Set(scenarios.map(({ kind, disposition }) => `${kind} ${disposition}`))
    expect([...seen]).toEqual(
      expect.arrayContaining(['outgoing no money', 'outgoing unallocated number', 'callback busy', 'incoming cancel']),
    )
    const legs = scenarios.flatMap((scenario) => scenario.legs.map(({ json }) => json))
    for (const oddity of [
      /"is_recorded":"true"/,
      /"is_recorded":true/,
      /"call_id":\d+\.\d+0,/,
      /"destination":"?\d{11}/,
    ]) {
      expect(legs.some((json) => oddity.test(json))).toBe(true)
    }
    expect(legs.some((json) => !/"pbx_call_id":"\w/.test(json))).toBe(true)
  })
})

describe('notifications', () => {
  it('are genuine, whatever is in them', () => {
    for (const fields of scenarios.flatMap(({ notifications }) => notifications)) {
      const { headers, body } = signedNotification(fields, SECRET)
      expect(isGenuine(Object.fromEntries(new URLSearchParams(body)), headers.signature, SECRET)).toBe(true)
    }
  })

  it('are sent, dropped, doubled and shuffled as the seed says', async () => {
    const bodies: string[] = []
    const receiver = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const body = Buffer.concat(chunks).toString()
      bodies.push(body)
      response.end()
    })
    await new Promise<void>((resolve) => void receiver.listen(0, '127.0.0.1', resolve))
    const target = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/api/zadarma/webhook`
    const calls = scenarios.slice(0, 100)
    const all = calls.flatMap(({ notifications }) =>
      notifications.map((fields) => new URLSearchParams(fields).toString()),
    )

    await sendNotifications(target, calls, { secret: SECRET, seed: 3 })
    expect(bodies.splice(0)).toEqual(all)

    const sent = await sendNotifications(target, calls, { secret: SECRET, seed: 3, shuffle: true, concurrency: 4 })
    expect(sent.every(({ status, ms }) => status === 200 && ms > 0)).toBe(true)
    expect(bodies).not.toEqual(all)
    expect(bodies.splice(0).sort()).toEqual([...all].sort())

    await sendNotifications(target, calls, { secret: SECRET, seed: 3, drop: 0.3, double: 0.5, concurrency: 4 })
    expect(new Set(bodies).size).toBeLessThan(all.length * 0.8)
    expect(bodies.length).toBeGreaterThan(new Set(bodies).size * 1.3)
    receiver.closeAllConnections()
    receiver.close()
  })
})

describe('recordings', () => {
  it('are served well, or with a fault', async () => {
    const server = await startZadarmaServer({ key: 'a-key', secret: SECRET, zone: ZONE, scenarios })
    const recordings = scenarios.flatMap((scenario) => scenario.recordings)
    const addressOf = (ending: string): string => {
      const recording = recordings.find(({ fileName }) => fileName.endsWith(ending))
      return server.account.linkTo(recording ?? { id: '', fileName: '' }, 180)
    }
    const [mp3, ogg] = [await fetch(addressOf('.mp3')), await fetch(addressOf('.ogg'))]
    expect(Buffer.from(await mp3.arrayBuffer()).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xfb]))
    expect(
      Buffer.from(await ogg.arrayBuffer())
        .subarray(0, 4)
        .toString(),
    ).toBe('OggS')
    server.serveAudio('cut')
    const cut = await fetch(addressOf('.mp3'))
    await expect(cut.arrayBuffer()).rejects.toThrow()
    server.serveAudio('redirect')
    expect((await fetch(addressOf('.mp3'), { redirect: 'manual' })).status).toBe(302)
    await server.close()
  })
})

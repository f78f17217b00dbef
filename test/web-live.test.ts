import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { merged, newsOf, newsOfBoth } from '../web/src/api/changes.ts'
import { paced } from '../web/src/api/pace.ts'
import { keepListening } from '../web/src/api/stream.ts'
import type { Lead } from '../web/src/leads/lead.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('changes that are waited for', () => {
  it('are told together, each once', () => {
    expect(merged({ call: ['1', '2'], contact: ['5'] }, { call: ['2', '3'], review: ['4'] })).toEqual({
      call: ['1', '2', '3'],
      contact: ['5'],
      review: ['4'],
    })
    expect(merged({ call: ['1'], key: ['2'] }, { call: 'all' })).toEqual({ call: 'all', key: ['2'] })
  })

  it('are not named one by one where they are very many', () => {
    const ids = (from: number): string[] => Array.from({ length: 150 }, (_, at) => `${from + at}`)
    expect(merged({ call: ids(0) }, { call: ids(50) })).toEqual({ call: ids(0).concat(ids(150).slice(0, 50)) })
    expect(merged({ call: ids(0) }, { call: ids(51) })).toEqual({ call: 'all' })
  })
})

describe('leads that were told', () => {
  const lead = (id: string, title: string) => ({ id, title }) as Lead

  it('are known with what changed; null where one of those is not told', () => {
    const { changes, leads } = newsOf({ opportunity: ['1', '2'], call: ['3'], opportunities: [lead('1', 'a')] })
    expect(changes).toEqual({ opportunity: ['1', '2'], call: ['3'] })
    expect([...leads]).toEqual([
      ['1', lead('1', 'a')],
      ['2', null],
    ])
    expect(newsOf({ opportunity: 'all' })).toEqual({ changes: { opportunity: 'all' }, leads: new Map() })
  })

  it('are known as they were told last, and not where only their ids were told since', () => {
    const first = newsOf({ opportunity: ['1', '2', '3'], opportunities: [lead('1', 'a'), lead('2', 'a')] })
    const second = newsOf({ opportunity: ['2'], opportunities: [lead('2', 'b')] })
    const both = newsOfBoth(first, second)
    expect(both.changes).toEqual({ opportunity: ['1', '2', '3'] })
    expect(Object.fromEntries(both.leads)).toEqual({ 1: lead('1', 'a'), 2: lead('2', 'b'), 3: null })
    expect([...newsOfBoth(both, newsOf({ opportunity: ['1'] })).leads.keys()]).toEqual(['3', '2'])
    expect(newsOfBoth(both, newsOf({ opportunity: 'all' })).leads.size).toBe(0)
  })

  it('are not known any more once their contact has changed', () => {
    const of = (id: string, contact_id: string) => ({ ...lead(id, 'a'), contact_id }) as Lead
    const told = newsOf({ opportunity: ['1', '2'], opportunities: [of('1', 'x'), of('2', 'y')] })
    expect([...newsOfBoth(told, newsOf({ contact: ['x'] })).leads.keys()]).toEqual(['2'])
    expect(newsOfBoth(told, newsOf({ contact: 'all' })).leads.size).toBe(0)
  })

  it('are no more than those whose ids are told, however long nobody looks', () => {
    let news = newsOf({})
    for (let event = 0; event < 100; event++) {
      const ids = Array.from({ length: 12 }, (_, at) => `${event}-${at}`)
      news = newsOfBoth(news, newsOf({ opportunity: ids, opportunities: ids.map((id) => lead(id, 'a')) }))
      expect(news.leads.size).toBeLessThanOrEqual(200)
    }
    expect([news.changes, news.leads.size]).toEqual([{ opportunity: 'all' }, 0])
  })
})

describe('the pace', () => {
  const numbersAt = (leastMs: number, mostMs: number) => {
    vi.useFakeTimers()
    const begun = Date.now()
    const runs: [atMs: number, sum: number][] = []
    const pace = paced<number>({
      run: async (sum) => void runs.push([Date.now() - begun, sum]),
      merge: (some, more) => some + more,
      leastMs,
      mostMs,
    })
    return { pace, runs }
  }

  it('runs the first at once and the rest together, and the first after a rest at once again', async () => {
    const { pace, runs } = numbersAt(250, 250)
    for (const _ of [1, 2, 3]) pace.add(1)
    await vi.advanceTimersByTimeAsync(1_000)
    pace.add(1)
    expect(runs).toEqual([
      [0, 1],
      [250, 2],
      [1_000, 1],
    ])
  })

  it('slows down while there is always more, and is as quick as before after a rest', async () => {
    const { pace, runs } = numbersAt(500, 2_000)
    for (let ms = 0; ms < 8_000; ms += 100) {
      pace.add(1)
      await vi.advanceTimersByTimeAsync(100)
    }
    await vi.advanceTimersByTimeAsync(10_000)
    expect(runs.map(([at]) => at)).toEqual([0, 500, 1_500, 3_500, 5_500, 7_500, 9_500])
    expect(runs.reduce((sum, [, count]) => sum + count, 0)).toBe(80)
    pace.add(1)
    pace.add(1)
    await vi.advanceTimersByTimeAsync(500)
    expect(runs.slice(-2).map(([at]) => at)).toEqual([18_000, 18_500])
  })

  it('never runs two at the same time, and goes on after one that failed', async () => {
    vi.useFakeTimers()
    const events: string[] = []
    const pace = paced<string>({
      run: async (name) => {
        events.push(`${name} begins`)
        await new Promise((resolve) => setTimeout(resolve, 3_000))
        events.push(`${name} ends`)
        throw new Error('out of reach')
      },
      merge: (some, more) => some + more,
      leastMs: 250,
      mostMs: 250,
    })
    for (const name of ['a', 'b', 'c']) pace.add(name)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(events).toEqual(['a begins', 'a ends', 'bc begins', 'bc ends'])
  })

  it('goes on after one that never ends', async () => {
    vi.useFakeTimers()
    const begun: string[] = []
    const pace = paced<string>({
      run: (name) => {
        begun.push(name)
        return new Promise(() => undefined)
      },
      merge: (some, more) => some + more,
      leastMs: 250,
      mostMs: 250,
    })
    for (const name of ['a', 'b', 'c']) pace.add(name)
    await vi.advanceTimersByTimeAsync(16_000)
    expect(begun).toEqual(['a', 'bc'])
    pace.end()
  })
})

describe('listening', () => {
  /** A service that answers each request as the next of these does, and is told to nobody else. */
  async function listening(
    answers: ((request: IncomingMessage, response: ServerResponse) => void)[],
    { online = new EventTarget(), firstWaitMs = 20 } = {},
  ) {
    const asked: (string | undefined)[] = []
    const server = createServer((request, response) => {
      asked.push(request.headers['last-event-id']?.toString())
      const answer = answers.shift()
      if (answer === undefined) response.writeHead(500).end()
      else answer(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const leaving = new AbortController()
    const heard: unknown[] = []
    const begun = performance.now()
    const over = keepListening({
      ask: (lastId, signal) => fetch(url, { headers: lastId === null ? {} : { 'last-event-id': lastId }, signal }),
      lastId: null,
      onTold: (changes) => {
        heard.push(changes)
        if ('last' in changes) leaving.abort()
      },
      onLive: (isLive) => heard.push(isLive),
      onStranger: () => heard.push('who?'),
      online,
      signal: leaving.signal,
      firstWaitMs,
    })
    await over
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    return { asked, heard, tookMs: performance.now() - begun }
  }

  const refusing =
    (status: number, headers: Record<string, string> = {}) =>
    (_: IncomingMessage, response: ServerResponse) =>
      void response.writeHead(status, headers).end('{}')

  const telling =
    (...events: [id: number, changes: object][]) =>
    (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('retry: 1000\n\n')
      for (const [id, changes] of events) {
        response.write(`:\n\nid: ${id}\nevent: chan`)
        response.write(`ges\ndata: ${JSON.stringify(changes)}\n\n`)
      }
      response.end()
    }

  it('goes on after every refusal and every break, where it was', async () => {
    const { asked, heard } = await listening([
      refusing(503),
      refusing(429),
      telling([7, {}], [8, { call: ['a: b'] }]),
      (request) => request.socket.destroy(),
      refusing(401),
      telling([9, { last: ['c'] }]),
    ])
    expect(asked).toEqual([undefined, undefined, undefined, '8', '8', '8'])
    expect(heard).toEqual([
      ...[false, false],
      ...[true, {}, true, { call: ['a: b'] }, false],
      ...[false, 'who?', false],
      ...[true, { last: ['c'] }],
    ])
  })

  it('does not wait where the browser has a connection again', async () => {
    const online = new EventTarget()
    const { tookMs } = await listening(
      [
        (request) => {
          request.socket.destroy()
          setTimeout(() => online.dispatchEvent(new Event('online')), 50)
        },
        telling([1, { last: [] }]),
      ],
      { online, firstWaitMs: 30_000 },
    )
    expect(tookMs).toBeLessThan(5_000)
  })

  it('waits as long as it is told to', async () => {
    const { tookMs } = await listening([refusing(503, { 'retry-after': '1' }), telling([1, { last: [] }])])
    expect(tookMs).toBeGreaterThan(990)
  })
})

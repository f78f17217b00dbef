import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Changes } from './changes.ts'
import { refresher } from './refresh.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('what is on the screen', () => {
  /** Each query with somebody who looks at it, and how often it was asked for. */
  async function screenOf(...keys: unknown[][]) {
    vi.useFakeTimers()
    const queries = new QueryClient()
    const asked = new Map<string, number>()
    const told: Changes[] = []
    for (const queryKey of keys) {
      const name = JSON.stringify(queryKey)
      const queryFn = () => {
        asked.set(name, (asked.get(name) ?? 0) + 1)
        return name
      }
      new QueryObserver(queries, { queryKey, queryFn, staleTime: Number.POSITIVE_INFINITY }).subscribe(() => undefined)
    }
    await vi.advanceTimersByTimeAsync(10)
    asked.clear()
    const { take, end } = refresher({ queries, refreshLeads: async ({ changes }) => void told.push(changes) })
    return {
      queries,
      asked,
      told,
      take: (changes: Changes) => take({ changes, leads: new Map() }),
      end,
      times: (...key: unknown[]) => asked.get(JSON.stringify(key)) ?? 0,
    }
  }

  it('is fetched at once where it shows what changed, and nothing else is', async () => {
    const screen = await screenOf(['call', 'a'], ['call', 'b'], ['calls', { entity_id: 'x' }], ['keys', {}], ['review'])
    screen.take({ call: ['a'] })
    await vi.advanceTimersByTimeAsync(10)
    expect(Object.fromEntries(screen.asked)).toEqual({ '["call","a"]': 1, '["calls",{"entity_id":"x"}]': 1 })
    expect(screen.told).toEqual([{ call: ['a'] }])
    screen.take({ call: ['a'] })
    await vi.advanceTimersByTimeAsync(400)
    expect([screen.times('call', 'a'), screen.times('calls', { entity_id: 'x' })]).toEqual([2, 1])
    await vi.advanceTimersByTimeAsync(200)
    expect([screen.times('call', 'a'), screen.times('calls', { entity_id: 'x' })]).toEqual([2, 2])
    screen.end()
  })

  it('costs a few requests a second at most, however much happens', async () => {
    const screen = await screenOf(
      ['opportunities', { sort: '-created_at' }, 100],
      ['opportunities', 'count', {}],
      ['opportunities', 'statuses', {}],
      ['opportunity', 'never changed'],
      ['calls', {}],
      ['coverage', {}],
    )
    const seconds = 60
    for (let event = 0; event < 50 * seconds; event++) {
      screen.take({ opportunity: [`${event}`], call: [`${event}`] })
      await vi.advanceTimersByTimeAsync(20)
    }
    await vi.advanceTimersByTimeAsync(5_000)
    // Four times a second, with every change in one of them.
    expect(screen.told.length).toBeLessThanOrEqual(4 * seconds + 2)
    expect(screen.told.flatMap(({ opportunity }) => opportunity)).toEqual(
      Array.from({ length: 50 * seconds }, (_, event) => `${event}`),
    )
    // After half a second, one, two, and then every four.
    expect(screen.times('opportunities', 'count', {})).toBeLessThanOrEqual(4 + seconds / 4 + 1)
    expect(new Set(screen.asked.values()).size).toBe(1)
    // Its pages are brought up to date by what is told of leads.
    expect(screen.times('opportunities', { sort: '-created_at' }, 100)).toBe(0)
    expect(screen.times('opportunity', 'never changed')).toBe(0)
    screen.end()
  })

  it('is fetched again where it was on its way when the change was told', async () => {
    vi.useFakeTimers()
    const queries = new QueryClient()
    const answers = ['as it was', 'as it is']
    const queryFn = () => new Promise((resolve) => setTimeout(resolve, 1_000, answers.shift()))
    new QueryObserver(queries, { queryKey: ['call', 'a'], queryFn }).subscribe(() => undefined)
    const { take, end } = refresher({ queries, refreshLeads: async () => undefined })
    take({ changes: { call: ['a'] }, leads: new Map() })
    await vi.advanceTimersByTimeAsync(2_100)
    expect(queries.getQueryData(['call', 'a'])).toBe('as it is')
    end()
  })
})

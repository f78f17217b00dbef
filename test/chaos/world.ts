import type { Final } from './final.ts'
import type { Exchange } from './recorder.ts'

type Mutable<Value> = Value extends object ? { -readonly [Key in keyof Value]: Mutable<Value[Key]> } : Value
/** What was asked and is there in the end, to be made wrong. */
export interface World {
  exchanges: Mutable<Exchange>[]
  calls: Mutable<Final['calls'][number]>[]
  opportunities: Mutable<Final['opportunities'][number]>[]
}

/** The first for which it holds: a mutation that finds nothing to change proves nothing. */
export function some<Item>(items: readonly Item[], isSo: (item: Item) => boolean): Item {
  const found = items.find(isSo)
  if (found === undefined) throw new Error('there is nothing to make wrong')
  return found
}

/** Those of an opportunity, in their order. */
export const attempts = ({ first_call_attempts }: World['opportunities'][number]) => Object.values(first_call_attempts)
/** Attempts under their numbers. */
export const numbered = (list: World['opportunities'][number]['first_call_attempts'][string][]) =>
  Object.fromEntries(list.map((attempt, place) => [String(place + 1), attempt]))
/** An opportunity that has so many at least. */
export const withAttempts = (world: World, count: number) =>
  some(world.opportunities, (one) => attempts(one).length >= count)
/** A call of which this became. */
export const byOutcome = (world: World, outcome: string) =>
  some(world.calls, (call) => call.attempt.outcome === outcome)
/** One that was told of once, so that it is sure how it has to be. */
export const untouched = (world: World) =>
  some(world.calls, (call) => call.revision === 1 && call.attempt.outcome === 'registered' && call.started_at !== null)

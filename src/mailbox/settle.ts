import type { Instant } from '../time.ts'
import type { ReadTime } from './times.ts'

/** Something that a mail tells, with where it stands: `file name`, `subject`, `text: "Número"`. */
export interface Fact<Value> {
  value: Value
  from: string
}

/** What is settled of several findings; a sentence where they contradict each other, as nothing is guessed then. */
export interface Settled<Value> {
  fact: Fact<Value> | null
  doubts: readonly string[]
}

/** Two writings of one start differ by as much at most: by the seconds that one leaves out, or the ringing (B17). */
const ONE_START_MS = 60_000

/** @param what the values are, in the plural */
export function settle<Value extends string | number>(what: string, found: readonly Fact<Value>[]): Settled<Value> {
  const [first = null, ...others] = found
  if (first === null) return { fact: null, doubts: [] }
  const differing = others.filter(({ value }) => value !== first.value)
  return differing.length === 0 ? { fact: first, doubts: [] } : { fact: null, doubts: [sentence(what, found, String)] }
}

/** Of starts that can be one, the first that tells the second is the start. */
export function settleStart(found: readonly Fact<ReadTime>[]): Settled<Instant> {
  const moments = found.map(({ value }) => value.instant)
  const fact = found.find(({ value }) => value.isToTheSecond) ?? found[0]
  if (fact === undefined) return { fact: null, doubts: [] }
  if (Math.max(...moments) - Math.min(...moments) > ONE_START_MS) {
    const written = ({ instant }: ReadTime): string => new Date(instant).toISOString()
    return { fact: null, doubts: [sentence('starts', found, written)] }
  }
  return { fact: { value: fact.value.instant, from: fact.from }, doubts: [] }
}

function sentence<Value>(what: string, found: readonly Fact<Value>[], written: (value: Value) => string): string {
  const named = new Map<string, string>()
  for (const { value, from } of found) {
    const text = written(value)
    if (!named.has(text)) named.set(text, from)
  }
  const list = [...named].map(([value, from]) => `${value} (${from})`)
  return `The ${what} in it differ: ${list.join(', ')}.`
}

/** Chance that comes out the same for the same seed. */
export interface Random {
  /** From 0 to below 1. */
  fraction(): number
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number
  chance(probability: number): boolean
  pick<Item>(items: readonly Item[]): Item
  shuffled<Item>(items: readonly Item[]): Item[]
  /** So many of these characters. */
  characters(length: number, of: string): string
}

/** The generator known as mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed | 0
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (from: number, to: number): number => from + Math.floor(fraction() * (to - from + 1))
  return {
    fraction,
    between,
    chance: (probability) => fraction() < probability,
    pick: (items) => {
      const item = items[between(0, items.length - 1)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
    shuffled: (items) => {
      const rest = [...items]
      const taken: typeof rest = []
      while (rest.length > 0) taken.push(...rest.splice(between(0, rest.length - 1), 1))
      return taken
    },
    characters: (length, of) => Array.from({ length }, () => of[between(0, of.length - 1)]).join(''),
  }
}

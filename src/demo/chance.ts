/** Numbers that look random, and are the same for the same seed. */
export interface Chance {
  /** From 0, inclusive, to 1, exclusive. */
  number(): number
  /** A whole number between these two, both inclusive. */
  between(least: number, most: number): number
  /** One of these. */
  one<Item>(items: readonly Item[]): Item
  /** One of these, as often as its weight says. */
  weighted<Item>(items: readonly (readonly [Item, number])[]): Item
}

/** mulberry32: 32 bits of state, enough for what only has to look believable. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  const number = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (least: number, most: number): number => least + Math.floor(number() * (most - least + 1))
  return {
    number,
    between,
    one(items) {
      const item = items[between(0, items.length - 1)]
      if (item === undefined) throw new Error('there is nothing to choose from')
      return item
    },
    weighted(items) {
      let rest = number() * items.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [item, weight] of items) {
        rest -= weight
        if (rest < 0) return item
      }
      const [last] = items.at(-1) ?? []
      if (last === undefined) throw new Error('there is nothing to choose from')
      return last
    },
  }
}

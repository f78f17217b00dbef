/** Which leads are chosen, and from where a range begins. */
export interface Chosen {
  ids: ReadonlySet<string>
  from: string | null
}

export const NONE: Chosen = { ids: new Set(), from: null }

/** Chooses a lead that is not chosen, or lets go of it. */
export function toggled({ ids }: Chosen, id: string): Chosen {
  const after = new Set(ids)
  if (!after.delete(id)) after.add(id)
  return { ids: after, from: id }
}

/** Chooses everything between where the range begins and this lead, both with it. */
export function upTo(chosen: Chosen, id: string, order: readonly string[]): Chosen {
  const from = chosen.from === null ? -1 : order.indexOf(chosen.from)
  const to = order.indexOf(id)
  if (from < 0 || to < 0) return toggled(chosen, id)
  const between = order.slice(Math.min(from, to), Math.max(from, to) + 1)
  return { ids: new Set([...chosen.ids, ...between]), from: chosen.from }
}

import type { AuditEntry } from './store.ts'

/** An attempt's number before and after a change; null where it was none, or is none any more. */
export interface Renumbered {
  call_id: string
  from: number | null
  to: number | null
}

/** The attempts that a change of an opportunity added, took away, or gave another number (B4), in the order of numbers. */
export function renumberedBy({ before, after }: Pick<AuditEntry, 'before' | 'after'>): Renumbered[] {
  const [from, to] = [numbersIn(before), numbersIn(after)]
  const callIds = new Set([...to.keys(), ...from.keys()])
  return [...callIds].flatMap((call_id) => {
    const change = { call_id, from: from.get(call_id) ?? null, to: to.get(call_id) ?? null }
    return change.from === change.to ? [] : [change]
  })
}

/** By the attempts' calls. An entry has only the numbers that changed. */
function numbersIn(fields: AuditEntry['before']): Map<string, number> {
  const attempts = (fields?.first_call_attempts ?? {}) as Readonly<Record<string, { call_id: string }>>
  return new Map(Object.entries(attempts).map(([number, { call_id }]) => [call_id, Number(number)]))
}

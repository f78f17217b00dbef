import { isKnownStatus } from '../parts/status.ts'
import type { ListQuery } from './filter.ts'
import type { Lead } from './lead.ts'

/** What a list asks for, but for what it searches: what that finds only the service knows. */
export type Asked = Omit<ListQuery, 'q' | 'ids' | 'limit' | 'cursor' | 'include'>

/** Whether a lead is one of those that are asked for. */
export function fits(lead: Lead, asked: Asked): boolean {
  const attempts = Object.entries(lead.first_call_attempts).sort(([a], [b]) => Number(a) - Number(b))
  const { status, assigned_to, assigned, source, attempts: made, last_status, first_call_completed } = asked
  return (
    (status === undefined || lead.status === ourWord(status)) &&
    (assigned_to === undefined || lead.assigned_to === assigned_to) &&
    (assigned === undefined || lead.assigned_to === null) &&
    (source === undefined || lead.source === source) &&
    (made === undefined || attempts.length === made) &&
    (last_status === undefined || attempts.at(-1)?.[1].status === last_status) &&
    (first_call_completed === undefined || `${lead.first_call_completed}` === first_call_completed)
  )
}

/** A status as the service writes it. */
function ourWord(status: string): string {
  const word = status.trim()
  return isKnownStatus(word.toLowerCase()) ? word.toLowerCase() : word
}

/** Compares two leads as the list has them: below 0 where the first comes before the other. */
export function inOrder(sort: Asked['sort']): (one: Lead, other: Lead) => number {
  const direction = sort?.startsWith('-') === false ? 1 : -1
  // Never tried is as tried longest ago.
  const keyOf = sort?.endsWith('last_contact_attempt_at')
    ? ({ last_contact_attempt_at: at }: Lead) => (at === null ? Number.NEGATIVE_INFINITY : Date.parse(at))
    : ({ created_at }: Lead) => Date.parse(created_at)
  return (one, other) => {
    const [a, b] = [keyOf(one), keyOf(other)]
    if (a !== b) return a < b ? -direction : direction
    return one.id === other.id ? 0 : one.id < other.id ? -direction : direction
  }
}

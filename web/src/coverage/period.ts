/** Those that have a button. */
export const NAMED = ['today', 'yesterday', '7days', '30days', 'month'] as const
type Named = (typeof NAMED)[number]

/** What is shown: one with a name, or from one day up to another, both of them with it. */
export type Chosen = { name: Named } | { name: 'days'; first: string; last: string }

/** Two moments, the second one no part of it. */
export interface Period {
  from: string
  to: string
}

/** What the address asks for; today where it does not. */
export function chosenIn(params: URLSearchParams): Chosen {
  const [first, last] = [dayIn(params.get('first')), dayIn(params.get('last'))]
  if (first !== null && last !== null && first <= last) return { name: 'days', first, last }
  return { name: NAMED.find((name) => name === params.get('period')) ?? 'today' }
}

/** The same for the address. */
export function addressOf(chosen: Chosen): string {
  return chosen.name === 'days'
    ? `/coverage?first=${chosen.first}&last=${chosen.last}`
    : `/coverage?period=${chosen.name}`
}

/** The days in the reader's own zone, as moments. */
export function periodOf(chosen: Chosen, now: Date): Period {
  const { first, last } = daysOf(chosen, now)
  return { from: midnight(first, 0), to: midnight(last, 1) }
}

/** The first and the last day, as `2026-11-29`. */
export function daysOf(chosen: Chosen, now: Date): { first: string; last: string } {
  const today = (days: number): string => dayOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() + days))
  switch (chosen.name) {
    case 'today':
      return { first: today(0), last: today(0) }
    case 'yesterday':
      return { first: today(-1), last: today(-1) }
    case '7days':
      return { first: today(-6), last: today(0) }
    case '30days':
      return { first: today(-29), last: today(0) }
    case 'month':
      return { first: today(1 - now.getDate()), last: today(0) }
    case 'days':
      return { first: chosen.first, last: chosen.last }
    default:
      return chosen satisfies never
  }
}

const twoDigits = (part: number): string => String(part).padStart(2, '0')

const dayOf = (date: Date): string =>
  `${String(date.getFullYear()).padStart(4, '0')}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`

/** Days with a change of clocks have 23 or 25 hours: it is counted in days. */
function midnight(day: string, daysLater: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + daysLater).toISOString()
}

/** Whether there is such a day, written as `2026-11-29`. */
export function isDay(text: string): boolean {
  if (!/^[1-9]\d{3}-\d{2}-\d{2}$/.test(text)) return false
  const date = new Date(`${text}T12:00:00`)
  return !Number.isNaN(date.getTime()) && dayOf(date) === text
}

const dayIn = (text: string | null): string | null => (text !== null && isDay(text) ? text : null)

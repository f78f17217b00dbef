import { type FilterName, isKnownStatus } from './filter.ts'
import type { LeadTexts } from './texts.ts'

/** A status in the reader's words; one that is not ours stays as it is. */
export const statusWord = (t: LeadTexts, status: string): string =>
  isKnownStatus(status) ? t.statuses[status] : status

/** A filter's value in the reader's words. */
export function valueWord(t: LeadTexts, name: FilterName, value: string, nameOfAgent: (id: string) => string): string {
  switch (name) {
    case 'status':
      return statusWord(t, value)
    case 'assigned_to':
      return nameOfAgent(value)
    case 'assigned':
      return t.nobody
    case 'last_status':
      return value === 'green' || value === 'orange' || value === 'red' ? t.colours[value] : value
    case 'first_call_completed':
      return value === 'true' ? t.yes : t.no
    case 'attempts':
    case 'source':
      return value
    default:
      return name satisfies never
  }
}

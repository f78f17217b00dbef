import { statusWords } from '../parts/status.ts'
import type { Language } from '../texts/language.ts'
import type { FilterName } from './filter.ts'
import { LEADS_TEXTS } from './texts.ts'

/** A filter's value in the reader's words. */
export function valueWord(
  name: FilterName,
  value: string,
  nameOfAgent: (id: string) => string,
  language: Language,
): string {
  const t = LEADS_TEXTS[language]
  switch (name) {
    case 'status':
      return statusWords(value, language)
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

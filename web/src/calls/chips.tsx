import { Button, Group, Pill } from '@mantine/core'
import { directionWords, resultWords } from '../parts/call-words.ts'
import { usePhoneFormat } from '../parts/phone.ts'
import { formatMoment } from '../parts/time.tsx'
import { type Language, useLanguage, useTexts } from '../texts/language.ts'
import { type FilterName, OUTCOMES } from './filters.ts'
import { CALLS_TEXTS } from './texts.ts'

/** What the list is narrowed by, each to be taken away. */
export function Chips({
  filters,
  onRemove,
  onClear,
}: {
  filters: readonly [FilterName, string][]
  onRemove: (name: FilterName) => void
  onClear: () => void
}) {
  const t = useTexts(CALLS_TEXTS)
  const { language } = useLanguage()
  const format = usePhoneFormat()
  if (filters.length === 0) return null
  return (
    <Group gap={6}>
      {filters.map(([name, value]) => {
        const words = `${t.filters[name]}: ${valueWords(name, value, language, format, t.outcomes)}`
        return (
          <Pill
            key={name}
            size="md"
            withRemoveButton
            onRemove={() => onRemove(name)}
            removeButtonProps={{ 'aria-label': t.remove(words), 'aria-hidden': false, tabIndex: 0 }}
          >
            {words}
          </Pill>
        )
      })}
      {filters.length > 1 && (
        <Button size="compact-sm" variant="subtle" onClick={onClear}>
          {t.clear}
        </Button>
      )}
    </Group>
  )
}

const isMoment = (value: string): boolean => !Number.isNaN(Date.parse(value))

function valueWords(
  name: FilterName,
  value: string,
  language: Language,
  format: (number: string) => string,
  outcomes: Readonly<Record<(typeof OUTCOMES)[number], string>>,
): string {
  switch (name) {
    case 'outcome': {
      const known = OUTCOMES.find((outcome) => outcome === value)
      return known === undefined ? value : outcomes[known]
    }
    case 'direction':
      return value === 'inbound' || value === 'outbound' || value === 'internal'
        ? directionWords(value, language)
        : value
    case 'call_status':
      return resultWords(value, language)
    case 'phone_number':
      return format(value)
    case 'started_from':
    case 'started_to':
      return isMoment(value) ? formatMoment(value, language) : value
    case 'entity_id':
    case 'opportunity_id':
      // The end of an id tells two of them apart.
      return `…${value.slice(-6)}`
    case 'provider':
      return value
    default:
      return name satisfies never
  }
}

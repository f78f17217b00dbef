import { Button, Group, Title } from '@mantine/core'
import { useTexts } from '../texts/language.ts'
import { Changes } from './later.tsx'
import type { People } from './people.ts'
import { LEAD_TEXTS } from './texts.ts'

interface HistoryProps {
  opportunityId: string
  /** Null where another system keeps it. */
  contactId: string | null
  people: People
  isShown: boolean
  onToggle: () => void
}

/** Who changed the opportunity, and what; and who its contact; asked only when it is wanted. */
export function History({ opportunityId, contactId, people, isShown, onToggle }: HistoryProps) {
  const t = useTexts(LEAD_TEXTS)
  return (
    <section aria-labelledby="history">
      <Group gap="sm">
        <Title order={2} size="h4" id="history">
          {t.history}
        </Title>
        <Button variant="subtle" size="compact-sm" onClick={onToggle} aria-expanded={isShown}>
          {isShown ? t.hideHistory : t.showHistory}
        </Button>
      </Group>
      {isShown && <Changes kind="opportunity" id={opportunityId} people={people} />}
      {isShown && contactId !== null && (
        <>
          <Title order={3} size="h5" mt="md">
            {t.contactHistory}
          </Title>
          <Changes kind="contact" id={contactId} people={people} />
        </>
      )}
    </section>
  )
}

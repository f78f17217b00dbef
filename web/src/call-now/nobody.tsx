import { Button, Group, Stack, Text, Title } from '@mantine/core'
import { Link } from 'wouter'
import { formatAge, timeOfDay } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { CALL_NOW_TEXTS } from './texts.ts'

/** The queue is empty. */
export function Nobody({ nextDueAt, onLookAgain }: { nextDueAt: string | null; onLookAgain: () => void }) {
  const t = useTexts(CALL_NOW_TEXTS)
  const { language } = useLanguage()
  return (
    <Stack align="start" py="xl">
      <Title order={1} size="h2">
        {t.nobody}
      </Title>
      <Text>{nextDueAt === null ? t.none : t.due(timeOfDay(nextDueAt, language), formatAge(nextDueAt, language))}</Text>
      <Group>
        <Button component={Link} href="/leads" variant="light">
          {t.toLeads}
        </Button>
        <Button variant="subtle" onClick={onLookAgain}>
          {t.lookAgain}
        </Button>
      </Group>
    </Stack>
  )
}

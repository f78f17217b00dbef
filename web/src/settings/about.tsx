import { Anchor, Button, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import { useServiceState } from '../parts/service-state.ts'
import type { Me } from '../session/me.ts'
import { useTexts } from '../texts/language.ts'
import { SETTINGS_TEXTS } from './texts.ts'

const Licences = lazy(async () => ({ default: (await import('./licences.tsx')).Licences }))

/** What this is. */
export function About({ me }: { me: Me }) {
  const t = useTexts(SETTINGS_TEXTS)
  const state = useServiceState(me.role !== 'agent')
  const [areLicencesShown, setAreLicencesShown] = useState(false)
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm" align="start">
        <Title order={2} size="h4">
          {state.data === undefined ? 'First Call' : t.version(state.data.version)}
        </Title>
        <Text>{t.aboutMore}</Text>
        <Group>
          <Anchor href="/docs">{t.description}</Anchor>
          <Button
            variant="subtle"
            aria-expanded={areLicencesShown}
            onClick={() => setAreLicencesShown(!areLicencesShown)}
          >
            {t.licences}
          </Button>
        </Group>
        {areLicencesShown && (
          <Suspense fallback={<Skeleton h={420} className="late" />}>
            <Licences />
          </Suspense>
        )}
      </Stack>
    </Paper>
  )
}

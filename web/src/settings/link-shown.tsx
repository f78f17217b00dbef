import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core'
import { sentenceIn } from '../parts/service-words.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import type { PersonLink } from './queries.ts'
import { SecretField } from './secret-field.tsx'
import { SETTINGS_TEXTS } from './texts.ts'

/** A link that was just made, and for whom. */
export interface Made {
  name: string
  email: string
  link: PersonLink
}

const HOURS = { invitation: 24, reset: 1 } as const

/** The link to hand over, shown this once; or where it went. */
export function LinkShown({ made, onClose }: { made: Made | null; onClose: () => void }) {
  const t = useTexts(SETTINGS_TEXTS)
  const { language } = useLanguage()
  return (
    <Modal
      opened={made !== null}
      onClose={onClose}
      title={made === null ? '' : t.linkFor(made.name)}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      {made !== null && (
        <Stack>
          {made.link.fault !== null && (
            <Alert color="orange">
              {t.linkNotMailed} {sentenceIn(made.link.fault, language)}
            </Alert>
          )}
          {made.link.url === null ? (
            <Text>{t.linkMailed(made.email)}</Text>
          ) : (
            <>
              <Text size="sm">{t.linkOnce(HOURS[made.link.kind])}</Text>
              <SecretField label={t.link} value={made.link.url} />
            </>
          )}
          <Group justify="end">
            <Button onClick={onClose}>{t.close}</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  )
}

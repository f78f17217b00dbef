import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core'
import { type InLanguages, useTexts } from '../texts/language.ts'

const TEXTS: InLanguages<{ cancel: string }> = { en: { cancel: 'Cancel' }, es: { cancel: 'Cancelar' } }

/** What is asked before it is done. */
export interface Question {
  title: string
  more: string
  /** What the button says that does it. */
  yes: string
  isSerious?: boolean
  run: () => Promise<void>
}

interface ConfirmProps {
  /** Null while nothing is asked. */
  question: Question | null
  fault: string | null
  isBusy: boolean
  onClose: () => void
}

/** Asks once more. */
export function Confirm({ question, fault, isBusy, onClose }: ConfirmProps) {
  const t = useTexts(TEXTS)
  return (
    <Modal opened={question !== null} onClose={onClose} title={question?.title}>
      <Stack>
        <Text size="sm">{question?.more}</Text>
        {fault !== null && (
          <Alert color="red" role="alert">
            {fault}
          </Alert>
        )}
        <Group justify="end">
          <Button variant="default" onClick={onClose}>
            {t.cancel}
          </Button>
          <Button
            loading={isBusy}
            {...(question?.isSerious === true ? { color: 'red' } : {})}
            onClick={() => void question?.run()}
          >
            {question?.yes}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { Fault } from '../parts/fault.tsx'
import { useTexts } from '../texts/language.ts'
import { useKnown } from './known.ts'
import { type Call, deleteCall, type Opportunity } from './rows.ts'
import { LEAD_TEXTS } from './texts.ts'

/** Asks before a call is deleted, and says what becomes of the attempts (B5, B6). */
export function DeleteCall({
  call,
  attempts,
  onClose,
}: {
  call: Call
  /** Those of the opportunity that counts it; none where none does. */
  attempts: Opportunity['first_call_attempts']
  onClose: () => void
}) {
  const t = useTexts(LEAD_TEXTS)
  const known = useKnown()
  const [isDeleting, setDeleting] = useState(false)
  const [fault, setFault] = useState<unknown>(null)
  const own = call.attempt.outcome === 'registered' ? call.attempt.number : null
  const later = Object.keys(attempts)
    .map(Number)
    .filter((number) => own !== null && number > own)

  const run = async () => {
    setDeleting(true)
    setFault(null)
    try {
      await deleteCall(call)
      onClose()
    } catch (error) {
      setFault(error)
      setDeleting(false)
    }
    known.touched()
  }

  return (
    <Modal opened onClose={onClose} title={t.deleteTitle}>
      <Stack>
        <div>
          {own === null ? (
            <Text>{t.noAttemptLost}</Text>
          ) : (
            <>
              <Text>{t.givenBack(own)}</Text>
              {later.map((number) => (
                <Text key={number}>{t.becomes(number, number - 1)}</Text>
              ))}
              <Text>{t.roomAgain}</Text>
            </>
          )}
        </div>
        <Text size="sm" c="dimmed">
          {t.deleteFinal}
        </Text>
        {fault !== null && <Fault error={fault} />}
        <Group justify="end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t.cancel}
          </Button>
          <Button color="red" onClick={() => void run()} loading={isDeleting}>
            {t.deleteNow}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { answered, api } from '../api/client.ts'
import { Fault } from '../parts/fault.tsx'
import { usePhoneFormat } from '../parts/phone.ts'
import { useTexts } from '../texts/language.ts'
import { useKnown } from './known.ts'
import { type Call, DOORS } from './rows.ts'
import { LEAD_TEXTS } from './texts.ts'
import { useUndo } from './undo.tsx'

/** Gives a call to another contact, or says that it is nobody's whom we know (B5). */
export function MoveCall({ call, onClose }: { call: Call; onClose: () => void }) {
  const t = useTexts(LEAD_TEXTS)
  const format = usePhoneFormat()
  const known = useKnown()
  const { offer } = useUndo()
  const [sought, setSought] = useState('')
  const [q] = useDebouncedValue(sought.trim(), 250)
  const [fault, setFault] = useState<unknown>(null)
  const [isMoving, setMoving] = useState(false)
  const found = useQuery({
    queryKey: ['contacts', { q }],
    queryFn: () =>
      answered(api.GET('/api/crm/contacts', { params: { query: { limit: 8, ...(q === '' ? {} : { q }) } } })),
    placeholderData: keepPreviousData,
  })
  const others = found.data?.data.filter(({ id }) => id !== call.entity_id) ?? []

  const move = async (contactId: string | null) => {
    setMoving(true)
    setFault(null)
    try {
      const before = { entity_type: call.entity_type, entity_id: call.entity_id }
      const after = { entity_type: contactId === null ? null : 'contacts', entity_id: contactId }
      const moved = await DOORS.call.change(call.id, after, call.revision)
      known.changed('call', moved)
      offer(t.moved, async () => {
        known.changed('call', await DOORS.call.change(call.id, before, moved.revision))
        return true
      })
      onClose()
    } catch (error) {
      setFault(error)
      setMoving(false)
      known.touched()
    }
  }

  return (
    <Modal opened onClose={onClose} title={t.moveTitle}>
      <Stack>
        <Text size="sm" c="dimmed">
          {t.moveMore}
        </Text>
        <TextInput
          label={t.searchContact}
          value={sought}
          onChange={(event) => setSought(event.target.value)}
          data-autofocus
          dir="auto"
        />
        {found.isError && <Fault error={found.error} onRetry={() => void found.refetch()} />}
        <Stack gap={4} mih={240}>
          {found.isSuccess && others.length === 0 && (
            <Text size="sm" c="dimmed">
              {t.noContact}
            </Text>
          )}
          {others.map(({ id, name, phones }) => (
            <Button
              key={id}
              variant="default"
              justify="space-between"
              // What was found for other words is no longer what is meant.
              disabled={isMoving || found.isPlaceholderData}
              onClick={() => void move(id)}
              rightSection={
                <Text size="xs" c="dimmed" dir="ltr">
                  {phones[0] === undefined ? '' : format(phones[0])}
                </Text>
              }
            >
              <bdi>{name}</bdi>
            </Button>
          ))}
        </Stack>
        {fault !== null && <Fault error={fault} />}
        <Group justify="space-between">
          {call.entity_id === null ? (
            <span />
          ) : (
            <Button variant="subtle" color="gray" disabled={isMoving} onClick={() => void move(null)}>
              {t.nobodys}
            </Button>
          )}
          <Button variant="default" onClick={onClose}>
            {t.cancel}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

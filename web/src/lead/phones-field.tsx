import { ActionIcon, Anchor, Button, Group, Stack, TextInput } from '@mantine/core'
import { type KeyboardEvent, useRef } from 'react'
import { Problem } from '../api/client.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { usePhoneFormat } from '../parts/phone.ts'
import { useTexts } from '../texts/language.ts'
import type { LastChange } from './conflict.tsx'
import type { Edit } from './edit.ts'
import { FieldFrame, SaveOrNot, useFocusOf } from './field.tsx'
import { LEAD_TEXTS } from './texts.ts'

/** A contact's numbers: each to ring and to copy, and all of them to change. */
export function PhonesField({
  edit,
  canChange,
  lastChange,
}: {
  edit: Edit<string[]>
  canChange: boolean
  lastChange: LastChange
}) {
  const t = useTexts(LEAD_TEXTS)
  const format = usePhoneFormat()
  const first = useRef<HTMLInputElement>(null)
  const opener = useRef<HTMLButtonElement>(null)
  const isOpen = edit.isOpen && edit.conflict === null
  useFocusOf(isOpen, first, opener)
  const draft = edit.draft ?? []
  const shown = draft.length === 0 ? [''] : draft
  const faults = edit.fault instanceof Problem ? edit.fault.faults : []
  const save = () => void edit.save(draft.map((number) => number.trim()).filter((number) => number !== ''))
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') save()
    if (event.key === 'Escape') {
      event.stopPropagation()
      edit.cancel()
    }
  }

  return (
    <FieldFrame
      label={t.phones}
      edit={edit}
      lastChange={lastChange}
      show={(numbers) => numbers.map(format).join('\n') || t.noPhone}
    >
      {isOpen ? (
        <Stack gap={4} data-editing onKeyDown={onKeyDown}>
          {shown.map((number, place) => (
            <Group key={String(place)} gap={4} wrap="nowrap" align="start">
              <TextInput
                ref={place === 0 ? first : undefined}
                flex={1}
                type="tel"
                aria-label={t.phoneNumber(place + 1)}
                value={number}
                error={faults.some(({ path }) => path === `phones.${place}`)}
                onChange={(event) => edit.type(shown.with(place, event.target.value))}
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                aria-label={t.removePhone(place + 1)}
                onClick={() => edit.type(shown.filter((_, other) => other !== place))}
              >
                ×
              </ActionIcon>
            </Group>
          ))}
          <Group gap={6}>
            <SaveOrNot edit={edit} onSave={save} />
            <Button size="compact-xs" variant="subtle" onClick={() => edit.type([...shown, ''])}>
              + {t.addPhone}
            </Button>
          </Group>
        </Stack>
      ) : (
        <Stack gap={0}>
          {edit.value.map((number) => (
            <Group key={number} gap={4} wrap="nowrap">
              <Anchor href={`tel:${number}`} size="sm" py={3} dir="ltr">
                {format(number)}
              </Anchor>
              <CopyButton text={number} what={number} />
            </Group>
          ))}
          {canChange ? (
            <Anchor ref={opener} component="button" type="button" size="xs" ta="start" onClick={edit.begin}>
              {edit.value.length === 0 ? `${t.noPhone} · + ${t.addPhone}` : t.changePhones}
            </Anchor>
          ) : (
            edit.value.length === 0 && t.noPhone
          )}
        </Stack>
      )}
    </FieldFrame>
  )
}

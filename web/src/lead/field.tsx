import { Box, Button, Group, Stack, Text, Textarea, TextInput, UnstyledButton } from '@mantine/core'
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react'
import { wordsOf } from '../parts/fault.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { Conflict, type LastChange } from './conflict.tsx'
import type { Edit } from './edit.ts'
import classes from './field.module.css'
import { LEAD_TEXTS } from './texts.ts'

interface FrameProps<Value> {
  label: string
  edit: Edit<Value>
  /** How a value looks where it is only read. */
  show: (value: Value) => ReactNode
  /** Who changed the field last, asked only where two have. */
  lastChange?: LastChange | undefined
  isLabelHidden?: boolean
  children: ReactNode
}

/** The name of a field, what is in it, and what went wrong with it. */
export function FieldFrame<Value>({
  label,
  edit,
  show,
  lastChange,
  isLabelHidden = false,
  children,
}: FrameProps<Value>) {
  const { language } = useLanguage()
  return (
    <Box className={classes.field ?? ''}>
      {!isLabelHidden && (
        <Text size="xs" c="dimmed" component="div">
          {label}
        </Text>
      )}
      {children}
      {edit.fault !== null && (
        <Text size="sm" c="red" role="alert">
          {wordsOf(edit.fault, language)}
        </Text>
      )}
      {edit.conflict !== null && <Conflict label={label} edit={edit} show={show} lastChange={lastChange} />}
    </Box>
  )
}

interface TextFieldProps {
  label: string
  edit: Edit<string | null>
  canChange: boolean
  /** Said where there is nothing. */
  empty: string
  /** Null where an empty text is refused: then nothing is saved. */
  whenEmptied?: 'null' | 'refused'
  isLong?: boolean
  isLabelHidden?: boolean
  /** How it is written for people. */
  words?: (value: string) => string
  /** Around what is written. */
  around?: (words: string) => ReactNode
  /** What is shown beside it while nobody types. */
  beside?: ReactNode
  lastChange?: LastChange | undefined
  type?: 'text' | 'email'
}

const asItIs = (text: string): string => text

/** Text that is changed where it stands: Enter saves (in a long one with Ctrl), Escape takes back. */
export function TextField({
  label,
  edit,
  canChange,
  empty,
  whenEmptied = 'null',
  isLong = false,
  isLabelHidden = false,
  words = asItIs,
  around = asItIs,
  beside,
  lastChange,
  type = 'text',
}: TextFieldProps) {
  const t = useTexts(LEAD_TEXTS)
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null)
  const opener = useRef<HTMLButtonElement>(null)
  const isOpen = edit.isOpen && edit.conflict === null
  useFocusOf(isOpen, input, opener)
  const shownOrEmpty = (value: string | null): ReactNode =>
    value === null || value === '' ? <span className={classes.empty}>{empty}</span> : around(words(value))

  const save = () => {
    const typed = isLong ? (edit.draft ?? '') : (edit.draft ?? '').trim()
    if (typed.trim() !== '') void edit.save(typed)
    else if (whenEmptied === 'null') void edit.save(null)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation()
      edit.cancel()
    }
    if (event.key === 'Enter' && !event.nativeEvent.isComposing && (!isLong || event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      save()
    }
  }
  const given = {
    ref: input,
    value: edit.draft ?? '',
    onKeyDown,
    disabled: edit.isSaving,
    'aria-label': label,
    dir: 'auto',
    size: 'sm',
  } as const

  return (
    <FieldFrame label={label} isLabelHidden={isLabelHidden} edit={edit} show={shownOrEmpty} lastChange={lastChange}>
      {isOpen ? (
        <Stack gap={4} data-editing>
          {isLong ? (
            <Textarea
              {...given}
              autosize
              minRows={2}
              maxRows={12}
              onChange={(event) => edit.type(event.target.value)}
            />
          ) : (
            <TextInput {...given} type={type} onChange={(event) => edit.type(event.target.value)} />
          )}
          <SaveOrNot edit={edit} onSave={save} hint={isLong ? t.ctrlEnter : null} />
        </Stack>
      ) : (
        <Group gap="0 8px" align="start">
          {canChange ? (
            <UnstyledButton
              ref={opener}
              className={classes.value ?? ''}
              onClick={edit.begin}
              aria-label={t.change(label, edit.value === null || edit.value === '' ? empty : words(edit.value))}
              data-long={isLong || undefined}
            >
              <bdi>{shownOrEmpty(edit.value)}</bdi>
            </UnstyledButton>
          ) : (
            <Text component="div" size="sm" className={classes.read ?? ''} data-long={isLong || undefined}>
              <bdi>{shownOrEmpty(edit.value)}</bdi>
            </Text>
          )}
          {beside}
        </Group>
      )}
    </FieldFrame>
  )
}

/** The buttons for those who have no keyboard. */
export function SaveOrNot<Value>({
  edit,
  onSave,
  hint = null,
}: {
  edit: Edit<Value>
  onSave: () => void
  hint?: string | null
}) {
  const t = useTexts(LEAD_TEXTS)
  return (
    <Group gap={6}>
      <Button size="compact-xs" onClick={onSave} loading={edit.isSaving}>
        {t.save}
      </Button>
      <Button size="compact-xs" variant="subtle" color="gray" onClick={edit.cancel}>
        {t.cancel}
      </Button>
      {hint !== null && (
        <Text size="xs" c="dimmed">
          {hint}
        </Text>
      )}
    </Group>
  )
}

/** Into what is opened, and back to where it was opened from. */
export function useFocusOf(
  isOpen: boolean,
  opened: { readonly current: HTMLElement | null },
  opener: { readonly current: HTMLElement | null },
): void {
  const wasOpen = useRef(false)
  useEffect(() => {
    if (isOpen && !wasOpen.current) opened.current?.focus()
    if (!isOpen && wasOpen.current && (document.activeElement === document.body || document.activeElement === null))
      opener.current?.focus()
    wasOpen.current = isOpen
  }, [isOpen, opened, opener])
}

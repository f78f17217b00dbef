import { Textarea } from '@mantine/core'
import type { RefObject } from 'react'
import { KeyName } from '../parts/key-name.tsx'
import { useTexts } from '../texts/language.ts'
import { CALL_NOW_TEXTS } from './texts.ts'

interface NotesFieldProps {
  ref: RefObject<HTMLTextAreaElement | null>
  value: string
  onChange: (text: string) => void
  isDisabled: boolean
}

/** What is noted of a call, before it, meanwhile or after. */
export function NotesField({ ref, value, onChange, isDisabled }: NotesFieldProps) {
  const t = useTexts(CALL_NOW_TEXTS)
  return (
    <Textarea
      ref={ref}
      label={
        <>
          {t.notes}
          <KeyName>w</KeyName>
        </>
      }
      aria-label={t.notes}
      aria-keyshortcuts="w"
      placeholder={t.notesHint}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      disabled={isDisabled}
      autosize
      minRows={2}
      maxRows={8}
      maxLength={10_000}
      dir="auto"
    />
  )
}

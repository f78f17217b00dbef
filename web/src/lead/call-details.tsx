import { Text, TextInput, UnstyledButton } from '@mantine/core'
import { type KeyboardEvent, useRef } from 'react'
import { usePhoneFormat } from '../parts/phone.ts'
import { formatMoment } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { type Edit, useEdit } from './edit.ts'
import fieldClasses from './field.module.css'
import { FieldFrame, SaveOrNot, TextField, useFocusOf } from './field.tsx'
import { lastChangeOf } from './last-change.ts'
import { Changes } from './later.tsx'
import type { People } from './people.ts'
import type { Call } from './rows.ts'
import { LEAD_TEXTS } from './texts.ts'
import classes from './timeline.module.css'

interface CallDetailsProps {
  call: Call
  canChange: boolean
  people: People
}

/** What is looked for once a month: times, number, extension, and who changed the call. */
export function CallDetails({ call, canChange, people }: CallDetailsProps) {
  const t = useTexts(LEAD_TEXTS)
  const { language } = useLanguage()
  const format = usePhoneFormat()
  const started = useEdit('call', call, 'started_at', t.startedAt)
  const answeredAt = useEdit('call', call, 'answered_at', t.answeredAt)
  const ended = useEdit('call', call, 'ended_at', t.endedAt)
  const duration = useEdit('call', call, 'duration_seconds', t.duration)
  const result = useEdit('call', call, 'call_result', t.callResult)
  const phone = useEdit('call', call, 'phone_number', t.phone)
  const extension = useEdit('call', call, 'extension', t.extension)
  const lastOf = (field: string) => lastChangeOf('call', call.id, field, people, language)
  const times = [
    { field: 'started_at', label: t.startedAt, edit: started },
    { field: 'answered_at', label: t.answeredAt, edit: answeredAt },
    { field: 'ended_at', label: t.endedAt, edit: ended },
  ] as const
  return (
    <>
      <div className={classes.details}>
        {times.map(({ field, label, edit }) => (
          <TimeField key={field} label={label} edit={edit} canChange={canChange} lastChange={lastOf(field)} />
        ))}
        <TextField
          label={t.duration}
          edit={asText(duration)}
          canChange={canChange}
          empty={t.unknown}
          lastChange={lastOf('duration_seconds')}
        />
        <TextField
          label={t.phone}
          edit={phone}
          canChange={canChange}
          empty={t.unknown}
          words={format}
          around={(number) => <span dir="ltr">{number}</span>}
          lastChange={lastOf('phone_number')}
        />
        <TextField
          label={t.extension}
          edit={extension}
          canChange={canChange}
          empty={t.unknown}
          lastChange={lastOf('extension')}
        />
        <TextField
          label={t.callResult}
          edit={result}
          canChange={canChange}
          empty={t.unknown}
          lastChange={lastOf('call_result')}
        />
      </div>
      <div>
        <Text size="xs" c="dimmed" mt={6}>
          {t.callHistory}
        </Text>
        <Changes kind="call" id={call.id} people={people} />
      </div>
    </>
  )
}

/** A number that is typed as a text. What is none is left for the service to refuse. */
function asText(edit: Edit<number | null>): Edit<string | null> {
  const textOf = (value: number | null): string | null => (value === null ? null : String(value))
  const numberOf = (value: string | null): number | null => {
    if (value === null || value.trim() === '') return null
    const number = Number(value)
    // -1 is refused with the service's own words.
    return Number.isFinite(number) ? number : -1
  }
  return {
    ...edit,
    value: textOf(edit.value),
    draft: edit.draft === null ? (edit.isOpen ? '' : null) : textOf(edit.draft),
    conflict: edit.conflict && { mine: textOf(edit.conflict.mine), theirs: textOf(edit.conflict.theirs) },
    type: (value) => edit.type(numberOf(value)),
    save: (value) => edit.save(numberOf(value)),
  }
}

const pad = (number: number): string => String(number).padStart(2, '0')

/** As the browser's own field of date and time has it, in the reader's zone, to the second. */
export function localOf(moment: string): string {
  const at = new Date(moment)
  const day = `${String(at.getFullYear()).padStart(4, '0')}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`
  return `${day}T${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`
}

/** Null for what is no moment. */
export function momentOf(local: string): string | null {
  const at = new Date(local)
  return Number.isNaN(at.getTime()) ? null : at.toISOString()
}

function TimeField({
  label,
  edit,
  canChange,
  lastChange,
}: {
  label: string
  edit: Edit<string | null>
  canChange: boolean
  lastChange: ReturnType<typeof lastChangeOf>
}) {
  const t = useTexts(LEAD_TEXTS)
  const { language } = useLanguage()
  const input = useRef<HTMLInputElement>(null)
  const opener = useRef<HTMLButtonElement>(null)
  const isOpen = edit.isOpen && edit.conflict === null
  useFocusOf(isOpen, input, opener)
  const show = (value: string | null) => (value === null ? t.unknown : formatMoment(value, language))
  const save = () => {
    const typed = input.current?.value ?? ''
    void edit.save(typed === '' ? null : momentOf(typed))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') save()
    if (event.key === 'Escape') {
      event.stopPropagation()
      edit.cancel()
    }
  }
  return (
    <FieldFrame label={label} edit={edit} show={show} lastChange={lastChange}>
      {isOpen ? (
        <div data-editing>
          <TextInput
            ref={input}
            type="datetime-local"
            step={1}
            aria-label={label}
            defaultValue={edit.draft === null ? '' : localOf(edit.draft)}
            onKeyDown={onKeyDown}
            mb={4}
          />
          <SaveOrNot edit={edit} onSave={save} />
        </div>
      ) : canChange ? (
        <UnstyledButton
          ref={opener}
          className={fieldClasses.value ?? ''}
          onClick={edit.begin}
          aria-label={t.change(label, show(edit.value))}
        >
          {show(edit.value)}
        </UnstyledButton>
      ) : (
        <Text size="sm" py={3}>
          {show(edit.value)}
        </Text>
      )}
    </FieldFrame>
  )
}

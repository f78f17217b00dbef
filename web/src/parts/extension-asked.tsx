import { Anchor, Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { type InLanguages, useTexts } from '../texts/language.ts'
import { isExtension } from './extension.ts'

const en = {
  title: 'Which extension is yours?',
  label: 'Extension',
  hint: 'The telephone system rings it first, and then the lead. It is remembered in this browser.',
  fault: 'Up to six digits, such as 101.',
  call: 'Call',
  self: 'Call with this telephone instead',
}

const TEXTS: InLanguages<typeof en> = {
  en,
  es: {
    title: '¿Cuál es su extensión?',
    label: 'Extensión',
    hint: 'La centralita la llama primero, y luego al contacto. Se recuerda en este navegador.',
    fault: 'Hasta seis cifras, como 101.',
    call: 'Llamar',
    self: 'Llamar con este teléfono',
  },
}

interface ExtensionAskedProps {
  isShown: boolean
  extension: string | null
  phone: string
  onClose: () => void
  /** Calls by the device instead. */
  onSelf: () => void
  onChosen: (extension: string) => void
}

/** Asks once at which extension whoever sits here is called. */
export function ExtensionAsked({ isShown, extension, phone, onClose, onSelf, onChosen }: ExtensionAskedProps) {
  const t = useTexts(TEXTS)
  const [text, setText] = useState(extension ?? '')
  const [isFaulty, setFaulty] = useState(false)

  function choose(event: FormEvent) {
    event.preventDefault()
    if (isExtension(text.trim())) onChosen(text.trim())
    else setFaulty(true)
  }

  function callSelf() {
    onSelf()
    onClose()
  }

  return (
    <Modal opened={isShown} onClose={onClose} title={t.title} centered>
      <form onSubmit={choose}>
        <Stack>
          <TextInput
            label={t.label}
            description={t.hint}
            error={isFaulty ? t.fault : undefined}
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
            inputMode="numeric"
            autoComplete="off"
            data-autofocus
          />
          <Group justify="space-between">
            <Anchor href={`tel:${phone}`} size="sm" onClick={callSelf}>
              {t.self}
            </Anchor>
            <Button type="submit">{t.call}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

import { Alert, Anchor, Button, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { answered, api } from '../api/client.ts'
import { useSettings } from '../api/settings.ts'
import { type InLanguages, useLanguage, useTexts } from '../texts/language.ts'
import { rememberExtension, rememberedExtension } from './extension.ts'
import { ExtensionAsked } from './extension-asked.tsx'
import { wordsOf } from './fault.tsx'
import { useKeys } from './keys.tsx'

const en = {
  call: 'Call',
  ringing: (extension: string) => `Extension ${extension} rings first. Pick it up, and you are put through.`,
  change: 'Another extension',
  self: 'Call with this telephone instead',
}

const TEXTS: InLanguages<typeof en> = {
  en,
  es: {
    call: 'Llamar',
    ringing: (extension) => `Primero suena la extensión ${extension}. Descuelgue y se le pone en comunicación.`,
    change: 'Otra extensión',
    self: 'Llamar con este teléfono',
  },
}

/** A call that the PBX was asked for. */
export interface Dialled {
  requestId: string
  extension: string
}

interface CallButtonProps {
  phone: string
  /** Null where the contact is not here: then the PBX cannot be asked. */
  contactId: string | null
  size?: 'sm' | 'md' | 'lg'
  /** The key that does the same. */
  hotkey?: string
  onDialled?: (dialled: Dialled) => void
}

/** Calls a number: through the PBX where it is set up, which rings the caller's extension first; else by the device. */
export function CallButton({ phone, contactId, size = 'md', hotkey, onDialled }: CallButtonProps) {
  const t = useTexts(TEXTS)
  const { language } = useLanguage()
  const settings = useSettings()
  const [extension, setExtension] = useState(rememberedExtension)
  const [isAsked, asked] = useDisclosure(false)
  const link = useRef<HTMLAnchorElement>(null)
  const canDial = settings.data?.can_dial === true && contactId !== null
  const dialling = useMutation({
    mutationFn: async (from: string): Promise<Dialled> => {
      const { request_id } = await answered(
        api.POST('/api/crm/calls/dial', {
          body: { contact_id: contactId ?? '', extension: from },
          headers: { 'Idempotency-Key': crypto.randomUUID() },
        }),
      )
      return { requestId: request_id, extension: from }
    },
    onSuccess: (dialled) => onDialled?.(dialled),
  })

  function press() {
    if (!canDial) link.current?.click()
    else if (extension === null) asked.open()
    else if (!dialling.isPending) dialling.mutate(extension)
  }
  useKeys(hotkey === undefined ? [] : [{ keys: hotkey, label: t.call, run: press }])

  const label = hotkey === undefined ? t.call : `${t.call} (${hotkey})`
  if (!canDial) {
    return (
      <Button component="a" href={`tel:${phone}`} ref={link} size={size} loading={settings.isPending}>
        {label}
      </Button>
    )
  }
  return (
    <Stack gap={4} align="start">
      <Button size={size} onClick={press} loading={dialling.isPending}>
        {label}
      </Button>
      {extension !== null && (
        <Text size="xs" c="dimmed" role={dialling.isSuccess ? 'status' : undefined}>
          {dialling.isSuccess ? t.ringing(extension) : extension}
          {' · '}
          <Anchor component="button" type="button" size="xs" onClick={asked.open}>
            {t.change}
          </Anchor>
        </Text>
      )}
      {dialling.isError && (
        <Alert color="red" role="alert" p="xs">
          {wordsOf(dialling.error, language)} <Anchor href={`tel:${phone}`}>{t.self}</Anchor>
        </Alert>
      )}
      <ExtensionAsked
        isShown={isAsked}
        extension={extension}
        phone={phone}
        onClose={asked.close}
        onChosen={(chosen) => {
          rememberExtension(chosen)
          setExtension(chosen)
          asked.close()
          dialling.mutate(chosen)
        }}
      />
    </Stack>
  )
}

import { Alert, Anchor, Button, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { answered, api, Problem } from '../api/client.ts'
import { SETTINGS } from '../api/settings.ts'
import { type InLanguages, type Language, useLanguage, useTexts } from '../texts/language.ts'
import { rememberExtension, rememberedExtension } from './extension.ts'
import { ExtensionAsked } from './extension-asked.tsx'
import { wordsOf } from './fault.tsx'
import { KeyName } from './key-name.tsx'
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

const isDialSet = (known: QueryClient): Promise<boolean> =>
  known.ensureQueryData(SETTINGS).then(
    ({ can_dial }) => can_dial,
    () => false,
  )

/** Whether nobody was called, or it is not known: what Zadarma says is what helps. */
const whyNot = (error: unknown, language: Language): string =>
  error instanceof Problem && (error.status === 502 || error.status === 503) ? error.message : wordsOf(error, language)

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
  const known = useQueryClient()
  const settings = useQuery(SETTINGS)
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

  async function press() {
    // Until it is known how to call, the key waits.
    const asks = canDial || (settings.isPending && contactId !== null && (await isDialSet(known)))
    if (!asks) link.current?.click()
    else if (extension === null) asked.open()
    else if (!dialling.isPending) dialling.mutate(extension)
  }
  useKeys(hotkey === undefined ? [] : [{ keys: hotkey, label: t.call, run: () => void press() }])

  const label = (
    <>
      {t.call}
      {hotkey !== undefined && <KeyName>{hotkey}</KeyName>}
    </>
  )
  if (!canDial) {
    return (
      <Button
        component="a"
        href={`tel:${phone}`}
        ref={link}
        size={size}
        aria-keyshortcuts={hotkey}
        loading={settings.isPending}
      >
        {label}
      </Button>
    )
  }
  return (
    <Stack gap={6} align="start" maw={340}>
      <Button size={size} onClick={() => void press()} aria-keyshortcuts={hotkey} loading={dialling.isPending}>
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
          {whyNot(dialling.error, language)}{' '}
          <Anchor href={`tel:${phone}`} size="sm" underline="always">
            {t.self}
          </Anchor>
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

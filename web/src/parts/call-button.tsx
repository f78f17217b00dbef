import { Alert, Anchor, Button, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { v7 as uuidv7 } from 'uuid'
import { api, Problem } from '../api/client.ts'
import { SETTINGS } from '../api/settings.ts'
import { type InLanguages, type Language, useLanguage, useTexts } from '../texts/language.ts'
import { rememberExtension, rememberedExtension } from './extension.ts'
import { ExtensionAsked } from './extension-asked.tsx'
import { wordsOf } from './fault.tsx'
import { KeyName } from './key-name.tsx'
import { useKeys } from './keys.tsx'
import { type Ring, rememberRing, ringing } from './rings.ts'
import { sentenceIn } from './service-words.ts'

const en = {
  call: 'Call',
  ringing: (extension: string) => `Extension ${extension} rings first. Pick it up, and you are put through.`,
  change: 'Another extension',
  self: 'Call with this telephone instead',
  nobody: 'Nobody was called.',
  unknown: 'It is not known whether the call is made.',
}

const TEXTS: InLanguages<typeof en> = {
  en,
  es: {
    call: 'Llamar',
    ringing: (extension) => `Primero suena la extensión ${extension}. Descuelgue y se le pone en comunicación.`,
    change: 'Otra extensión',
    self: 'Llamar con este teléfono',
    nobody: 'No se ha llamado a nadie.',
    unknown: 'No se sabe si se hace la llamada.',
  },
}

const isDialSet = (known: QueryClient): Promise<boolean> =>
  known.ensureQueryData(SETTINGS).then(
    ({ can_dial }) => can_dial,
    () => false,
  )

/** Why the PBX does not call, or does not say whether it does. */
class NotPutThrough extends Error {
  override name = 'NotPutThrough'
  readonly mayRing: boolean

  constructor(mayRing: boolean, why: string) {
    super(why)
    this.mayRing = mayRing
  }
}

async function askPbx(contact_id: string, phone_number: string, extension: string): Promise<string> {
  const headers = { 'Idempotency-Key': uuidv7() }
  const body = { contact_id, phone_number, extension }
  const asking = api.POST('/api/crm/calls/dial', { body, headers }).catch(() => {
    throw new NotPutThrough(true, '')
  })
  const { data, error, response } = await asking
  if (data !== undefined) return data.request_id
  const { may_ring: mayRing, why, ...problem } = Object(error)
  if (typeof mayRing === 'boolean') throw new NotPutThrough(mayRing, String(why))
  // Not the service's own.
  if (response.status === 502 || response.status === 504) throw new NotPutThrough(true, '')
  throw new Problem({ title: response.statusText, ...problem, status: response.status }, null)
}

function wordsOfRefusal(error: unknown, language: Language): string {
  const t = TEXTS[language]
  // What Zadarma says is what helps.
  if (error instanceof NotPutThrough) {
    return `${error.mayRing ? t.unknown : t.nobody} ${sentenceIn(error.message, language)}`
  }
  return error instanceof Problem && error.status === 503
    ? sentenceIn(error.message, language)
    : wordsOf(error, language)
}

interface CallButtonProps {
  phone: string
  /** Null where the contact is not here: then the PBX cannot be asked. */
  contactId: string | null
  size?: 'sm' | 'md' | 'lg'
  /** The key that does the same. */
  hotkey?: string
  /** Told once it rings, or may; it is remembered as one of the contact's rings. */
  onRung?: () => void
}

/** Calls a number: through the PBX where it is set up, which rings the caller's extension first; else by the device. */
export function CallButton({ phone, contactId, size = 'md', hotkey, onRung }: CallButtonProps) {
  const t = useTexts(TEXTS)
  const { language } = useLanguage()
  const known = useQueryClient()
  const settings = useQuery(SETTINGS)
  const [extension, setExtension] = useState(rememberedExtension)
  const [isAsked, asked] = useDisclosure(false)
  const link = useRef<HTMLAnchorElement>(null)
  const canDial = settings.data?.can_dial === true && contactId !== null

  function rung(at: number, asked: Ring['asked']) {
    if (contactId !== null) rememberRing(contactId, { phone, at, asked })
    onRung?.()
  }
  const rungByDevice = () => rung(Date.now(), null)
  async function ringByPbx(extension: string): Promise<void> {
    const at = Date.now()
    try {
      rung(at, { requestId: await askPbx(contactId ?? '', phone, extension), extension })
    } catch (error) {
      if (error instanceof NotPutThrough && error.mayRing) rung(at, { requestId: null, extension })
      throw error
    }
  }
  const dialling = useMutation({
    mutationFn: (from: string) => ringing(contactId ?? '', ringByPbx(from)),
  })

  async function press() {
    // Until it is known how to call, the key waits.
    const asks = canDial || (settings.isPending && contactId !== null && (await isDialSet(known)))
    if (!asks) link.current?.click()
    else if (extension === null) asked.open()
    else if (!dialling.isPending) dialling.mutate(extension)
  }
  useKeys(hotkey === undefined ? [] : [{ keys: hotkey, label: t.call, run: ({ repeat }) => void (repeat || press()) }])

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
        onClick={rungByDevice}
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
          {wordsOfRefusal(dialling.error, language)}{' '}
          <Anchor href={`tel:${phone}`} size="sm" underline="always" onClick={rungByDevice}>
            {t.self}
          </Anchor>
        </Alert>
      )}
      <ExtensionAsked
        isShown={isAsked}
        extension={extension}
        phone={phone}
        onClose={asked.close}
        onSelf={rungByDevice}
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

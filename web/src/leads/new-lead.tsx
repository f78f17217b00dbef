import { Alert, Anchor, Button, CloseButton, Group, Modal, Stack, TextInput } from '@mantine/core'
import { type Dispatch, type FormEvent, memo, type SetStateAction, useEffect, useState } from 'react'
import { Link } from 'wouter'
import { Problem } from '../api/client.ts'
import { Fault } from '../parts/fault.tsx'
import { sentenceIn } from '../parts/service-words.ts'
import { type Language, useLanguage, useTexts } from '../texts/language.ts'
import { type Contact, findByPhone, type Ids, makeLead, newId, type Typed } from './make-lead.ts'
import { forgetLists } from './queries.ts'
import { LEADS_TEXTS } from './texts.ts'

interface NewLeadProps {
  isShown: boolean
  onClose: () => void
  onMade: (lead: { id: string }) => void
}

const BLANK: Typed = { name: '', phones: [''], email: '', title: '', source: '' }

/** Makes a lead by hand. What was typed stays for when it is opened again, unless it was cancelled. */
export const NewLead = memo(function NewLead({ isShown, onClose, onMade }: NewLeadProps) {
  const t = useTexts(LEADS_TEXTS)
  const [typed, setTyped] = useState(BLANK)
  const end = () => {
    setTyped(BLANK)
    onClose()
  }
  return (
    <Modal opened={isShown} onClose={onClose} title={t.newLead} transitionProps={{ duration: 0 }}>
      <NewLeadForm typed={typed} onTyped={setTyped} onEnd={end} onMade={onMade} />
    </Modal>
  )
})

const MOST_PHONES = 20

/** One is looked for once somebody has stopped typing for a moment. */
const AFTER_MS = 300
const FEWEST_DIGITS = 7

/** The faults that the service told, at the fields that they are of. */
const faultsIn = (error: unknown, language: Language): ReadonlyMap<string, string> =>
  new Map(
    error instanceof Problem ? error.faults.map(({ path, message }) => [path, sentenceIn(message, language)]) : [],
  )

const FIELDS = /^(name|email|title|source|phones(\.\d+)?)$/

interface FormProps extends Pick<NewLeadProps, 'onMade'> {
  typed: Typed
  onTyped: Dispatch<SetStateAction<Typed>>
  /** It is made, or not wanted any more. */
  onEnd: () => void
}

function NewLeadForm({ typed, onTyped, onEnd, onMade }: FormProps) {
  const t = useTexts(LEADS_TEXTS)
  const { language } = useLanguage()
  // One that was refused made nothing: the same ids are good until it is taken.
  const [ids] = useState<Ids>(() => ({ contact: newId(), opportunity: newId() }))
  const [known, setKnown] = useState<Contact | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setIsBusy] = useState(false)
  const faults = faultsIn(error, language)
  const isElsewhere = error !== null && ![...faults.keys()].some((path) => FIELDS.test(path))
  const set = (change: Partial<Typed>) => onTyped((before) => ({ ...before, ...change }))

  const looked = typed.phones.filter((phone) => phone.replace(/\D/g, '').length >= FEWEST_DIGITS).join('\n')
  useEffect(() => {
    setKnown(null)
    let isWanted = true
    const timer = setTimeout(async () => {
      for (const phone of looked.split('\n').filter((one) => one !== '')) {
        const found = await findByPhone(phone).catch(() => null)
        if (found !== null && isWanted) return setKnown(found)
      }
    }, AFTER_MS)
    return () => {
      isWanted = false
      clearTimeout(timer)
    }
  }, [looked])

  async function send(event: FormEvent, contact: Contact | null) {
    event.preventDefault()
    setIsBusy(true)
    setError(null)
    try {
      const made = await makeLead(typed, ids, contact)
      forgetLists()
      onEnd()
      onMade(made)
    } catch (refused) {
      setError(refused)
    } finally {
      setIsBusy(false)
    }
  }

  // What the service said of the list of numbers as a whole stands at the first.
  const faultOfPhone = (place: number) =>
    faults.get(`phones.${place}`) ?? (place === 0 ? faults.get('phones') : undefined) ?? null
  return (
    <form onSubmit={(event) => void send(event, null)}>
      <Stack gap="sm">
        <TextInput
          label={t.name}
          required
          data-autofocus
          dir="auto"
          maxLength={200}
          value={typed.name}
          onChange={({ currentTarget }) => set({ name: currentTarget.value })}
          error={faults.get('name') ?? null}
        />
        {typed.phones.map((phone, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a number has nothing of its own but its place
          <Group key={place} gap={6} align="end" wrap="nowrap">
            <TextInput
              label={place === 0 ? t.phones : undefined}
              aria-label={t.phone(place + 1)}
              type="tel"
              flex={1}
              maxLength={60}
              value={phone}
              onChange={({ currentTarget: { value } }) =>
                set({ phones: typed.phones.map((one, at) => (at === place ? value : one)) })
              }
              error={faultOfPhone(place)}
            />
            {typed.phones.length > 1 && (
              <CloseButton
                mb={4}
                aria-label={t.removePhone}
                onClick={() => set({ phones: typed.phones.filter((_, at) => at !== place) })}
              />
            )}
          </Group>
        ))}
        {known !== null && (
          <Alert color="yellow" title={t.alreadyKnown(known.name)} role="status">
            <Group gap="sm">
              <Button size="xs" loading={isBusy} onClick={(event) => void send(event, known)}>
                {t.forKnown(known.name)}
              </Button>
              <Anchor
                component={Link}
                href={`/leads?q=${encodeURIComponent(known.phones[0] ?? known.name)}`}
                size="sm"
                onClick={onEnd}
              >
                {t.openLead}
              </Anchor>
            </Group>
          </Alert>
        )}
        {typed.phones.length < MOST_PHONES && (
          <Button
            variant="subtle"
            size="compact-xs"
            w="fit-content"
            onClick={() => set({ phones: [...typed.phones, ''] })}
          >
            + {t.addPhone}
          </Button>
        )}
        <TextInput
          label={t.email}
          type="email"
          maxLength={254}
          value={typed.email}
          onChange={({ currentTarget }) => set({ email: currentTarget.value })}
          error={faults.get('email') ?? null}
        />
        <TextInput
          label={t.title}
          placeholder={t.titleHint}
          dir="auto"
          maxLength={500}
          value={typed.title}
          onChange={({ currentTarget }) => set({ title: currentTarget.value })}
          error={faults.get('title') ?? null}
        />
        <TextInput
          label={t.source}
          placeholder={t.sourceHint}
          maxLength={200}
          value={typed.source}
          onChange={({ currentTarget }) => set({ source: currentTarget.value })}
          error={faults.get('source') ?? null}
        />
        {isElsewhere && <Fault error={error} />}
        <Group justify="end" gap="sm">
          <Button variant="default" onClick={onEnd}>
            {t.cancel}
          </Button>
          <Button type="submit" loading={isBusy}>
            {known === null ? t.create : t.makeAnother}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

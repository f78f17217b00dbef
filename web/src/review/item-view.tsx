import { Button, Group, Kbd, NativeSelect, Stack, Text, TextInput, Title } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { Confirm } from '../parts/confirm.tsx'
import { useKeys } from '../parts/keys.tsx'
import { formatMoment, When } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { ChoiceWords } from './choice-words.tsx'
import { Facts } from './facts.tsx'
import { type Choice, choicesOf, type ReviewItem } from './item.ts'
import { useContactsWith } from './queries.ts'
import classes from './review.module.css'
import { REVIEW_TEXTS } from './texts.ts'

/** What somebody decides. */
export interface Decided extends Pick<Choice, 'answer' | 'change'> {
  did: Choice['did'] | 'created' | 'dismissed'
  /** The key or the button that was pressed. */
  pressed: string
}

interface ItemViewProps {
  item: ReviewItem
  canDecide: boolean
  /** Never may, and is told so. */
  isViewer: boolean
  isBusy: boolean
  onDecide: (decided: Decided) => void
}

const KEYS = 9

/** One item: what came, among what is chosen, and what else can be done. */
export function ItemView({ item, canDecide, isViewer, isBusy, onDecide }: ItemViewProps) {
  const t = useTexts(REVIEW_TEXTS)
  const { language } = useLanguage()
  const [isDismissing, setIsDismissing] = useState(false)
  const [reason, setReason] = useState('')
  const [joining, setJoining] = useState<Decided | null>(null)
  const [contactId, setContactId] = useState('')
  const number = item.mail?.told.phone_number?.value
  const holders = useContactsWith(item.kind === 'unmatched_mail' && typeof number === 'string' ? number : null)
  const choices = choicesOf(item)
  const canMake = item.kind === 'unmatched_mail'

  const decide = (decided: Decided) => {
    if (canDecide && !isBusy) onDecide(decided)
  }
  const make = () =>
    decide({
      answer: { action: 'create', ...(contactId === '' ? {} : { contact_id: contactId }) },
      change: null,
      did: 'created',
      pressed: 'n',
    })
  const choose = (choice: Choice, place: number) => {
    const decided = { ...choice, pressed: String(place + 1) }
    if (choice.did === 'joined' && canDecide && !isBusy) setJoining(decided)
    else decide(decided)
  }
  const dismiss = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const why = reason.trim()
    decide({
      answer: { action: 'dismiss', ...(why === '' ? {} : { reason: why }) },
      change: null,
      did: 'dismissed',
      pressed: 'Enter',
    })
  }

  useKeys(
    canDecide
      ? [
          ...choices.slice(0, KEYS).map((choice, place) => ({
            keys: String(place + 1),
            label: t.chooseKey(place + 1),
            isOnce: true,
            run: () => choose(choice, place),
          })),
          ...(canMake ? [{ keys: 'n', label: t.create, isOnce: true, run: make }] : []),
          { keys: 'd', label: t.dismiss, run: () => setIsDismissing(true) },
        ]
      : [],
  )

  return (
    <Stack component="article" aria-labelledby="item">
      <div>
        <Title order={2} size="h3" id="item">
          {t.kinds[item.kind]}
        </Title>
        <Text size="sm" c="dimmed">
          <When at={item.created_at} /> ({formatMoment(item.created_at, language)})
        </Text>
        <Text mt={4} dir="auto">
          {t.whys?.[item.kind] ?? item.reason}
        </Text>
      </div>
      <Facts item={item} />
      <div>
        <Title order={3} size="h5" mb="xs">
          {t.asks[item.kind]}
        </Title>
        {choices.length === 0 && (
          <Text size="sm" c="dimmed">
            {t.noCandidates}
          </Text>
        )}
        <ol className={classes.choices}>
          {choices.map((choice, place) => (
            <li key={choice.id}>
              <button
                type="button"
                className={classes.choice}
                disabled={!canDecide || isBusy}
                onClick={() => choose(choice, place)}
              >
                {place < KEYS && <Kbd>{place + 1}</Kbd>}
                <ChoiceWords choice={choice} />
              </button>
            </li>
          ))}
        </ol>
      </div>
      {isViewer && <Text size="sm">{t.notForViewers}</Text>}
      {canDecide && canMake && (
        <Group align="end" gap="sm">
          {(holders.data?.data.length ?? 0) > 0 && (
            <NativeSelect
              label={t.createFor}
              value={contactId}
              onChange={({ target }) => setContactId(target.value)}
              data={[
                { value: '', label: t.byNumber },
                ...(holders.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
              ]}
            />
          )}
          <Button variant="default" rightSection={<Kbd size="xs">n</Kbd>} onClick={make} disabled={isBusy}>
            {t.create}
          </Button>
        </Group>
      )}
      {canDecide && !isDismissing && (
        <Group gap="sm">
          <Button variant="default" rightSection={<Kbd size="xs">d</Kbd>} onClick={() => setIsDismissing(true)}>
            {t.dismiss}
          </Button>
          <Text size="sm" c="dimmed">
            {t.dismissHint[item.kind]}
          </Text>
        </Group>
      )}
      {canDecide && isDismissing && (
        <form
          onSubmit={dismiss}
          onKeyDown={({ key }) => {
            if (key === 'Escape') setIsDismissing(false)
          }}
        >
          <Group align="end" gap="sm">
            <TextInput
              label={t.reason}
              value={reason}
              onChange={({ target }) => setReason(target.value)}
              maxLength={1_000}
              autoFocus
              flex={1}
              miw={180}
            />
            <Button type="submit" loading={isBusy}>
              {t.reallyDismiss}
            </Button>
            <Button variant="subtle" color="gray" onClick={() => setIsDismissing(false)}>
              {t.cancel}
            </Button>
          </Group>
        </form>
      )}
      <Confirm
        question={
          joining && {
            title: t.joinTitle,
            more: t.joinMore,
            yes: t.join,
            isSerious: true,
            run: async () => {
              setJoining(null)
              decide(joining)
            },
          }
        }
        fault={null}
        isBusy={isBusy}
        onClose={() => setJoining(null)}
      />
    </Stack>
  )
}

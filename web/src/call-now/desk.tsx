import { Button, Stack, Text, Textarea } from '@mantine/core'
import { useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { CallButton, type Dialled } from '../parts/call-button.tsx'
import { Fault } from '../parts/fault.tsx'
import { KeyName } from '../parts/key-name.tsx'
import { useKeys } from '../parts/keys.tsx'
import { useTexts } from '../texts/language.ts'
import classes from './call-now.module.css'
import { LeadCard } from './lead-card.tsx'
import { keepNotes, useNotes } from './notes.ts'
import { notesWith, type Outcome, STATUS_OF } from './outcome.ts'
import { Outcomes } from './outcomes.tsx'
import type { Lead } from './queue.ts'
import { type Saved, saveOutcome } from './save.ts'
import { CALL_NOW_TEXTS } from './texts.ts'

interface DeskProps {
  lead: Lead
  since: number
  /** What the PBX was asked for when the lead was here before, and what was said of it is taken back. */
  dialledBefore: readonly Dialled[]
  onSaved: (saved: Saved, outcome: Outcome, notes: string, dialled: readonly Dialled[]) => Promise<void>
  onSkip: () => Promise<void>
}

/** One lead: who it is, the call, and how it went. */
export function Desk({ lead, since, dialledBefore, onSaved, onSkip }: DeskProps) {
  const t = useTexts(CALL_NOW_TEXTS)
  const [, goTo] = useLocation()
  const { opportunity, contact } = lead
  const { notes, write } = useNotes(opportunity.id)
  const [chosen, setChosen] = useState<Outcome | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [dialled, setDialled] = useState(dialledBefore)
  const [ownId] = useState(() => crypto.randomUUID())
  const isBusy = useRef(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const latestNotes = useRef(notes)
  latestNotes.current = notes

  /** One thing at a time: a key that is pressed twice saves once. */
  async function once(work: () => Promise<void>) {
    if (isBusy.current) return
    isBusy.current = true
    setError(null)
    try {
      await work()
    } catch (failed) {
      setError(failed)
    } finally {
      isBusy.current = false
      setChosen(null)
    }
  }

  const choose = (outcome: Outcome) =>
    once(async () => {
      setChosen(outcome)
      const said = { call_status: STATUS_OF[outcome], notes: notesWith(outcome, notes, t.outcomes.wrongNumber) }
      const saved = await saveOutcome({ lead, since, dialled, ownId, said })
      keepNotes(opportunity.id, '')
      await onSaved(saved, outcome, latestNotes.current, dialled)
    })

  useKeys([
    { keys: 'n', label: t.skip, run: () => void once(onSkip) },
    { keys: 'o', label: t.open, run: () => goTo(`/leads/${opportunity.id}`) },
    { keys: 'w', label: t.writeNotes, run: () => field.current?.focus() },
  ])

  const [phone] = contact?.phones ?? []
  return (
    <Stack className={classes.card} component="article" gap="lg">
      <LeadCard lead={lead} />
      <div className={classes.actions}>
        {phone !== undefined && (
          <CallButton
            phone={phone}
            contactId={contact?.id ?? null}
            size="lg"
            hotkey="c"
            onDialled={(one) => setDialled((before) => [one, ...before])}
          />
        )}
        <Button
          variant="default"
          size="lg"
          onClick={() => void once(onSkip)}
          disabled={chosen !== null}
          aria-keyshortcuts="n"
        >
          {t.skip}
          <KeyName>n</KeyName>
        </Button>
      </div>
      <Outcomes chosen={chosen} isWaiting={chosen !== null} onChoose={(outcome) => void choose(outcome)} />
      <Textarea
        ref={field}
        label={
          <>
            {t.notes}
            <KeyName>w</KeyName>
          </>
        }
        aria-label={t.notes}
        aria-keyshortcuts="w"
        placeholder={t.notesHint}
        value={notes}
        onChange={({ currentTarget }) => write(currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
        autosize
        minRows={2}
        maxRows={8}
        maxLength={10_000}
        dir="auto"
      />
      <Text size="sm" c="dimmed" className={`${classes.waits} late`} role="status" key={chosen}>
        {chosen !== null && (dialled.length > 0 ? t.asking : t.saving)}
      </Text>
      {error !== null && <Fault error={error} />}
    </Stack>
  )
}

import { Button, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { CallButton } from '../parts/call-button.tsx'
import { Fault } from '../parts/fault.tsx'
import { KeyName } from '../parts/key-name.tsx'
import { useKeys } from '../parts/keys.tsx'
import { type Ring, ringsOf } from '../parts/rings.ts'
import { useTexts } from '../texts/language.ts'
import classes from './call-now.module.css'
import { LeadCard } from './lead-card.tsx'
import { LostLead } from './loss.tsx'
import { NotesField } from './notes-field.tsx'
import type { Outcome } from './outcome.ts'
import { Outcomes } from './outcomes.tsx'
import { type LastPress, usePresses } from './presses.ts'
import type { Lead, Loss } from './queue.ts'
import { CALL_NOW_TEXTS } from './texts.ts'
import { type Finished, useSaying } from './use-saying.ts'

interface DeskProps {
  lead: Lead
  loss: Loss | null
  lastPress: LastPress
  /** Whether the outcome of this lead was taken back just now. */
  isBack: boolean
  onSaved: (finished: Finished) => Promise<void>
  onSkip: () => Promise<void>
  onNext: () => Promise<void>
}

/** The number that is called: the one that rang last, else the first. */
const firstPhone = ({ contact }: Lead, [latest]: readonly Ring[]): string | null =>
  latest?.phone ?? contact?.phones[0] ?? null

/** One lead: who it is, the call, and how it went. */
export function Desk({ lead, loss, lastPress, isBack, onSaved, onSkip, onNext }: DeskProps) {
  const t = useTexts(CALL_NOW_TEXTS)
  const [, goTo] = useLocation()
  const { opportunity, contact } = lead
  const contactId = opportunity.contact_id
  const [rings, setRings] = useState(() => ringsOf(contactId))
  const [chosenPhone, choosePhone] = useState(() => rings[0]?.phone ?? null)
  const isTheirs = chosenPhone !== null && (contact?.phones.includes(chosenPhone) || rings[0]?.phone === chosenPhone)
  const phone = isTheirs ? chosenPhone : firstPhone(lead, rings)
  const presses = usePresses(lastPress, isBack)
  const [isByHand, setByHand] = useState(false)
  const isLost = loss !== null && !isByHand
  const { notes, field, state, chosen, error, say, goOn } = useSaying({ lead, phone }, onSaved)
  const isBusy = state !== 'idle'

  function choose(outcome: Outcome, press: Parameters<typeof presses.isOutcome>[0]) {
    if (isLost || isBusy || !presses.isOutcome(press)) return
    void say(outcome)
  }
  function writeNotes() {
    presses.touch()
    field.current?.focus()
  }
  useKeys([
    { keys: 'n', label: t.skip, run: (press) => presses.isMeant(press) && void goOn(isLost ? onNext : onSkip) },
    { keys: 'o', label: t.open, run: () => goTo(`/leads/${opportunity.id}`) },
    { keys: 'w', label: t.writeNotes, run: writeNotes },
  ])

  return (
    <Stack className={classes.card} component="article" gap="lg">
      {isLost && <LostLead loss={loss} onByHand={() => setByHand(true)} onNext={() => void goOn(onNext)} />}
      <LeadCard lead={lead} phone={phone} onPhone={choosePhone} />
      {!isLost && (
        <div className={classes.actions}>
          {phone !== null && (
            <CallButton
              phone={phone}
              contactId={contact?.id ?? null}
              size="lg"
              hotkey="c"
              onRung={() => {
                presses.touch()
                setRings(ringsOf(contactId))
                choosePhone(phone)
              }}
            />
          )}
          <Button variant="default" size="lg" onClick={() => void goOn(onSkip)} disabled={isBusy} aria-keyshortcuts="n">
            {t.skip}
            <KeyName>n</KeyName>
          </Button>
        </div>
      )}
      {!isLost && <Outcomes chosen={chosen} isWaiting={isBusy} onChoose={choose} />}
      <NotesField
        ref={field}
        value={notes.text}
        onChange={(text) => {
          presses.touch()
          notes.write(text)
        }}
        isDisabled={state === 'going on'}
      />
      <Text size="sm" c="dimmed" className={`${classes.waits} late`} role="status" key={state}>
        {state === 'lingering' && t.lingering}
        {state === 'saving' && ((rings[0]?.asked ?? null) === null ? t.saving : t.asking)}
      </Text>
      {error !== null && <Fault error={error} />}
    </Stack>
  )
}

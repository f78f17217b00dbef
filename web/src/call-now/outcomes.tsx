import { Stack, Text } from '@mantine/core'
import { useKeys } from '../parts/keys.tsx'
import type { Colour } from '../parts/pills.tsx'
import { useTexts } from '../texts/language.ts'
import classes from './call-now.module.css'
import { OUTCOMES, type Outcome } from './outcome.ts'
import type { Press } from './presses.ts'
import { CALL_NOW_TEXTS } from './texts.ts'

/** By A3. */
const COLOUR_OF: Readonly<Record<Outcome, Colour>> = {
  spoke: 'green',
  noAnswer: 'orange',
  busy: 'orange',
  declined: 'red',
  wrongNumber: 'orange',
}

interface OutcomesProps {
  /** The one that is being saved. */
  chosen: Outcome | null
  isWaiting: boolean
  onChoose: (outcome: Outcome, press: Press) => void
}

/** How it went: one key or one click. */
export function Outcomes({ chosen, isWaiting, onChoose }: OutcomesProps) {
  const t = useTexts(CALL_NOW_TEXTS)
  useKeys(
    OUTCOMES.map((outcome, place) => ({
      keys: String(place + 1),
      label: t.outcomes[outcome],
      run: (press) => onChoose(outcome, press),
    })),
  )
  return (
    <Stack gap="xs" component="section" aria-label={t.question}>
      <Text fw={600}>{t.question}</Text>
      <div className={classes.outcomes}>
        {OUTCOMES.map((outcome, place) => (
          <button
            key={outcome}
            type="button"
            className={classes.outcome}
            data-colour={COLOUR_OF[outcome]}
            data-chosen={chosen === outcome || undefined}
            aria-keyshortcuts={String(place + 1)}
            disabled={isWaiting}
            onClick={({ nativeEvent }) => onChoose(outcome, nativeEvent)}
          >
            <span className={classes.key} aria-hidden="true">
              {place + 1}
            </span>
            {t.outcomes[outcome]}
          </button>
        ))}
      </div>
    </Stack>
  )
}

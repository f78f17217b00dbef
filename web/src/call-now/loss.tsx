import { Alert, Button, Group, Text } from '@mantine/core'
import { timeOfDay } from '../parts/time.tsx'
import { type Language, useLanguage, useTexts } from '../texts/language.ts'
import type { Loss } from './queue.ts'
import { CALL_NOW_TEXTS } from './texts.ts'

/** Why a lead is not, or no longer, one's own. */
export function wordsOfLoss(loss: Loss, language: Language): string {
  const t = CALL_NOW_TEXTS[language]
  if (loss.why === 'others') return t.othersHaveIt(loss.name, timeOfDay(loss.until, language))
  return loss.why === 'window' ? t.windowHasIt : t.isGone
}

interface LostProps {
  loss: Loss
  onByHand: () => void
  onNext: () => void
}

/** Said above what was written, which stays. */
export function LostLead({ loss, onByHand, onNext }: LostProps) {
  const t = useTexts(CALL_NOW_TEXTS)
  const { language } = useLanguage()
  return (
    <Alert color="orange" title={t.noLongerYours} role="alert">
      <Text size="sm">
        {wordsOfLoss(loss, language)} {t.whatNow}
      </Text>
      <Group mt="sm" gap="xs">
        <Button size="sm" onClick={onNext}>
          {t.nextLead}
        </Button>
        <Button size="sm" variant="default" onClick={onByHand}>
          {t.saveByHand}
        </Button>
      </Group>
    </Alert>
  )
}

/** The same lead is open in another window of the same person. */
export function OpenElsewhere({ onHere, onNext }: { onHere: () => void; onNext: () => void }) {
  const t = useTexts(CALL_NOW_TEXTS)
  return (
    <Alert color="yellow" title={t.openTwice} role="alert">
      <Text size="sm">{t.openTwiceMore}</Text>
      <Group mt="sm" gap="xs">
        <Button size="sm" onClick={onNext}>
          {t.nextLead}
        </Button>
        <Button size="sm" variant="default" onClick={onHere}>
          {t.openHere}
        </Button>
      </Group>
    </Alert>
  )
}

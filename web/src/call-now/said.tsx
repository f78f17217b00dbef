import { Button, Text, VisuallyHidden } from '@mantine/core'
import { useEffect } from 'react'
import { KeyName } from '../parts/key-name.tsx'
import { useKeys } from '../parts/keys.tsx'
import { useTexts } from '../texts/language.ts'
import classes from './call-now.module.css'
import { CALL_NOW_TEXTS } from './texts.ts'

/** What has just happened. */
export interface Happened {
  /** Whose lead it was; null where the words say it. */
  name: string | null
  words: string
  /** Takes it back, for ten seconds. */
  undo: (() => Promise<void>) | null
}

const UNDO_FOR_MS = 10_000

interface SaidProps {
  happened: Happened | null
  /** Who is shown now, read out after it. */
  next: string | null
  onUndo: (undo: () => Promise<void>) => void
  onOver: () => void
}

/** Says what happened, also to who does not see it, in a place that is always there. */
export function Said({ happened, next, onUndo, onOver }: SaidProps) {
  const t = useTexts(CALL_NOW_TEXTS)
  const undo = happened?.undo ?? null
  useEffect(() => {
    if (undo === null) return
    const timer = setTimeout(onOver, UNDO_FOR_MS)
    return () => clearTimeout(timer)
  }, [undo, onOver])
  useKeys(undo === null ? [] : [{ keys: 'u', label: t.undo, run: () => onUndo(undo) }])
  return (
    <div className={classes.said} data-shown={happened !== null || undefined}>
      <div role="status" aria-live="polite">
        {happened !== null && (
          <Text size="sm">
            {happened.name !== null && (
              <>
                <bdi>{happened.name}</bdi>
                {': '}
              </>
            )}
            {happened.words}
          </Text>
        )}
        {next !== null && <VisuallyHidden>{t.next(next)}</VisuallyHidden>}
      </div>
      {undo !== null && (
        <Button size="compact-sm" variant="subtle" onClick={() => onUndo(undo)} aria-keyshortcuts="u">
          {t.undo}
          <KeyName>u</KeyName>
        </Button>
      )}
    </div>
  )
}

import { Button, CloseButton, Kbd, Progress, Text } from '@mantine/core'
import { Link } from 'wouter'
import { wordsOf } from '../parts/fault.tsx'
import { useKeys } from '../parts/keys.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { nameOf } from './lead.ts'
import classes from './leads.module.css'
import { LEADS_TEXTS } from './texts.ts'
import type { UsedChanges } from './use-changes.ts'

/** How far a change of leads is, what became of it, and what takes it back. */
export function ChangesBar({ changes: { state, undo, dismiss } }: { changes: UsedChanges }) {
  const t = useTexts(LEADS_TEXTS)
  const { language } = useLanguage()
  const canUndo = state?.kind === 'done' && state.undo.length > 0
  useKeys(canUndo ? [{ keys: 'u', label: t.keys.undo, run: () => void undo() }] : [])
  if (state === null) return null
  if (state.kind === 'running') {
    return (
      <div className={classes.bar} role="status">
        <Text size="sm">{t.changing(state.done, state.all)}</Text>
        <Progress
          value={(100 * state.done) / state.all}
          flex={1}
          miw={120}
          aria-label={t.changing(state.done, state.all)}
        />
      </div>
    )
  }
  const { changed, refused } = state.changes
  return (
    <div className={classes.bar}>
      <Text size="sm" role="status">
        {changed.length > 0 && (state.wasUndo ? t.undone(changed.length) : t.changed(changed.length))}{' '}
        {refused.length > 0 && t.refused(refused.length)}
      </Text>
      {canUndo && (
        <Button size="compact-sm" variant="light" onClick={() => void undo()} rightSection={<Kbd size="xs">u</Kbd>}>
          {t.undo}
        </Button>
      )}
      <CloseButton size="sm" ml="auto" aria-label={t.dismiss} onClick={dismiss} />
      {refused.length > 0 && (
        <ul className={classes.refused}>
          {refused.map(({ lead, error }) => (
            <li key={lead.id}>
              <Link href={`/leads/${lead.id}`}>
                <bdi>{nameOf(lead) ?? t.noName}</bdi>
              </Link>
              : {wordsOf(error, language)}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

import { Alert, Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { formatMoment } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import type { Edit } from './edit.ts'
import classes from './field.module.css'
import { LEAD_TEXTS } from './texts.ts'

/** Finds out who changed a field last, and when; null where nobody says. */
export interface LastChange {
  key: readonly string[]
  ask: () => Promise<{ who: string; at: string } | null>
}

/** Two have changed the same field: one's own and what is there now, side by side; nothing is lost until one chooses. */
export function Conflict<Value>({
  label,
  edit,
  show,
  lastChange,
}: {
  label: string
  edit: Edit<Value>
  show: (value: Value) => ReactNode
  lastChange: LastChange | undefined
}) {
  const t = useTexts(LEAD_TEXTS)
  const { language } = useLanguage()
  const last = useQuery({
    queryKey: [...(lastChange?.key ?? ['nobody']), 'last'],
    queryFn: () => lastChange?.ask() ?? null,
    enabled: lastChange !== undefined,
    staleTime: 0,
  })
  if (edit.conflict === null) return null
  const by = last.data == null ? null : t.byAt(last.data.who, formatMoment(last.data.at, language))
  return (
    <Alert color="gray" mt={6} p="xs" role="alert" data-conflict title={t.bothChanged(label)}>
      <div className={classes.sides}>
        <section className={classes.side} aria-label={t.yours}>
          <Text size="xs" c="dimmed">
            {t.yours}
          </Text>
          <bdi>{show(edit.conflict.mine)}</bdi>
          <Button size="compact-sm" onClick={() => void edit.keepMine()} loading={edit.isSaving}>
            {t.keepMine}
          </Button>
        </section>
        <section className={classes.side} aria-label={t.nowThere}>
          <Text size="xs" c="dimmed">
            {t.nowThere}
            {by !== null && ` (${by})`}
          </Text>
          <bdi>{show(edit.conflict.theirs)}</bdi>
          <Button size="compact-sm" variant="default" onClick={edit.keepTheirs}>
            {t.keepTheirs}
          </Button>
        </section>
      </div>
    </Alert>
  )
}

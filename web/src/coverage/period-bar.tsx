import { Button, Group, TextInput } from '@mantine/core'
import { useLocation } from 'wouter'
import { useTexts } from '../texts/language.ts'
import classes from './coverage.module.css'
import { addressOf, type Chosen, daysOf, NAMED } from './period.ts'
import { COVERAGE_TEXTS } from './texts.ts'

/** Which days are counted: by a button, or from one day to another. */
export function PeriodBar({ chosen }: { chosen: Chosen }) {
  const t = useTexts(COVERAGE_TEXTS)
  const [, goTo] = useLocation()
  const { first, last } = daysOf(chosen, new Date())
  /** Whichever was set, the earlier day comes first. */
  const choose = (days: readonly string[]) => {
    const [from = '', to = ''] = days.toSorted()
    if (from !== '') goTo(addressOf({ name: 'days', first: from, last: to }))
  }
  return (
    <Group gap="sm" role="group" aria-label={t.period}>
      <Button.Group>
        {NAMED.map((name) => (
          <Button
            key={name}
            size="xs"
            variant={chosen.name === name ? 'filled' : 'default'}
            aria-pressed={chosen.name === name}
            onClick={() => goTo(addressOf({ name }))}
          >
            {t[name]}
          </Button>
        ))}
      </Button.Group>
      <Group gap={6} wrap="nowrap">
        <TextInput
          type="date"
          size="xs"
          className={classes.day}
          aria-label={t.first}
          value={first}
          onChange={({ target }) => choose([target.value, last])}
        />
        <span>–</span>
        <TextInput
          type="date"
          size="xs"
          className={classes.day}
          aria-label={t.last}
          value={last}
          onChange={({ target }) => choose([first, target.value])}
        />
      </Group>
    </Group>
  )
}

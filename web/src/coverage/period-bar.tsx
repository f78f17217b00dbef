import { Button, Group, TextInput } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { useTexts } from '../texts/language.ts'
import classes from './coverage.module.css'
import { addressOf, type Chosen, daysOf, isDay, NAMED } from './period.ts'
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
      <Group gap={4}>
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
      </Group>
      <Group gap={6} wrap="nowrap">
        <DayField label={t.first} day={first} onDay={(day) => choose([day, last])} />
        <span>–</span>
        <DayField label={t.last} day={last} onDay={(day) => choose([first, day])} />
      </Group>
    </Group>
  )
}

/** A day, chosen or typed: while it is being typed it may be any, and it is taken when one is through with it. */
function DayField({ label, day, onDay }: { label: string; day: string; onDay: (day: string) => void }) {
  const [typed, setTyped] = useState(day)
  useEffect(() => setTyped(day), [day])
  const isTyping = useRef(false)
  const take = () => {
    if (!isDay(typed)) setTyped(day)
    else if (typed !== day) onDay(typed)
  }
  return (
    <TextInput
      type="date"
      size="xs"
      className={classes.day}
      aria-label={label}
      value={typed}
      onChange={({ target }) => {
        setTyped(target.value)
        // Chosen from the calendar of the browser, it is whole.
        if (!isTyping.current && isDay(target.value)) onDay(target.value)
      }}
      onPointerDown={() => {
        isTyping.current = false
      }}
      onBlur={take}
      onKeyDown={({ key }) => {
        isTyping.current = key !== 'Enter'
        if (key === 'Enter') take()
      }}
    />
  )
}

import { Button, Group, Menu, TextInput } from '@mantine/core'
import { type FormEvent, memo, useState } from 'react'
import { useAgentName, usePeople } from '../parts/people.ts'
import { STATUSES } from '../parts/status.ts'
import type { Me } from '../session/me.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import { ATTEMPTS, COLOURS, FILTER_NAMES, type FilterName, type LeadView, withFilter } from './filter.ts'
import classes from './leads.module.css'
import { LEADS_TEXTS } from './texts.ts'
import { valueWord } from './words.ts'

interface FilterBarProps {
  me: Me
  view: LeadView
  onView: (view: LeadView) => void
  /** Those that are no question here. */
  without?: readonly FilterName[]
}

/** What the leads are narrowed by: each a chip that can be taken away, and a menu of what can be added. */
export const FilterBar = memo(function FilterBar({ me, view, onView, without = [] }: FilterBarProps) {
  const t = useTexts(LEADS_TEXTS)
  const { language } = useLanguage()
  const nameOfAgent = useAgentName()
  const shown = FILTER_NAMES.filter((name) => view.filters[name] !== undefined && !without.includes(name))
  return (
    <div className={classes.chips}>
      {shown.map((name) => {
        const words = valueWord(name, view.filters[name] ?? '', nameOfAgent, language)
        return (
          <span key={name} className={classes.chip}>
            {t.filters[name]}:&nbsp;<bdi title={words}>{words}</bdi>
            <button
              type="button"
              className={classes.remove}
              aria-label={t.removeFilter(`${t.filters[name]}: ${words}`)}
              onClick={() => onView(withFilter(view, name, undefined))}
            >
              ×
            </button>
          </span>
        )
      })}
      <AddFilter me={me} view={view} onView={onView} without={without} />
      {shown.length > 1 && (
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          onClick={() => onView(shown.reduce((rest, name) => withFilter(rest, name, undefined), view))}
        >
          {t.clearAll}
        </Button>
      )}
    </div>
  )
})

/** First what to narrow by, then to which value. */
function AddFilter({ me, view, onView, without = [] }: FilterBarProps) {
  const t = useTexts(LEADS_TEXTS)
  const [name, setName] = useState<FilterName | null>(null)
  const [isOpen, setIsOpen] = useState(false)
  const choose = (chosen: FilterName, value: string) => {
    setIsOpen(false)
    onView(withFilter(view, chosen, value))
  }
  // Nobody is one of the agents.
  const names = FILTER_NAMES.filter((one) => one !== 'assigned' && !without.includes(one))
  return (
    <Menu
      opened={isOpen}
      onChange={(opened) => {
        setIsOpen(opened)
        setName(null)
      }}
      position="bottom-start"
      width={240}
      transitionProps={{ duration: 0 }}
      // Where one chooses a kind, its values come in the same place.
      closeOnItemClick={false}
    >
      <Menu.Target>
        <Button size="compact-sm" variant="default" radius="xl" fw={500}>
          + {t.addFilter}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah="60dvh" style={{ overflow: 'auto' }}>
        {name === null ? (
          names.map((one) => (
            <Menu.Item key={one} onClick={() => setName(one)} rightSection="›">
              {t.filters[one]}
            </Menu.Item>
          ))
        ) : (
          <>
            <Menu.Label>{t.filters[name]}</Menu.Label>
            <Values me={me} name={name} onChoose={choose} />
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}

interface ValuesProps {
  me: Me
  name: FilterName
  onChoose: (name: FilterName, value: string) => void
}

const FIXED: Readonly<Partial<Record<FilterName, readonly string[]>>> = {
  status: STATUSES,
  attempts: ATTEMPTS,
  last_status: COLOURS,
  first_call_completed: ['true', 'false'],
}

function Values({ me, name, onChoose }: ValuesProps) {
  const t = useTexts(LEADS_TEXTS)
  const { language } = useLanguage()
  const { data: people } = usePeople()
  const nameOfAgent = useAgentName()
  const others = me.role === 'agent' ? [] : (people?.data ?? []).filter(({ id }) => id !== me.id)
  const takesText = name === 'status' || name === 'source' || (name === 'assigned_to' && me.role !== 'agent')
  return (
    <>
      {name === 'assigned_to' && (
        <>
          {me.id !== null && <Menu.Item onClick={() => onChoose(name, me.id ?? '')}>{t.me}</Menu.Item>}
          <Menu.Item onClick={() => onChoose('assigned', 'false')}>{t.nobody}</Menu.Item>
          {others.map((person) => (
            <Menu.Item key={person.id} onClick={() => onChoose(name, person.id)}>
              <bdi>{person.name}</bdi>
            </Menu.Item>
          ))}
        </>
      )}
      {(FIXED[name] ?? []).map((value) => (
        <Menu.Item key={value} onClick={() => onChoose(name, value)}>
          {valueWord(name, value, nameOfAgent, language)}
        </Menu.Item>
      ))}
      {takesText && <OtherValue label={t.anyText} onChoose={(value) => onChoose(name, value)} />}
    </>
  )
}

const LONGEST = 200

function OtherValue({ label, onChoose }: { label: string; onChoose: (value: string) => void }) {
  const t = useTexts(LEADS_TEXTS)
  const [value, setValue] = useState('')
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (value.trim() !== '') onChoose(value.trim())
  }
  return (
    <form onSubmit={send}>
      <Group gap={4} p={6} wrap="nowrap">
        <TextInput
          size="xs"
          flex={1}
          placeholder={label}
          aria-label={label}
          maxLength={LONGEST}
          value={value}
          onChange={({ currentTarget }) => setValue(currentTarget.value)}
          // The menu would take letters and arrows for its own.
          onKeyDown={(event) => event.key !== 'Escape' && event.stopPropagation()}
        />
        <Button size="xs" type="submit" disabled={value.trim() === ''}>
          {t.apply}
        </Button>
      </Group>
    </form>
  )
}

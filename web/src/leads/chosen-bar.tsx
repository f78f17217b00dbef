import { Button, Menu, Text } from '@mantine/core'
import { STATUSES, statusWords } from '../parts/status.ts'
import type { Me } from '../session/me.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import { AssignMenu } from './assign-menu.tsx'
import type { LeadChange } from './lead.ts'
import classes from './leads.module.css'
import { LEADS_TEXTS } from './texts.ts'

interface ChosenBarProps {
  me: Me
  /** How many are chosen. */
  words: string
  onChange: (change: LeadChange) => void
  onNone: () => void
}

const CLOSED = ['discarded', 'lost', 'won', 'qualified'] as const
const ACTIVE = STATUSES.slice(0, STATUSES.length - CLOSED.length)

/** What can be done with the leads that are chosen. */
export function ChosenBar({ me, words, onChange, onNone }: ChosenBarProps) {
  const t = useTexts(LEADS_TEXTS)
  const { language } = useLanguage()
  return (
    <div className={classes.bar}>
      <Text size="sm" fw={600} role="status">
        {words}
      </Text>
      <AssignMenu me={me} onChange={onChange} />
      <Menu position="top-start" width={200} transitionProps={{ duration: 0 }}>
        <Menu.Target>
          <Button size="xs" variant="light">
            {t.close}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t.closeAs}</Menu.Label>
          {CLOSED.map((status) => (
            <Menu.Item key={status} onClick={() => onChange({ status })}>
              {statusWords(status, language)}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Label>{t.openAgainAs}</Menu.Label>
          {ACTIVE.map((status) => (
            <Menu.Item key={status} onClick={() => onChange({ status })}>
              {statusWords(status, language)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Button size="xs" variant="subtle" color="gray" onClick={onNone}>
        {t.unchoose}
      </Button>
    </div>
  )
}

import { Button, Menu } from '@mantine/core'
import { usePeople } from '../parts/people.ts'
import type { Me } from '../session/me.ts'
import { useTexts } from '../texts/language.ts'
import type { LeadChange } from './lead.ts'
import { LEADS_TEXTS } from './texts.ts'

/** To whom leads may be given: by an agent to themselves or to nobody. */
export function AssignMenu({ me, onChange }: { me: Me; onChange: (change: LeadChange) => void }) {
  const t = useTexts(LEADS_TEXTS)
  const { data: people } = usePeople()
  const assign = (assigned_to: string | null) => onChange({ assigned_to })
  if (me.role === 'agent') {
    return (
      <>
        {me.id !== null && (
          <Button size="xs" variant="light" onClick={() => assign(me.id)}>
            {t.take}
          </Button>
        )}
        <Button size="xs" variant="light" onClick={() => assign(null)}>
          {t.giveBack}
        </Button>
      </>
    )
  }
  const others = (people?.data ?? []).filter(({ id, role }) => id !== me.id && role !== 'viewer')
  return (
    <Menu position="top-start" width={220} transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <Button size="xs" variant="light">
          {t.assign}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah="50dvh" style={{ overflow: 'auto' }}>
        {me.id !== null && <Menu.Item onClick={() => assign(me.id)}>{t.me}</Menu.Item>}
        <Menu.Item onClick={() => assign(null)}>{t.nobody}</Menu.Item>
        {others.length > 0 && <Menu.Divider />}
        {others.map(({ id, name }) => (
          <Menu.Item key={id} onClick={() => assign(id)}>
            <bdi>{name}</bdi>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

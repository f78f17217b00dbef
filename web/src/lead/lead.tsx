import { Alert, Anchor, Button, Group, Stack, Text, Title, VisuallyHidden } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useEffect, useState } from 'react'
import { useLocation, useSearchParams } from 'wouter'
import { CallButton } from '../parts/call-button.tsx'
import { useKeys } from '../parts/keys.tsx'
import { type Attempt, Pills } from '../parts/pills.tsx'
import { formatAge, formatMoment, useNow } from '../parts/time.tsx'
import type { Me } from '../session/me.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import { goBack } from './back.ts'
import { bringCallIntoSight } from './call-item.tsx'
import { ContactFields } from './contact-fields.tsx'
import { useEdit } from './edit.ts'
import { TextField } from './field.tsx'
import { History } from './history.tsx'
import { lastChangeOf } from './last-change.ts'
import { loadDialogs, NewCall } from './later.tsx'
import classes from './lead.module.css'
import { LocalTime } from './local-time.tsx'
import { OpportunityFields } from './opportunity-fields.tsx'
import { type People, usePeople } from './people.ts'
import type { Contact, Opportunity } from './rows.ts'
import { LEAD_TEXTS } from './texts.ts'
import { Timeline } from './timeline.tsx'

interface LeadProps {
  opportunity: Opportunity
  /** Null where another system keeps it (B18). */
  contact: Contact | null
  me: Me
}

export function Lead({ opportunity, contact, me }: LeadProps) {
  const t = useTexts(LEAD_TEXTS)
  const [, goTo] = useLocation()
  const { language } = useLanguage()
  const age = formatAge(opportunity.created_at, language, useNow())
  const [params, setParams] = useSearchParams()
  const people = usePeople(me)
  const canChange = me.role !== 'viewer'
  const title = useEdit('opportunity', opportunity, 'title', t.title)
  const [newCall, setNewCall] = useState<'none' | 'shown' | 'hidden'>('none')
  const openNewCall = () => setNewCall('shown')
  const [isHistoryShown, history] = useDisclosure(false)
  const attempts: Readonly<Record<string, Attempt>> = opportunity.first_call_attempts
  const show = ({ call_id }: Attempt) => {
    if (params.get('call') === call_id) bringCallIntoSight(call_id)
    else setParams({ call: call_id }, { replace: true })
  }
  const leave = () => {
    // Somebody writes, or looks at a menu.
    const open = document.querySelector<HTMLElement>('[data-editing] input, [data-editing] textarea')
    if (open !== null) return open.focus()
    const menus = [...document.querySelectorAll('[role=menu], [role=listbox]')]
    if (!menus.some((menu) => menu.checkVisibility())) goBack(goTo)
  }
  useKeys([
    ...Object.entries(attempts).map(([number, attempt]) => ({
      keys: number,
      label: t.keyAttempt(Number(number)),
      run: () => show(attempt),
    })),
    ...(canChange ? [{ keys: 'e', label: t.keyEdit, run: title.begin }] : []),
    ...(canChange ? [{ keys: 'n', label: t.keyNew, run: openNewCall }] : []),
    { keys: 'h', label: t.keyHistory, run: history.toggle },
    { keys: 'Escape', label: t.keyBack, run: leave },
  ])
  useEffect(() => {
    if (canChange) void loadDialogs()
  }, [canChange])
  const phone = contact?.phones[0] ?? null

  return (
    <Stack gap="lg" maw={980}>
      <Stack gap={6}>
        <div>
          <Anchor component="button" type="button" size="sm" onClick={() => goBack(goTo)}>
            <span aria-hidden="true">‹ </span>
            {t.backToLeads}
          </Anchor>
        </div>
        <Group justify="space-between" align="start" gap="sm">
          <div className={classes.name}>
            {contact === null ? (
              <Title order={1} size="h2" dir="auto">
                {opportunity.title ?? t.unknownContact}
              </Title>
            ) : (
              <>
                <VisuallyHidden component="h1">{contact.name}</VisuallyHidden>
                <ContactName contact={contact} canChange={canChange} people={people} />
              </>
            )}
          </div>
          <Group gap="xs">
            {canChange && phone !== null && <CallButton phone={phone} contactId={opportunity.contact_id} size="md" />}
            {canChange && (
              <Button variant="default" size="md" onClick={openNewCall} leftSection={<span aria-hidden="true">+</span>}>
                {t.newCall}
              </Button>
            )}
          </Group>
        </Group>
        <Group gap="lg" align="center">
          <Pills attempts={attempts} size="large" onOpen={show} />
          <Text size="sm" c="dimmed" component="div">
            <LocalTime zone={contact?.timezone ?? null} />
            <div>{t.openedAt(age, formatMoment(opportunity.created_at, language))}</div>
          </Text>
        </Group>
      </Stack>

      {contact === null && (
        <Alert color="gray" title={t.unknownContact}>
          {t.unknownContactMore}
        </Alert>
      )}

      <div className={classes.fields}>
        <OpportunityFields opportunity={opportunity} canChange={canChange} me={me} people={people} title={title} />
        {contact !== null && <ContactFields contact={contact} canChange={canChange} people={people} />}
      </div>

      <Timeline
        opportunity={opportunity}
        canChange={canChange}
        people={people}
        zone={contact?.timezone ?? null}
        chosen={params.get('call')}
        onNewCall={openNewCall}
      />
      <History
        opportunityId={opportunity.id}
        contactId={contact?.id ?? null}
        people={people}
        isShown={isHistoryShown}
        onToggle={history.toggle}
      />
      {newCall !== 'none' && (
        <NewCall
          contactId={opportunity.contact_id}
          phones={contact?.phones ?? []}
          isShown={newCall === 'shown'}
          onHide={() => setNewCall('hidden')}
          onClose={() => setNewCall('none')}
        />
      )}
    </Stack>
  )
}

function ContactName({ contact, canChange, people }: { contact: Contact; canChange: boolean; people: People }) {
  const t = useTexts(LEAD_TEXTS)
  const { language } = useLanguage()
  const edit = useEdit('contact', contact, 'name', t.name)
  return (
    <TextField
      label={t.name}
      isLabelHidden
      edit={edit}
      canChange={canChange}
      empty=""
      whenEmptied="refused"
      lastChange={lastChangeOf('contact', contact.id, 'name', people, language)}
      around={(name) => (
        <Text span inherit className={classes.heading ?? ''}>
          {name}
        </Text>
      )}
    />
  )
}

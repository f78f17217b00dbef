import { Alert, Anchor, Group, Stack, Text, Title } from '@mantine/core'
import { useEffect, useState } from 'react'
import { Link } from 'wouter'
import { KeyName } from '../parts/key-name.tsx'
import { usePhoneFormat } from '../parts/phone.ts'
import { Pills } from '../parts/pills.tsx'
import { statusWords } from '../parts/status.ts'
import { timeOfDayIn, When } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import classes from './call-now.module.css'
import { LastNotes } from './last-notes.tsx'
import { PhoneChoice } from './phone-choice.tsx'
import type { Lead } from './queue.ts'
import { CALL_NOW_TEXTS } from './texts.ts'

const LOOK_AT_CLOCK_EVERY_MS = 15_000

interface LeadCardProps {
  lead: Lead
  /** The number that is called; null where there is none. */
  phone: string | null
  onPhone: (phone: string) => void
}

/** Who is to be called. */
export function LeadCard({ lead, phone, onPhone }: LeadCardProps) {
  const t = useTexts(CALL_NOW_TEXTS)
  const { language } = useLanguage()
  const formatPhone = usePhoneFormat()
  const { opportunity, contact } = lead
  const phones = contact?.phones ?? []
  return (
    <Stack gap="sm">
      <div className={classes.top}>
        <Title order={1} className={classes.name}>
          <bdi>{contact?.name ?? opportunity.title ?? t.unnamed}</bdi>
        </Title>
        <Pills attempts={opportunity.first_call_attempts} size="large" />
      </div>
      {contact?.opt_out === true && <Alert color="red">{t.optedOut}</Alert>}
      {phone === null ? (
        <Text c="dimmed">{contact === null ? t.elsewhere : t.noNumber}</Text>
      ) : (
        <Group gap="0 16px" align="baseline">
          <Text className={classes.number}>{formatPhone(phone)}</Text>
          {contact?.timezone != null && <TimeThere timeZone={contact.timezone} />}
        </Group>
      )}
      {phone !== null && phones.length > 1 && <PhoneChoice phones={phones} chosen={phone} onChosen={onPhone} />}
      <Text size="sm" c="dimmed">
        {t.opened} <When at={opportunity.created_at} />
        {opportunity.title !== null && contact !== null && (
          <>
            {' · '}
            <bdi>{opportunity.title}</bdi>
          </>
        )}
        {opportunity.source !== null && ` · ${t.source(opportunity.source)}`}
        {` · ${statusWords(opportunity.status, language)}`}
        {' · '}
        <Anchor component={Link} href={`/leads/${opportunity.id}`} size="sm" aria-keyshortcuts="o">
          {t.open}
          <KeyName>o</KeyName>
        </Anchor>
      </Text>
      <LastNotes lead={lead} />
    </Stack>
  )
}

/** The time of day where the lead is. */
function TimeThere({ timeZone }: { timeZone: string }) {
  const t = useTexts(CALL_NOW_TEXTS)
  const { language } = useLanguage()
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), LOOK_AT_CLOCK_EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  const time = timeOfDayIn(timeZone, language, now)
  return time === null ? null : (
    <Text span title={timeZone}>
      {t.there(time)}
    </Text>
  )
}

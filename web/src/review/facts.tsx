import { Anchor, Paper, Skeleton, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { directionWords, formatDuration, resultWords } from '../parts/call-words.ts'
import { formatMoment } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import type { ReviewItem } from './item.ts'
import { type Call, useCall, useContact } from './queries.ts'
import classes from './review.module.css'
import { REVIEW_TEXTS } from './texts.ts'

/** What came: the e-mail, or the call that the item is about. */
export function Facts({ item }: { item: ReviewItem }) {
  const t = useTexts(REVIEW_TEXTS)
  const call = useCall(item.call_id)
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Title order={3} size="h5">
          {item.mail === undefined ? t.call : t.came}
        </Title>
        {item.mail !== undefined && <MailFacts mail={item.mail} />}
        {item.call_id !== null && call.isPending && <Skeleton h={90} className="late" />}
        {call.data === null && <Text size="sm">{t.callIsGone}</Text>}
        {call.data != null && <CallFacts call={call.data} />}
        {(item.recordings ?? []).map(({ id, url }) => (
          <Audio key={id} url={url} />
        ))}
        {(call.data?.recordings ?? []).map(({ id, url }) => url !== null && <Audio key={id} url={url} />)}
      </Stack>
    </Paper>
  )
}

function MailFacts({ mail }: { mail: NonNullable<ReviewItem['mail']> }) {
  const t = useTexts(REVIEW_TEXTS)
  const { language } = useLanguage()
  return (
    <>
      <dl className={classes.facts}>
        <Fact name={t.subject} value={mail.subject} />
        <Fact name={t.from} value={mail.from} />
        <Fact name={t.received} value={formatMoment(mail.received_at, language)} />
        {Object.entries(mail.told).map(([field, { value, from }]) => (
          <Fact
            key={field}
            name={t.fields[field] ?? field}
            value={
              <>
                {valueWords(field, value, t, language)}{' '}
                <Text span size="xs" c="dimmed">
                  {t.found(from)}
                </Text>
              </>
            }
          />
        ))}
      </dl>
      {mail.doubts.map((doubt) => (
        <Text key={doubt} size="sm" c="dimmed">
          {doubt}
        </Text>
      ))}
    </>
  )
}

function CallFacts({ call }: { call: Call }) {
  const t = useTexts(REVIEW_TEXTS)
  const { language } = useLanguage()
  const contact = useContact(call.entity_type === 'contacts' ? call.entity_id : null)
  const opportunityId = call.attempt.opportunity_id
  return (
    <>
      <dl className={classes.facts}>
        <Fact name={t.number} value={call.phone_number} />
        <Fact name={t.direction} value={directionWords(call.direction, language)} />
        <Fact name={t.time} value={formatMoment(call.started_at ?? call.created_at, language)} />
        <Fact name={t.status} value={valueWords('call_status', call.call_status ?? call.call_result, t, language)} />
        <Fact name={t.duration} value={call.duration_seconds === null ? null : formatDuration(call.duration_seconds)} />
        <Fact name={t.extension} value={call.extension} />
        <Fact name={t.contact} value={call.entity_id === null ? t.nobody : contact.data?.name} />
      </dl>
      {opportunityId !== null && (
        <Anchor component={Link} href={`/leads/${opportunityId}?call=${call.id}`} size="sm">
          {t.openLead}
        </Anchor>
      )}
    </>
  )
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  const t = useTexts(REVIEW_TEXTS)
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <bdi>{value ?? t.unknown}</bdi>
      </dd>
    </>
  )
}

function Audio({ url }: { url: string }) {
  const t = useTexts(REVIEW_TEXTS)
  // biome-ignore lint/a11y/useMediaCaption: nobody has written down what was said
  return <audio controls preload="none" src={url} className={classes.audio} aria-label={t.recording} />
}

/** A value as people read it. */
export function valueWords(
  field: string,
  value: string | number | null | undefined,
  t: (typeof REVIEW_TEXTS)['en'],
  language: 'en' | 'es',
): string {
  if (value === null || value === undefined) return t.unknown
  if (field === 'duration_seconds') return formatDuration(Number(value))
  if (field === 'started_at' && !Number.isNaN(Date.parse(String(value)))) return formatMoment(String(value), language)
  if (field === 'call_status' || field === 'call_result') return resultWords(String(value), language)
  if (value === 'outbound' || value === 'inbound' || value === 'internal') return directionWords(value, language)
  return String(value)
}

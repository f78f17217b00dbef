import { directionWords, formatDuration } from '../parts/call-words.ts'
import { statusWords } from '../parts/status.ts'
import { formatLongAge, formatMoment, useNow } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { valueWords } from './facts.tsx'
import type { Choice } from './item.ts'
import { useCall, useContact, useNewestOpportunity } from './queries.ts'
import classes from './review.module.css'
import { REVIEW_TEXTS } from './texts.ts'

/** What is chosen, and what speaks for it. */
export function ChoiceWords({ choice }: { choice: Choice }) {
  const { answer } = choice
  if (choice.did === 'kept' || choice.did === 'taken') return <ValueWords choice={choice} />
  if (answer.contact_id != null) return <ContactWords choice={choice} contactId={answer.contact_id} />
  return <CallWords choice={choice} callId={answer.call_id ?? ''} />
}

function Words({ name, details }: { name: string; details: readonly (string | null)[] }) {
  return (
    <span className={classes.texts}>
      <span className={classes.name} dir="auto">
        {name}
      </span>
      <span className={classes.detail} dir="auto">
        {details.filter((detail) => detail !== null).join(' · ')}
      </span>
    </span>
  )
}

function ValueWords({ choice: { candidate, did } }: { choice: Choice }) {
  const t = useTexts(REVIEW_TEXTS)
  const { language } = useLanguage()
  const field = String(candidate.field)
  return (
    <Words
      name={`${t.fields[field] ?? field}: ${valueWords(field, candidate.value, t, language)}`}
      details={[did === 'kept' ? t.keeps : t.other]}
    />
  )
}

function ContactWords({ choice: { candidate }, contactId }: { choice: Choice; contactId: string }) {
  const t = useTexts(REVIEW_TEXTS)
  const { language } = useLanguage()
  const now = useNow()
  const contact = useContact(contactId)
  const { data } = useNewestOpportunity(contactId)
  const [newest] = data?.data ?? []
  const attempts = Object.keys(newest?.first_call_attempts ?? {}).length
  return (
    <Words
      name={contact.data === null ? t.someone : (contact.data?.name ?? '…')}
      details={[
        contact.data?.phones[0] ?? null,
        candidate.is_linked === 1 ? t.isLinked : null,
        newest !== undefined
          ? t.newest(statusWords(newest.status, language), attempts, formatLongAge(newest.created_at, language, now))
          : data === undefined
            ? null
            : t.noOpportunity,
      ]}
    />
  )
}

function CallWords({ choice: { candidate, did }, callId }: { choice: Choice; callId: string }) {
  const t = useTexts(REVIEW_TEXTS)
  const { language } = useLanguage()
  const call = useCall(callId)
  const contact = useContact(call.data?.entity_type === 'contacts' ? call.data.entity_id : null)
  if (call.data === null) return <Words name={t.someCall} details={[]} />
  const at = call.data?.started_at ?? call.data?.created_at ?? null
  const { distance_seconds: distance } = candidate
  const number = call.data?.phone_number ?? (typeof candidate.phone_number === 'string' ? candidate.phone_number : '…')
  return (
    <Words
      name={contact.data?.name ?? number}
      details={[
        at === null ? null : formatMoment(at, language),
        contact.data == null ? null : number,
        call.data === undefined ? null : directionWords(call.data.direction, language),
        call.data?.extension == null ? null : `${t.extension} ${call.data.extension}`,
        call.data?.duration_seconds == null ? null : formatDuration(call.data.duration_seconds),
        typeof distance === 'number' ? t.distance(distance) : null,
        did === 'joined' ? t.stays : null,
      ]}
    />
  )
}

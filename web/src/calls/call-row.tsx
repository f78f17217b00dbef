import { Text } from '@mantine/core'
import { Link } from 'wouter'
import { type Call, directionWords, doorWords, formatDuration, happenedAt, resultWords } from '../parts/call-words.ts'
import { usePhoneFormat } from '../parts/phone.ts'
import { Shape } from '../parts/pills.tsx'
import { formatMoment } from '../parts/time.tsx'
import { whyOf } from '../parts/why.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import classes from './calls.module.css'
import { CALLS_TEXTS } from './texts.ts'

/** A call with why it counted or did not; it opens its lead, where it has one. */
export function CallRow({ call }: { call: Call }) {
  const t = useTexts(CALLS_TEXTS)
  const { language } = useLanguage()
  const format = usePhoneFormat()
  const { number, status, opportunity_id } = call.attempt
  const at = happenedAt(call)
  const phone = call.phone_number === null ? null : format(call.phone_number)
  const about = [
    directionWords(call.direction, language),
    resultWords(call.call_status, language),
    call.duration_seconds === null ? null : formatDuration(call.duration_seconds),
    doorWords(call, language),
  ].filter((word) => word !== null)
  const when = formatMoment(at, language)
  return (
    <article className={classes.row}>
      <span>
        {status === null ? <span className={classes.none} /> : <Shape colour={status} number={number ?? 0} />}
      </span>
      <div className={classes.body}>
        <div className={classes.head}>
          <time className={classes.time} dateTime={at}>
            {when}
          </time>
          {opportunity_id === null ? (
            <span dir="ltr">{phone ?? t.unknownNumber}</span>
          ) : (
            <Link
              href={`/leads/${opportunity_id}?call=${call.id}`}
              className={classes.link ?? ''}
              aria-label={t.open(phone ?? t.unknownNumber, when)}
            >
              <span dir="ltr">{phone ?? t.openLead}</span>
            </Link>
          )}
          {number !== null && <strong>{t.attempt(number)}</strong>}
          <Text span size="sm" c="dimmed">
            {about.join(' · ')}
          </Text>
        </div>
        {(call.resumen_llamada ?? call.call_result) !== null && (
          <Text size="sm" lineClamp={2} dir="auto">
            {call.resumen_llamada ?? call.call_result}
          </Text>
        )}
        <Text size="sm" c="dimmed" component="div">
          {whyOf(call, language, null, phone ?? undefined).map((sentence) => (
            <div key={sentence}>{sentence}</div>
          ))}
        </Text>
      </div>
    </article>
  )
}

import { ActionIcon, Anchor, Button, Menu, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useEffect, useRef } from 'react'
import { Link } from 'wouter'
import {
  directionWords,
  doorWords,
  formatDuration,
  happenedAt,
  RESULTS,
  type Result,
  resultName,
  resultWords,
} from '../parts/call-words.ts'
import { usePhoneFormat } from '../parts/phone.ts'
import { type Colour, Shape } from '../parts/pills.tsx'
import { timeOfDayIn } from '../parts/time.tsx'
import { whyOf } from '../parts/why.ts'
import { type Language, useLanguage, useTexts } from '../texts/language.ts'
import { CallDetails } from './call-details.tsx'
import { useEdit } from './edit.ts'
import { TextField } from './field.tsx'
import { lastChangeOf } from './last-change.ts'
import { DeleteCall, MoveCall } from './later.tsx'
import { ChoiceField } from './opportunity-fields.tsx'
import type { People } from './people.ts'
import { Recordings } from './recordings.tsx'
import type { Call, Opportunity } from './rows.ts'
import { LEAD_TEXTS } from './texts.ts'
import classes from './timeline.module.css'

interface CallItemProps {
  call: Call
  opportunity: Opportunity
  canChange: boolean
  people: People
  /** Where the lead is; null where that is not known. */
  zone: string | null
  isChosen: boolean
}

/** One call: what it was, what was said, and why it counted or did not. */
export function CallItem({ call, opportunity, canChange, people, zone, isChosen }: CallItemProps) {
  const t = useTexts(LEAD_TEXTS)
  const { language } = useLanguage()
  const format = usePhoneFormat()
  const place = useChosen(isChosen)
  const [areDetailsShown, details] = useDisclosure(false)
  const [isMoving, moving] = useDisclosure(false)
  const [isDeleting, deleting] = useDisclosure(false)
  const status = useEdit('call', call, 'call_status', t.result)
  const notes = useEdit('call', call, 'resumen_llamada', t.notes)
  const { number, status: colour, opportunity_id, outcome } = call.attempt
  const isElsewhere = opportunity_id !== null && opportunity_id !== opportunity.id
  const lastOf = (field: string) => lastChangeOf('call', call.id, field, people, language)
  const at = happenedAt(call)
  const shownNotes = call.resumen_llamada ?? null
  const about = [
    directionWords(call.direction, language),
    call.duration_seconds === null ? null : formatDuration(call.duration_seconds),
    doorWords(call, language),
  ].filter((word) => word !== null)

  return (
    <article
      ref={place}
      tabIndex={-1}
      className={classes.item}
      data-chosen={isChosen || undefined}
      id={`call-${call.id}`}
    >
      <span className={classes.sign}>
        <Sign colour={isElsewhere ? null : colour} number={number} />
      </span>
      <div className={classes.body}>
        <div className={classes.head}>
          <TimeOfCall at={at} zone={zone} />
          <strong>{number === null || isElsewhere ? t.noAttempt : t.attempt(number)}</strong>
          <Text span size="sm" c="dimmed">
            {about.join(' · ')}
          </Text>
        </div>
        <div className={classes.what}>
          {canChange ? (
            <ChoiceField
              label={t.result}
              isLabelHidden
              edit={status}
              canChange
              options={resultOptions(call.call_status, language)}
              show={(value) => resultWords(value, language)}
              placeholder={resultWords(null, language)}
              isSmall
              lastChange={lastOf('call_status')}
            />
          ) : (
            <Text size="sm" fw={500}>
              {resultWords(call.call_status, language)}
            </Text>
          )}
        </div>
        {(canChange || shownNotes !== null) && (
          <TextField
            label={t.notes}
            isLabelHidden
            isLong
            edit={notes}
            canChange={canChange}
            empty={call.call_result ?? t.noNotes}
            lastChange={lastOf('resumen_llamada')}
          />
        )}
        <Recordings call={call} />
        <div className={classes.why}>
          {whyOf(
            call,
            language,
            opportunity.id,
            call.phone_number === null ? undefined : format(call.phone_number),
          ).map((sentence) => (
            <div key={sentence}>{sentence}</div>
          ))}
          {isElsewhere && (
            <Anchor component={Link} href={`/leads/${opportunity_id}?call=${call.id}`} size="sm">
              {t.otherLead}
            </Anchor>
          )}
        </div>
        <div>
          <Button
            variant="subtle"
            size="compact-xs"
            ml={-6}
            aria-expanded={areDetailsShown}
            onClick={details.toggle}
            rightSection={<span aria-hidden="true">{areDetailsShown ? '▴' : '▾'}</span>}
          >
            {t.details}
          </Button>
        </div>
        {areDetailsShown && <CallDetails call={call} canChange={canChange} people={people} />}
      </div>
      {canChange && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label={t.more} title={t.more}>
              ⋯
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={moving.open}>{t.move}</Menu.Item>
            <Menu.Item c="var(--mantine-color-error)" onClick={deleting.open}>
              {t.delete}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {isMoving && <MoveCall call={call} onClose={moving.close} />}
      {isDeleting && (
        <DeleteCall
          call={call}
          attempts={outcome === 'registered' && !isElsewhere ? opportunity.first_call_attempts : {}}
          onClose={deleting.close}
        />
      )}
    </article>
  )
}

/** An attempt whose call is not ours (B7). */
export function ForeignItem({
  number,
  attempt,
  zone,
  isChosen,
}: {
  number: number
  attempt: Opportunity['first_call_attempts'][string] | undefined
  zone: string | null
  isChosen: boolean
}) {
  const t = useTexts(LEAD_TEXTS)
  const place = useChosen(isChosen)
  if (attempt === undefined) return null
  return (
    <article
      ref={place}
      tabIndex={-1}
      className={classes.item}
      data-chosen={isChosen || undefined}
      id={`call-${attempt.call_id}`}
    >
      <span className={classes.sign}>
        <Sign colour={attempt.status} number={number} />
      </span>
      <div className={classes.body}>
        <div className={classes.head}>
          <TimeOfCall at={attempt.attempted_at} zone={zone} />
          <strong>{t.attempt(number)}</strong>
        </div>
        {attempt.notes !== '' && (
          <Text size="sm" dir="auto">
            {attempt.notes}
          </Text>
        )}
        <div className={classes.why}>{t.foreign}</div>
      </div>
    </article>
  )
}

/** The reader's time, and that of where the lead is, if it is another. */
function TimeOfCall({ at, zone }: { at: string; zone: string | null }) {
  const t = useTexts(LEAD_TEXTS)
  const { language } = useLanguage()
  const here = timeOfDayIn(undefined, language, Date.parse(at))
  const there = zone === null ? null : timeOfDayIn(zone, language, Date.parse(at))
  return (
    <>
      <time className={classes.time} dateTime={at}>
        {here}
      </time>
      {there !== null && there !== here && (
        <Text span size="sm" c="dimmed">
          {t.there(there)}
        </Text>
      )}
    </>
  )
}

function Sign({ colour, number }: { colour: Colour | null; number: number | null }) {
  if (colour === null || number === null) return <span className={classes.none} />
  return <Shape colour={colour} number={number} />
}

/** Brings a call that was asked for into sight, and the focus to it. */
function useChosen(isChosen: boolean) {
  const place = useRef<HTMLElement>(null)
  useEffect(() => {
    if (isChosen) bringIntoSight(place.current)
  }, [isChosen])
  return place
}

function bringIntoSight(item: HTMLElement | null): void {
  item?.scrollIntoView({ block: 'center' })
  item?.focus({ preventScroll: true })
}

/** The same for a call that was brought there before, and is asked for once more. */
export const bringCallIntoSight = (id: string): void => bringIntoSight(document.getElementById(`call-${id}`))

/** The results of A3, and the word that is there where it is another. */
function resultOptions(status: string | null, language: Language): { value: string; label: string }[] {
  // A wrong number needs words beside it: it is said where a call is noted down.
  const offered = RESULTS.filter(({ name }) => name !== 'wrongNumber').map((result: Result) => ({
    value: result.call_status,
    label: resultName(result, language),
  }))
  const failed = { value: 'failed', label: resultWords('failed', language) }
  const all = [...offered, failed]
  return status === null || all.some(({ value }) => value === status)
    ? all
    : [{ value: status, label: resultWords(status, language) }, ...all]
}

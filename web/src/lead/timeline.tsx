import { Alert, Button, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useEffect, useMemo } from 'react'
import { happenedAt } from '../parts/call-words.ts'
import { Fault } from '../parts/fault.tsx'
import { type Language, useLanguage, useTexts } from '../texts/language.ts'
import { CallItem, ForeignItem } from './call-item.tsx'
import { useCallsOf } from './calls.ts'
import type { People } from './people.ts'
import type { Call, Opportunity } from './rows.ts'
import { LEAD_TEXTS } from './texts.ts'
import classes from './timeline.module.css'

type Attempts = Opportunity['first_call_attempts']

/** A call, or an attempt whose call an older system has (B7). */
type Item = { id: string; at: string } & ({ call: Call } | { call: null; number: number; attempt: Attempts[string] })

interface TimelineProps {
  opportunity: Opportunity
  canChange: boolean
  people: People
  /** Where the lead is; null where that is not known. */
  zone: string | null
  /** The call that is looked for; null for none. */
  chosen: string | null
  onNewCall: () => void
}

/** Every call, newest first, each with why it counted or did not. */
export function Timeline({ opportunity, canChange, people, zone, chosen, onNewCall }: TimelineProps) {
  const t = useTexts(LEAD_TEXTS)
  const { language } = useLanguage()
  const calls = useCallsOf(opportunity)
  const { hasNextPage, isFetching, fetchNextPage } = calls
  const known = useMemo(() => calls.data?.pages.flatMap((page) => page.calls) ?? [], [calls.data])
  const items = useMemo(
    () => itemsOf(known, opportunity.first_call_attempts, hasNextPage),
    [known, opportunity.first_call_attempts, hasNextPage],
  )
  const isThere = chosen === null || items.some(({ id }) => id === chosen)
  useEffect(() => {
    if (!isThere && hasNextPage && !isFetching) void fetchNextPage()
  }, [isThere, hasNextPage, isFetching, fetchNextPage])

  let day = ''
  return (
    <section aria-labelledby="timeline">
      <Title order={2} size="h4" id="timeline" mb="xs">
        {t.timeline}
      </Title>
      {calls.isError && <Fault error={calls.error} onRetry={() => void calls.refetch()} />}
      {calls.isPending && (
        <Stack gap="sm" aria-busy="true" className="late">
          <Skeleton h={110} />
          <Skeleton h={110} />
        </Stack>
      )}
      {!isThere && !hasNextPage && !isFetching && (
        <Alert color="gray" mb="sm" role="status">
          {t.notAmong}
        </Alert>
      )}
      {calls.isSuccess && items.length === 0 && (
        <Stack gap="xs" align="start" py="sm">
          <Text>{t.noCalls}</Text>
          {canChange && (
            <Button variant="light" onClick={onNewCall}>
              + {t.newCall}
            </Button>
          )}
          <Text size="sm" c="dimmed">
            {t.noCallsMore}
          </Text>
        </Stack>
      )}
      <div className={classes.items}>
        {items.map((item) => {
          const itsDay = dayWords(item.at, language, t)
          const isNewDay = itsDay !== day
          day = itsDay
          return (
            <div key={item.id}>
              {isNewDay && <div className={classes.day}>{itsDay}</div>}
              {item.call === null ? (
                <ForeignItem number={item.number} attempt={item.attempt} zone={zone} isChosen={item.id === chosen} />
              ) : (
                <CallItem
                  call={item.call}
                  opportunity={opportunity}
                  canChange={canChange}
                  people={people}
                  zone={zone}
                  isChosen={item.id === chosen}
                />
              )}
            </div>
          )
        })}
      </div>
      {hasNextPage && (
        <Button variant="default" mt="sm" loading={calls.isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t.older}
        </Button>
      )}
    </section>
  )
}

/** With the attempts that no call of ours is, as far back as calls are known. */
function itemsOf(calls: readonly Call[], attempts: Attempts, hasMore: boolean): Item[] {
  const ids = new Set(calls.map(({ id }) => id))
  const oldest = calls.at(-1)
  const since = !hasMore || oldest === undefined ? Number.NEGATIVE_INFINITY : Date.parse(happenedAt(oldest))
  const foreign = Object.entries(attempts).flatMap(([number, attempt]): Item[] =>
    ids.has(attempt.call_id) || Date.parse(attempt.attempted_at) < since
      ? []
      : [{ id: attempt.call_id, at: attempt.attempted_at, call: null, number: Number(number), attempt }],
  )
  const own = calls.map((call): Item => ({ id: call.id, at: happenedAt(call), call }))
  if (foreign.length === 0) return own
  return [...own, ...foreign].sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
}

const DAY_MS = 86_400_000

function dayWords(at: string, language: Language, t: { today: string; yesterday: string }): string {
  const dayOf = (moment: Date): string => moment.toDateString()
  const moment = new Date(at)
  if (dayOf(moment) === dayOf(new Date())) return t.today
  if (dayOf(moment) === dayOf(new Date(Date.now() - DAY_MS))) return t.yesterday
  return new Intl.DateTimeFormat(language, { dateStyle: 'full' }).format(moment)
}

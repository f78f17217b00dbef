import { Paper, Text, Title } from '@mantine/core'
import { Link } from 'wouter'
import { formatLongAge, useNow } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import classes from './coverage.module.css'
import type { Period } from './period.ts'
import type { Coverage } from './queries.ts'
import { COVERAGE_TEXTS } from './texts.ts'

const REASONS = ['limit_reached', 'first_call_completed', 'no_open_opportunity', 'unknown_contact'] as const

/** The calls behind a figure. */
const callsOf = (filter: Record<string, string>, { from, to }: Period): string =>
  `/calls?${new URLSearchParams({ ...filter, started_from: from, started_to: to })}`

/** What became of the calls; each figure opens those behind it. */
export function Figures({ coverage, period }: { coverage: Coverage; period: Period }) {
  const t = useTexts(COVERAGE_TEXTS)
  const { language } = useLanguage()
  const now = useNow()
  const { eligible, registered, pending, oldest_pending_at, contradictions, turned_away } = coverage
  const since = oldest_pending_at === null ? null : formatLongAge(oldest_pending_at, language, now)
  return (
    <>
      <Paper withBorder p="md" component="section" aria-labelledby="figures">
        <Title order={2} size="h4" mb="xs" id="figures">
          {t.figures}
        </Title>
        <ul className={classes.figures}>
          <Figure
            count={eligible}
            label={t.eligible}
            more={t.eligibleMore}
            href={callsOf({ direction: 'outbound' }, period)}
          />
          <Figure
            count={registered}
            label={t.registered}
            more={t.registeredMore}
            href={callsOf({ outcome: 'registered' }, period)}
          />
          <Figure
            count={pending}
            label={t.pending}
            more={since === null ? t.pendingMore : t.pendingSince(since)}
            href={callsOf({ outcome: 'pending' }, period)}
            needsLook={pending > 0}
          />
          <Figure
            count={contradictions}
            label={t.contradictions}
            more={t.contradictionsMore}
            href="#contradictions"
            needsLook={contradictions > 0}
          />
        </ul>
      </Paper>
      <Paper withBorder p="md" component="section" aria-labelledby="turned-away">
        <Title order={2} size="h4" id="turned-away">
          {t.turnedAway}
        </Title>
        <Text size="sm" c="dimmed" mb="xs">
          {t.turnedAwayMore}
        </Text>
        <ul className={classes.figures}>
          {REASONS.map((reason) => (
            <Figure
              key={reason}
              count={turned_away[reason]}
              label={t[reason]}
              more={t[`${reason}More`]}
              href={callsOf({ outcome: reason }, period)}
            />
          ))}
        </ul>
      </Paper>
    </>
  )
}

interface FigureProps {
  count: number
  label: string
  more: string
  href: string
  needsLook?: boolean
}

/** With nothing behind it, it leads nowhere. */
function Figure({ count, label, more, href, needsLook = false }: FigureProps) {
  const { language } = useLanguage()
  const inside = (
    <>
      <span className={classes.count}>{new Intl.NumberFormat(language).format(count)}</span>
      <span className={classes.label}>{label}</span>
      <span className={classes.more}>{more}</span>
    </>
  )
  const kind = needsLook ? 'attention' : 'plain'
  const className = classes.figure ?? ''
  return (
    <li>
      {count === 0 ? (
        <div className={className} data-kind={kind}>
          {inside}
        </div>
      ) : href.startsWith('#') ? (
        <a className={className} data-kind={kind} href={href}>
          {inside}
        </a>
      ) : (
        <Link className={className} data-kind={kind} href={href}>
          {inside}
        </Link>
      )}
    </li>
  )
}

import { Anchor, Group, Paper, Skeleton, Text, Title } from '@mantine/core'
import { Link } from 'wouter'
import { Fault } from '../parts/fault.tsx'
import { type ServiceState, useServiceState } from '../parts/service-state.ts'
import { Sign, type SignKind } from '../parts/sign.tsx'
import { formatLongAge, useNow } from '../parts/time.tsx'
import { type Language, useLanguage, useTexts } from '../texts/language.ts'
import classes from './coverage.module.css'
import { COVERAGE_TEXTS } from './texts.ts'

/** How PBX, mailbox and inbox are, a sentence each. */
export function Doors({ canSetUp }: { canSetUp: boolean }) {
  const t = useTexts(COVERAGE_TEXTS)
  const { language } = useLanguage()
  const state = useServiceState()
  const now = useNow()
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="doors">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4" id="doors">
          {t.doors}
        </Title>
        {canSetUp && (
          <Anchor component={Link} href="/settings/system" size="sm">
            {t.settings}
          </Anchor>
        )}
      </Group>
      {state.isError && <Fault error={state.error} onRetry={() => void state.refetch()} />}
      {state.isPending && <Skeleton h={120} className="late" />}
      {state.data !== undefined && (
        <ul className={classes.doors}>
          {wordsOf(state.data, language, now).map(({ kind, words }) => (
            <li key={words} className={classes.door}>
              <Sign kind={kind} />
              <Text size="sm">{words}</Text>
            </li>
          ))}
        </ul>
      )}
    </Paper>
  )
}

interface Sentence {
  kind: SignKind
  words: string
}

const HOUR_MS = 3_600_000
const FEW_DAYS_MS = 72 * HOUR_MS
/** What waits so long does not wait because of what came at once with it. */
const LONG_MS = 300_000

/** A sentence of each door, with how it is. */
function wordsOf(state: ServiceState, language: Language, now: number): Sentence[] {
  const t = COVERAGE_TEXTS[language]
  const { pbx, mailbox, inbox, recordings } = state
  const age = (moment: string): string => formatLongAge(moment, language, now)
  const isOlder = (moment: string | null, ms: number): boolean => moment !== null && now - Date.parse(moment) > ms
  const both = (...words: (string | null)[]): string => words.filter((one) => one !== null).join(' ')
  const told = pbx.last_notification_at
  const reconciled = pbx.last_reconciled_at
  const pbxIs = isOlder(told, FEW_DAYS_MS) || told === null || isOlder(reconciled, HOUR_MS) ? 'attention' : 'good'
  const came = mailbox.last_message_at === null ? null : t.mailCame(age(mailbox.last_message_at))
  const waitsSince = inbox.oldest_waiting_at
  return [
    pbx.configured
      ? {
          kind: pbxIs,
          words: both(
            told === null ? t.silentPbx : t.pbxTold(age(told)),
            reconciled === null ? null : t.pbxReconciled(age(reconciled)),
          ),
        }
      : { kind: 'none', words: both(t.noPbx, told === null ? null : t.pbxTold(age(told))) },
    mailbox.configured
      ? { kind: mailbox.fault === null ? 'good' : 'bad', words: both(mailboxWords(state, t, age), came) }
      : { kind: 'none', words: both(t.noMailbox, came) },
    {
      kind: waitsSince === null ? 'good' : isOlder(waitsSince, LONG_MS) ? 'bad' : 'attention',
      words: both(
        waitsSince === null ? t.inboxEmpty : t.inboxWaits(inbox.waiting, age(waitsSince)),
        inbox.set_aside === 0 ? null : t.setAside(inbox.set_aside),
      ),
    },
    {
      kind: recordings.missing > 0 ? 'attention' : 'good',
      words: both(
        recordings.expected === 0 ? null : t.recordingsExpected(recordings.expected),
        recordings.missing === 0
          ? recordings.expected === 0
            ? t.recordingsThere
            : null
          : t.recordingsMissing(recordings.missing),
      ),
    },
  ]
}

function mailboxWords(
  { mailbox: { fault, last_read_at: readAt } }: ServiceState,
  t: (typeof COVERAGE_TEXTS)['en'],
  age: (moment: string) => string,
): string {
  if (fault === 'never_read' || readAt === null) return t.never_read
  return fault === 'not_read_any_more' ? t.not_read_any_more(age(readAt)) : t.mailboxRead(age(readAt))
}

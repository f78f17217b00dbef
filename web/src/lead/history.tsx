import { Button, Group, Text, Title } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { answered, api } from '../api/client.ts'
import type { components } from '../api/schema.d.ts'
import { Fault } from '../parts/fault.tsx'
import { formatMoment } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { changeWords } from './history-words.ts'
import type { People } from './people.ts'
import { LEAD_TEXTS } from './texts.ts'
import classes from './timeline.module.css'

type Entry = components['schemas']['AuditEntry'] &
  Partial<Pick<components['schemas']['OpportunityHistoryEntry'], 'renumbered'>>

interface HistoryProps {
  opportunityId: string
  people: People
  isShown: boolean
  onToggle: () => void
}

/** Who changed the opportunity, and what; asked only when it is wanted. */
export function History({ opportunityId: id, people, isShown, onToggle }: HistoryProps) {
  const t = useTexts(LEAD_TEXTS)
  const history = useInfiniteQuery({
    queryKey: ['history', 'opportunity', id],
    enabled: isShown,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const query = { limit: 30, ...(pageParam === null ? {} : { cursor: pageParam }) }
      return answered(api.GET('/api/crm/opportunities/{id}/history', { params: { path: { id }, query } }))
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })
  const entries = history.data?.pages.flatMap(({ data }) => data) ?? []
  return (
    <section aria-labelledby="history">
      <Group gap="sm">
        <Title order={2} size="h4" id="history">
          {t.history}
        </Title>
        <Button variant="subtle" size="compact-sm" onClick={onToggle} aria-expanded={isShown}>
          {isShown ? t.hideHistory : t.showHistory}
        </Button>
      </Group>
      {isShown && history.isError && <Fault error={history.error} onRetry={() => void history.refetch()} />}
      {isShown && history.isSuccess && (
        <>
          {entries.length === 0 && (
            <Text size="sm" c="dimmed">
              {t.noHistory}
            </Text>
          )}
          <Entries entries={entries} people={people} />
          {history.hasNextPage && (
            <Button
              mt="xs"
              size="compact-sm"
              variant="default"
              loading={history.isFetchingNextPage}
              onClick={() => void history.fetchNextPage()}
            >
              {t.olderHistory}
            </Button>
          )}
        </>
      )}
    </section>
  )
}

/** Changes in words, each with when it was. */
export function Entries({ entries, people }: { entries: readonly Entry[]; people: People }) {
  const { language } = useLanguage()
  const reader = {
    language,
    nameOf: people.nameOf,
    formatMoment: (moment: string) => formatMoment(moment, language),
  }
  return (
    <ul className={classes.entries}>
      {entries.map((entry) => (
        <li key={entry.id}>
          <Text component="time" size="sm" c="dimmed" dateTime={entry.at}>
            {formatMoment(entry.at, language)}
          </Text>
          <div>
            {changeWords(entry as Parameters<typeof changeWords>[0], reader).map((sentence) => (
              <div key={sentence} dir="auto">
                {sentence}
              </div>
            ))}
          </div>
        </li>
      ))}
    </ul>
  )
}
